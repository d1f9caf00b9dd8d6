/** A ledger in memory that keeps the port's promises but durability; passes test/contract/ledger beside the real one. */
import {
  type AvailabilityFacts,
  type AvailabilityQuery,
  byBeginning,
  endpointsOf,
  plannedFor,
  ROUND_TRIP_BEFORE_MS,
  type RoundTrip,
  type Served,
} from '../../src/domain/availability/facts.ts';
import { isAnswered, recordAsOf, roundTripOf, servedBy } from '../../src/domain/availability/round-trip.ts';
import { isProven, type Run } from '../../src/domain/availability/run.ts';
import { applyChange } from '../../src/domain/availability/run-fold.ts';
import { encodeEvent } from '../../src/domain/codec.ts';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { pointOf, type SeriesQuery, thinOut } from '../../src/domain/delay/delay-series.ts';
import {
  exclusionsFor,
  exclusionsOf,
  type MonthFacts,
  type MonthQuery,
  monthInstantMs,
} from '../../src/domain/delay/month-facts.ts';
import { ENDPOINTS, ENTRY, type Endpoint } from '../../src/domain/endpoint.ts';
import type { LedgerEntry, LedgerEvent, RareType } from '../../src/domain/event.ts';
import { chainHash, GENESIS } from '../../src/domain/evidence/chain.ts';
import { checkpointOf } from '../../src/domain/evidence/checkpoint.ts';
import type { KeptHeader } from '../../src/domain/kept-header.ts';
import { PATHS, type Path } from '../../src/domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../../src/domain/record.ts';
import { type Closing, closingOf } from '../../src/domain/report/closing.ts';
import {
  type ExclusionChange,
  type ExclusionPreview,
  previewExclusion,
} from '../../src/domain/report/exclusion-preview.ts';
import { type FactSource, type Judgement, judgeProvider } from '../../src/domain/report/judge.ts';
import type { Matter } from '../../src/domain/report/report.ts';
import { type Standing, summariseReport } from '../../src/domain/report/standing.ts';
import { dayOf, type PlannedCount } from '../../src/domain/sending-limit.ts';
import type { DelaySeries } from '../../src/domain/status-view.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { emptyTimeline, foldEvent, restoreTimeline, storeTimeline, type Tally } from '../../src/domain/timeline.ts';
import type { Bookmark, LateQuery, Ledger, LedgerSnapshot, RewoundQuery } from '../../src/ports.ts';

export class MemoryLedger implements Ledger, FactSource {
  readonly entries: LedgerEntry[] = [];
  /** While set, every write is refused with it. */
  failure: Error | null = null;
  #state = emptyTimeline();
  readonly #records = new Map<string, ProbeRecord>();
  readonly #runs = new Map<string, readonly Run[]>();
  readonly #unmeasured = new Map<string, Tally>();
  readonly #bookmarks = new Map<string, ReadonlyMap<string, Bookmark>>();
  #heartbeat: Instant | null = null;

  #isClosed = false;

  async snapshot(): Promise<LedgerSnapshot> {
    this.#mustBeOpen();
    return this.#snapshot();
  }

  #snapshot(): LedgerSnapshot {
    const state = restoreTimeline(storeTimeline(this.#state), this.#state.open.values());
    const last = this.entries.at(-1);
    return {
      state,
      tallies: this.#tallies(),
      heartbeat: this.#heartbeat,
      head: { seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS },
    };
  }

  async append(events: readonly LedgerEvent[]): Promise<readonly LedgerEntry[]> {
    return this.#append(events);
  }

  #append(events: readonly LedgerEvent[]): readonly LedgerEntry[] {
    this.#mustTake();
    // All before the first is taken: one that cannot be encoded fails the whole batch.
    const texts = events.map(encodeEvent);
    return events.map((event, index) => {
      const previous = this.entries.at(-1)?.hash ?? GENESIS;
      const entry = { seq: this.entries.length + 1, event, hash: chainHash(previous, texts[index] ?? '') };
      this.entries.push(entry);
      const { changed, runs } = foldEvent(this.#state, event, (id) => this.#records.get(id) ?? null);
      for (const record of changed) this.#records.set(record.id, record);
      for (const change of runs) {
        const key = `${change.endpoint} ${change.provider}`;
        this.#runs.set(key, applyChange(this.#runs.get(key) ?? [], change));
      }
      if (event.type === 'slot.unmeasured') this.#countUnmeasured(event);
      return entry;
    });
  }

  async checkpoint(at: Instant): Promise<LedgerEntry> {
    const [entry] = this.#append([checkpointOf(this.#state, at)]);
    if (entry === undefined) throw new Error('an append of one event must give one entry');
    return entry;
  }

  async beat(at: Instant): Promise<void> {
    this.#mustTake();
    this.#heartbeat = at;
  }

  async bookmarks(mailbox: string): Promise<ReadonlyMap<string, Bookmark>> {
    this.#mustBeOpen();
    return new Map(this.#bookmarks.get(mailbox) ?? []);
  }

  async keepBookmarks(mailbox: string, bookmarks: ReadonlyMap<string, Bookmark>): Promise<void> {
    this.#mustTake();
    this.#bookmarks.set(mailbox, new Map(bookmarks));
  }

  async probe(id: string): Promise<ProbeRecord | null> {
    this.#mustBeOpen();
    return this.#records.get(id) ?? null;
  }

  async header(probe: string): Promise<KeptHeader | null> {
    this.#mustBeOpen();
    for (const { event } of this.entries) {
      const isCapture = event.type === 'transfer.captured' || event.type === 'message.seen';
      if (isCapture && event.probe === probe && event.keptHeader !== undefined) return event.keptHeader;
    }
    return null;
  }

  async recent(limit: number): Promise<readonly ProbeRecord[]> {
    this.#mustBeOpen();
    return [...this.#records.values()].toReversed().slice(0, limit);
  }

  async plannedSince(wallMs: number): Promise<readonly PlannedCount[]> {
    this.#mustBeOpen();
    const counts = new Map<string, PlannedCount>();
    for (const { planned, kind } of this.#records.values()) {
      const day = dayOf(planned.wallMs);
      const key = `${day} ${kind}`;
      if (day >= dayOf(wallMs)) counts.set(key, { day, kind, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  async marked(types: readonly RareType[], afterSeq = 0): Promise<readonly LedgerEntry[]> {
    this.#mustBeOpen();
    return this.entries.filter(({ seq, event }) => seq > afterSeq && types.some((type) => type === event.type));
  }

  async judge(matter: Matter): Promise<Judgement> {
    this.#mustBeOpen();
    return judgeProvider(matter, this);
  }

  async standing(matter: Matter): Promise<Standing> {
    this.#mustBeOpen();
    const { report } = judgeProvider(matter, this);
    return { clauses: summariseReport(report), head: this.#snapshot().head };
  }

  async preview(matter: Matter, change: ExclusionChange): Promise<ExclusionPreview> {
    this.#mustBeOpen();
    return previewExclusion(matter, this, change);
  }

  async delays(query: SeriesQuery): Promise<DelaySeries> {
    this.#mustBeOpen();
    const { provider, path, fromMs, toMs } = query;
    const points = [...this.#records.values()]
      .filter((record) => record.provider === provider && record.path === path && record.kind === 'scheduled')
      .map((record) => pointOf(record, this.#state.absence))
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .sort((one, other) => one.atMs - other.atMs);
    return thinOut(points, query);
  }

  async closing(matter: Matter): Promise<Closing> {
    this.#mustBeOpen();
    return closingOf(judgeProvider(matter, this), this.#snapshot().head);
  }

  async lateProbes({ provider, fromMs, toMs, afterSeq }: LateQuery): Promise<number> {
    this.#mustBeOpen();
    const named = this.entries
      .slice(afterSeq)
      .map(({ event }) => this.#records.get('probe' in event ? (event.probe ?? '') : ''));
    const late = named.filter((record) => {
      const ms = record?.provider === provider ? monthInstantMs(record) : Number.NaN;
      return ms >= fromMs && ms < toMs;
    });
    return new Set(late).size;
  }

  async rewound({ fromMs, toMs, afterSeq }: RewoundQuery): Promise<number> {
    this.#mustBeOpen();
    const late = this.entries.slice(afterSeq).map(({ event }) => event.at.wallMs);
    return late.filter((ms) => ms >= fromMs && ms < toMs).length;
  }

  /** Nothing ever leaves it. */
  async archive(): Promise<null> {
    return null;
  }

  async firstMs(): Promise<number | null> {
    this.#mustBeOpen();
    return this.entries.length === 0 ? null : Math.min(...this.entries.map(({ event }) => event.at.wallMs));
  }

  availability(query: AvailabilityQuery): AvailabilityFacts {
    const { provider, fromMs, toMs } = query;
    const { state, head } = this.#snapshot();
    const missed = (endpoint: Endpoint): number =>
      this.events('check.unmeasured').filter(
        ({ at, ...check }) =>
          check.provider === provider && check.endpoint === endpoint && at.wallMs >= fromMs && at.wallMs < toMs,
      ).length;
    const runs = ENDPOINTS.flatMap((endpoint) => around(this.#runs.get(`${endpoint} ${provider}`) ?? [], query)).sort(
      byBeginning,
    );
    return {
      runs,
      roundTrips: PATHS.flatMap((path) => this.#roundTrips(query, path))
        .sort((one, other) => one.seq - other.seq)
        .map(({ trip }) => trip),
      served: PATHS.flatMap((path) => this.#served(query, path, runs)).sort((one, other) => one.ms - other.ms),
      unmeasured: { submission: missed('submission'), mx: missed('mx'), mailbox: missed('mailbox') },
      exclusions: exclusionsFor(state, provider),
      endpoints: endpointsOf(state, query),
      head,
    };
  }

  #served(query: AvailabilityQuery, path: Path, runs: readonly Run[]): readonly Served[] {
    const against = runs.filter((run) => isProven(run) && run.endpoint === ENTRY[path]).map(plannedFor);
    return [...this.#records.values()]
      .filter((record) => record.provider === query.provider && record.path === path)
      .filter(({ planned }) => against.some(({ fromMs, toMs }) => planned.wallMs >= fromMs && planned.wallMs < toMs))
      .flatMap((record) => servedBy(recordAsOf(record, query)));
  }

  #roundTrips(query: AvailabilityQuery, path: Path): readonly { readonly seq: number; readonly trip: RoundTrip }[] {
    const { provider, fromMs, toMs, finalMs } = query;
    const ofPath = [...this.#records.values()]
      .map((record, seq) => ({ record, seq }))
      .filter(({ record }) => record.provider === provider && record.path === path)
      .map(({ record, seq }) => ({
        outcome: outcomeOf(record),
        kind: record.kind,
        trip: roundTripOf(recordAsOf(record, query)),
        outcomeThen: outcomeOf(recordAsOf(record, query)),
        isAnsweredThen: isAnswered(recordAsOf(record, query)),
        seq,
      }));
    const wall = ({ trip }: (typeof ofPath)[number]): number => trip.planned.wallMs;
    const isGood = ({ trip }: (typeof ofPath)[number]): boolean => trip.delivered === true;
    const isBad = ({ trip }: (typeof ofPath)[number]): boolean => trip.delivered === false;
    const scheduled = ofPath
      .filter(({ kind }) => kind === 'scheduled')
      .toSorted((one, other) => wall(one) - wall(other));
    const ended = scheduled.filter(({ outcome }) => outcome === 'delivered');
    const sinceMs = fromMs - ROUND_TRIP_BEFORE_MS;
    const untilMs =
      ended
        .filter(isGood)
        .map(wall)
        .find((ms) => ms >= toMs) ?? finalMs;
    const isInTime = (each: (typeof ofPath)[number]): boolean => wall(each) >= sinceMs && wall(each) < untilMs;
    const goodMs =
      ended
        .filter(isGood)
        .map(wall)
        .findLast((ms) => ms < sinceMs) ?? Number.NEGATIVE_INFINITY;
    const last = scheduled.findLast((each) => isBad(each) && wall(each) < sinceMs && wall(each) >= goodMs);
    const isOpen = (each: (typeof ofPath)[number]): boolean =>
      isBad(each) ||
      each.isAnsweredThen ||
      ['pending', 'failed', 'lost'].includes(each.outcome === 'unmeasured' ? each.outcomeThen : each.outcome);
    const open = scheduled.filter((each) => each === last || (isInTime(each) && isOpen(each)));
    const neighbours = open.filter(isBad).flatMap((failure) => {
      const before = ended.filter((each) => wall(each) < wall(failure)).toReversed();
      const after = ended.filter((each) => wall(each) >= wall(failure));
      return [before, after].flatMap((list) => list.slice(0, list.findIndex(isGood) + 1 || list.length));
    });
    const bySeq = [...new Set([...open, ...neighbours])].toSorted((one, other) => one.seq - other.seq);
    const between = bySeq.flatMap((other, index) => {
      const one = bySeq[index - 1];
      if (one?.trip.byProvider !== true || !other.trip.byProvider) return [];
      const passed = ofPath
        .slice(ofPath.indexOf(one) + 1, ofPath.indexOf(other))
        .filter(({ kind, outcome }) => kind === 'scheduled' && outcome === 'delivered');
      return passed.slice(0, passed.findIndex(isGood) + 1 || passed.length);
    });
    const spots = ofPath.filter(
      ({ kind, outcomeThen }) => kind === 'spot' && ['delivered', 'pending'].includes(outcomeThen),
    );
    return [...new Set([...open, ...neighbours, ...between, ...(open.length > 0 ? spots.filter(isInTime) : [])])];
  }

  month({ provider, path, fromMs, toMs }: MonthQuery): MonthFacts {
    const belongs = (route: { provider: string; path: string }, ms: number): boolean =>
      route.provider === provider && route.path === path && ms >= fromMs && ms < toMs;
    const { state, head } = this.#snapshot();
    return {
      records: [...this.#records.values()]
        .filter((record) => belongs(record, monthInstantMs(record)))
        .sort((one, other) => monthInstantMs(one) - monthInstantMs(other)),
      unmeasured: this.events('slot.unmeasured').filter((slot) => belongs(slot, slot.at.wallMs)).length,
      exclusions: exclusionsOf(state, { provider, path }),
      absence: state.absence,
      head,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new Error('the ledger in memory is closed');
  }

  #mustTake(): void {
    this.#mustBeOpen();
    if (this.failure !== null) throw this.failure;
  }

  /** Every probe ever planned, as of the last entry. */
  get records(): ReadonlyMap<string, ProbeRecord> {
    return this.#records;
  }

  get absence(): LedgerSnapshot['state']['absence'] {
    return this.#state.absence;
  }

  /** What the events of one type say, in order. */
  events<T extends LedgerEvent['type']>(type: T): Extract<LedgerEvent, { type: T }>[] {
    return this.entries
      .map(({ event }) => event)
      .filter((event): event is Extract<LedgerEvent, { type: T }> => event.type === type);
  }

  #countUnmeasured({ provider, path }: Extract<LedgerEvent, { type: 'slot.unmeasured' }>): void {
    const key = `${provider} ${path}`;
    const before = this.#unmeasured.get(key) ?? { provider, path, outcome: 'unmeasured', count: 0, breaches: 0 };
    this.#unmeasured.set(key, { ...before, count: before.count + 1 });
  }

  #tallies(): readonly Tally[] {
    const tallies = new Map(
      [...this.#unmeasured.values()].map((tally) => [`${tally.provider} ${tally.path} unmeasured`, tally]),
    );
    for (const record of this.#records.values()) {
      const outcome = outcomeOf(record);
      if (record.kind !== 'scheduled') continue;
      const { provider, path } = record;
      const key = `${provider} ${path} ${outcome}`;
      const before = tallies.get(key) ?? { provider, path, outcome, count: 0, breaches: 0 };
      const breach = exceedsMaximum(record, this.#state.absence) ? 1 : 0;
      tallies.set(key, { ...before, count: before.count + 1, breaches: before.breaches + breach });
    }
    return [...tallies.values()];
  }
}

/** Those that touch the range, with the one before and the one after them. */
function around(runs: readonly Run[], { fromMs, toMs }: AvailabilityQuery): readonly Run[] {
  const before = runs.findLast((run) => run.toMs < fromMs);
  const after = runs.find((run) => run.fromMs >= toMs);
  return runs.filter((run) => run === before || run === after || (run.toMs >= fromMs && run.fromMs < toMs));
}
