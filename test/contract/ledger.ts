/** What every Ledger must keep, but durability. */
import { expect, it } from 'vitest';
import { encodeEvent } from '../../src/domain/codec.ts';
import type { LedgerEntry, LedgerEvent } from '../../src/domain/event.ts';
import { chainHash, GENESIS } from '../../src/domain/evidence/chain.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { summariseReport } from '../../src/domain/report/standing.ts';
import { dayOf } from '../../src/domain/sending-limit.ts';
import { emptyTimeline, foldEvent, storeTimeline, type TimelineState } from '../../src/domain/timeline.ts';
import type { Bookmark, Ledger } from '../../src/ports.ts';
import { at, captured, checked, delivered, factsOf, handedOver, planned } from '../adapters/sqlite/support.ts';
import { CONTRACT } from '../fakes/contract.ts';

/** One of each thing that stands in the state: open and closed probes, absence, a closed sink, doubt, an early attempt. */
function history(): LedgerEvent[] {
  const { earliest, latest, peer, steps } = captured('a', 90) as Extract<LedgerEvent, { type: 'transfer.captured' }>;
  return [
    { type: 'agent.started', at: at(0), version: '1', unwatchedSince: null },
    { type: 'sink.opened', at: at(0), address: '127.0.0.1:25' },
    ...delivered('delivered', 1),
    ...delivered('spotted', 20).map((event) =>
      event.type === 'probe.planned' ? { ...event, kind: 'spot' as const } : event,
    ),
    planned('failed', 30),
    { type: 'probe.handed-over', at: at(31), probe: 'failed', handover: refused },
    planned('missing', 40),
    handedOver('missing', 42),
    planned('tried', 50),
    handedOver('tried', 52),
    {
      ...{ type: 'transfer.attempted', at: at(91), probe: 'tried', provider: null, recipients: [], code: 0 },
      earliest,
      latest,
      peer,
      steps,
    },
    { type: 'slot.unmeasured', at: at(95), provider: 'acme', path: 'send', reason: 'too many handovers under way' },
    { type: 'absence.proven', at: at(4000), channel: 'sink', until: at(3999) },
    { type: 'absence.proven', at: at(4000), channel: 'mailbox:acme', until: at(3999) },
    { type: 'agent.started', at: at(5000), version: '1', unwatchedSince: at(4500) },
    { type: 'probe.duplicated', at: at(5001), probe: 'delivered', where: 'sink 192.0.2.9:25' },
    planned('doubted', 5002),
    ...[5010, 5070, 5130, 5190, 5250, 5310].map((seconds) => checked(seconds)),
    checked(5315, { result: unreachable, control: 'healthy' }),
    { type: 'check.unmeasured', at: at(5400), provider: 'acme', endpoint: 'mx', reason: 'too late' },
  ];
}

const refused = {
  kind: 'refused',
  stage: 'rcpt',
  code: 550,
  enhanced: '5.1.1',
  text: 'no such user',
  stages: [],
  peer: '192.0.2.7:25',
  certificateExpiresMs: null,
} as const;

const EXCLUSION: Exclusion = {
  ...{ id: 'a'.repeat(16), kind: 'agreed-maintenance', provider: 'acme', path: null },
  ...{ fromMs: at(0).wallMs, toMs: at(7000).wallMs, by: 'Li Wei', evidence: '', note: '' },
};

const unreachable = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: 'refused' } as const;

/** Plain data that no ledger can keep. */
const unencodable = { ...planned('odd', 1), sender: 1n } as unknown as LedgerEvent;

function folded(events: readonly LedgerEvent[]): { state: TimelineState; records: ReadonlyMap<string, ProbeRecord> } {
  const state = emptyTimeline();
  const records = new Map<string, ProbeRecord>();
  for (const event of events)
    for (const record of foldEvent(state, event, (id) => records.get(id) ?? null).changed)
      records.set(record.id, record);
  return { state, records };
}

const plain = (state: TimelineState) => ({ ...storeTimeline(state), open: [...state.open] });

function expectChain(entries: readonly LedgerEntry[]): void {
  let previous = GENESIS;
  for (const [index, { seq, event, hash }] of entries.entries()) {
    expect(seq).toBe(index + 1);
    expect(hash).toBe(chainHash(previous, encodeEvent(event)));
    previous = hash;
  }
}

/** `make` opens an empty ledger, and sees to it that it is closed. */
export function describeLedger(make: () => Promise<Ledger>): void {
  it('begins empty', async () => {
    const ledger = await make();
    const { state, tallies, heartbeat, head } = await ledger.snapshot();
    expect(plain(state)).toEqual(plain(emptyTimeline()));
    expect({ tallies, heartbeat, head }).toEqual({ tallies: [], heartbeat: null, head: { seq: 0, hash: GENESIS } });
    expect(await ledger.recent(10)).toEqual([]);
  });

  it('numbers entries without a hole and chains each to the one before', async () => {
    const ledger = await make();
    const entries: LedgerEntry[] = [];
    for (const event of history()) entries.push(...(await ledger.append([event])));
    entries.push(...(await ledger.append(delivered('more', 6000))));
    expect(entries.map(({ event }) => event)).toEqual([...history(), ...delivered('more', 6000)]);
    expectChain(entries);
    const { seq, hash } = entries.at(-1)!;
    expect((await ledger.snapshot()).head).toEqual({ seq, hash });
  });

  it('takes nothing from an empty batch', async () => {
    const ledger = await make();
    expect(await ledger.append([])).toEqual([]);
    expect((await ledger.snapshot()).head.seq).toBe(0);
  });

  it('takes all events of a batch or none', async () => {
    const ledger = await make();
    await ledger.append([planned('first', 1)]);
    await expect(ledger.append([planned('second', 2), unencodable])).rejects.toThrow('BigInt');
    expect(await ledger.probe('second')).toBeNull();
    const [next] = await ledger.append([planned('third', 3)]);
    expect(next).toMatchObject({ seq: 2 });
  });

  it('keeps the order of the calls, whoever waits for them, one that fails among them', async () => {
    const ledger = await make();
    const calls = Array.from({ length: 30 }, (_, index) =>
      index === 7 ? ledger.append([unencodable]) : ledger.append(delivered(`probe-${index}`, index * 20)),
    );
    const settled = await Promise.allSettled(calls);
    expect(settled.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
    const entries = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    expectChain(entries);
    expect(entries.map(({ event }) => event)).toEqual(
      Array.from({ length: 30 }, (_, index) => (index === 7 ? [] : delivered(`probe-${index}`, index * 20))).flat(),
    );
  });

  it('answers as of the calls before, also those that have not resolved yet', async () => {
    const ledger = await make();
    void ledger.append([planned('early', 1)]);
    void ledger.beat(at(2));
    const [snapshot, record, recent] = await Promise.all([ledger.snapshot(), ledger.probe('early'), ledger.recent(1)]);
    expect(snapshot.head.seq).toBe(1);
    expect(snapshot.heartbeat).toEqual(at(2));
    expect(record?.id).toBe('early');
    expect(recent.map(({ id }) => id)).toEqual(['early']);
  });

  it.each([
    ['one by one', (events: readonly LedgerEvent[]) => events.map((event) => [event])],
    ['all at once', (events: readonly LedgerEvent[]) => [events]],
  ])('shows the state that folding the events gives, taken %s', async (_, batches) => {
    const ledger = await make();
    for (const batch of batches(history())) await ledger.append(batch);
    const { state, records } = folded(history());
    expect(plain((await ledger.snapshot()).state)).toEqual(plain(state));
    for (const [id, record] of records) expect(await ledger.probe(id)).toEqual(record);
  });

  it('tallies scheduled probes and empty slots by outcome, breaches apart', async () => {
    const ledger = await make();
    await ledger.append(history());
    const { tallies } = await ledger.snapshot();
    const tally = (outcome: string, count: number, breaches: number) => ({
      provider: 'acme',
      path: 'send',
      outcome,
      count,
      breaches,
    });
    expect(tallies.toSorted((a, b) => (a.outcome < b.outcome ? -1 : 1))).toEqual([
      tally('delivered', 1, 0),
      tally('failed', 1, 0),
      tally('pending', 3, 1),
      tally('unmeasured', 1, 0),
    ]);
  });

  it('finds a probe by its id, open or closed, with what came to be known late', async () => {
    const ledger = await make();
    await ledger.append(history());
    expect(await ledger.probe('missing')).toMatchObject({ id: 'missing', capture: null });
    expect(await ledger.probe('delivered')).toMatchObject({ duplicates: ['sink 192.0.2.9:25'] });
    expect(await ledger.probe('nobody')).toBeNull();
  });

  it('gives the header that the capture of a probe kept, to the byte, of the first copy alone', async () => {
    const ledger = await make();
    const kept = { text: 'Subject: \u0000\u00e9 "</script>\r\n\t\u2028\r\n', cut: true };
    const withHeader = (event: LedgerEvent, keptHeader: typeof kept) => ({ ...event, keptHeader }) as LedgerEvent;
    await ledger.append([
      ...history(),
      withHeader(captured('tried', 5400), kept),
      withHeader(captured('tried', 5500), { text: 'another', cut: false }),
      ...delivered('plain', 5600),
    ]);
    expect(await ledger.header('tried')).toEqual(kept);
    for (const none of ['plain', 'missing', 'nobody']) expect(await ledger.header(none)).toBeNull();
    expect(JSON.stringify(await ledger.probe('tried'))).not.toContain('script');
    expect(JSON.stringify([...(await ledger.snapshot()).state.open.values()])).not.toContain('script');
  });

  it('lists the last planned probes, newest first, whatever happened to them since', async () => {
    const ledger = await make();
    await ledger.append(history());
    const order = ['doubted', 'tried', 'missing', 'failed', 'spotted', 'delivered'];
    expect((await ledger.recent(100)).map(({ id }) => id)).toEqual(order);
    expect((await ledger.recent(2)).map(({ id }) => id)).toEqual(order.slice(0, 2));
    expect(await ledger.recent(0)).toEqual([]);
  });

  it('counts what was planned in each day since one, by kind, open or not', async () => {
    const ledger = await make();
    const day = (after: number): number => dayOf(at(after * 86_400).wallMs);
    await ledger.append([
      ...history(),
      ...delivered('tomorrow', 86_400),
      { ...planned('asked', 86_500), kind: 'spot' },
      planned('later', 3 * 86_400),
    ]);
    const counts = async (after: number) =>
      [...(await ledger.plannedSince(at(after * 86_400).wallMs))].sort(
        (one, other) => one.day - other.day || one.kind.localeCompare(other.kind),
      );
    const rest = [
      { day: day(1), kind: 'scheduled', count: 1 },
      { day: day(1), kind: 'spot', count: 1 },
      { day: day(3), kind: 'scheduled', count: 1 },
    ];
    expect(await counts(0)).toEqual([
      { day: day(0), kind: 'scheduled', count: 5 },
      { day: day(0), kind: 'spot', count: 1 },
      ...rest,
    ]);
    expect(await counts(1)).toEqual(rest);
    expect(await counts(2)).toEqual(rest.slice(2));
    expect(await counts(4)).toEqual([]);
  });

  it('tells the delays of a route’s scheduled probes by when they were planned, thinned out', async () => {
    const ledger = await make();
    await ledger.append([...history(), ...delivered('after', 45)]);
    const range = { fromMs: at(1).wallMs, toMs: at(50).wallMs };
    const query = {
      provider: 'acme',
      path: 'send',
      ...range,
      points: 10,
      maximumSeconds: 3600,
      nowMs: at(6000).wallMs,
    } as const;
    const { buckets, fromMs, toMs } = await ledger.delays(query);
    expect({ fromMs, toMs }).toEqual(range);
    // No spot check, and nothing that was planned at the end.
    expect(buckets.map(({ probe }) => probe)).toEqual(['delivered', 'failed', 'missing', 'after']);
    expect(buckets).toMatchObject([
      { fromMs: at(1).wallMs, count: 1, highest: { lo: expect.closeTo(6, 1), hi: expect.closeTo(8, 1) } },
      { count: 1, failed: 1, highest: null },
      { count: 1, pending: 1, exceeded: 1, highest: { hi: null } },
      { fromMs: at(45).wallMs },
    ]);
    expect((await ledger.delays({ ...query, points: 1 })).buckets).toMatchObject([{ count: 4, probe: 'failed' }]);
    expect((await ledger.delays({ ...query, path: 'receive' })).buckets).toEqual([]);
    expect((await ledger.delays({ ...query, provider: 'other' })).buckets).toEqual([]);
  });

  it('previews an exclusion and keeps nothing of it', async () => {
    const ledger = await make();
    await ledger.append(history());
    const matter = { provider: 'acme', contract: CONTRACT, month: '2026-11', nowMs: at(8000).wallMs };
    const exclusion = EXCLUSION;
    const now = (await ledger.standing(matter)).clauses;
    const preview = await ledger.preview(matter, { kind: 'added', exclusion });
    expect(preview).toMatchObject({ month: '2026-11', now });
    expect(preview.then).not.toEqual(now);
    expect((await ledger.standing(matter)).clauses).toEqual(now);
    await ledger.append([{ type: 'exclusion.added', at: at(8000), exclusion }]);
    expect(summariseReport((await ledger.judge(matter)).report)).toEqual(preview.then);
  });

  it('keeps the last heartbeat alone, and no entry of it', async () => {
    const ledger = await make();
    await ledger.beat(at(1));
    await ledger.beat(at(3));
    await ledger.beat(at(2));
    const { heartbeat, head } = await ledger.snapshot();
    expect(heartbeat).toEqual(at(2));
    expect(head.seq).toBe(0);
  });

  it('replaces the bookmarks of one mailbox and leaves those of another', async () => {
    const ledger = await make();
    const marks = (...rows: [string, Bookmark][]) => new Map(rows);
    expect(await ledger.bookmarks('one')).toEqual(new Map());
    await ledger.keepBookmarks(
      'one',
      marks(['INBOX', { uidValidity: '1', uidNext: 5 }], ['Junk', { uidValidity: '2', uidNext: 9 }]),
    );
    await ledger.keepBookmarks('two', marks(['INBOX', { uidValidity: '7', uidNext: 1 }]));
    const replaced = marks(
      ['INBOX', { uidValidity: '4294967295', uidNext: 4_294_967_295 }],
      ['日本/"語"', { uidValidity: '3', uidNext: 2 }],
    );
    await ledger.keepBookmarks('one', replaced);
    expect(await ledger.bookmarks('one')).toEqual(replaced);
    expect(await ledger.bookmarks('two')).toEqual(marks(['INBOX', { uidValidity: '7', uidNext: 1 }]));
    await ledger.keepBookmarks('two', new Map());
    expect(await ledger.bookmarks('two')).toEqual(new Map());
  });

  it('gives away copies: a later entry changes no snapshot, and a changed snapshot no ledger', async () => {
    const ledger = await make();
    await ledger.append(history());
    const snapshot = await ledger.snapshot();
    const before = structuredClone(plain(snapshot.state));
    await ledger.append([
      captured('missing', 5100),
      { type: 'absence.proven', at: at(5200), channel: 'sink', until: at(5200) },
    ]);
    expect(plain(snapshot.state)).toEqual(before);
    const after = plain((await ledger.snapshot()).state);
    snapshot.state.open.clear();
    snapshot.state.absence.clear();
    snapshot.state.doubts.clear();
    snapshot.state.sinkClosedSince = null;
    expect(plain((await ledger.snapshot()).state)).toEqual(after);
  });

  it('finds the entries of rare types, in the order of the chain, after any entry', async () => {
    const ledger = await make();
    const key = { type: 'dkim.key-seen', at: at(1), domain: 'acme.example', selector: 's', record: 'v=DKIM1' } as const;
    const started = { type: 'agent.started', at: at(2), version: '1', unwatchedSince: null } as const;
    await ledger.append([started, planned('one', 3), key, planned('two', 4), started]);
    const seqs = async (...given: Parameters<Ledger['marked']>) =>
      (await ledger.marked(...given)).map(({ seq }) => seq);
    expect(await seqs(['dkim.key-seen', 'agent.started'])).toEqual([1, 3, 5]);
    expect(await seqs(['agent.started'], 1)).toEqual([5]);
    expect(await seqs(['month.closed'])).toEqual([]);
    expect((await ledger.marked(['dkim.key-seen']))[0]?.event).toEqual(key);
  });

  it('has the runs of checks that touch a range and one on each side, and what else availability is judged by', async () => {
    const ledger = await make();
    await ledger.append([...history(), checked(5320), checked(0, { provider: 'other' })]);
    const range = (from: number, to: number) => ({
      ...{ provider: 'acme', fromMs: at(from).wallMs },
      ...{ toMs: at(to).wallMs, finalMs: at(to).wallMs },
    });
    const run = (kind: string, from: number, to: number, checks: number, reason: string | null = null) => ({
      ...{ provider: 'acme', endpoint: 'mx', kind, reason, checks, cellMs: 60_000 },
      fromMs: at(from).wallMs,
      toMs: at(to).wallMs,
    });
    const up = run('up', 5010, 5310, 6);
    const down = run('down', 5315, 5315, 1, 'connect ECONNREFUSED: refused');
    const again = run('up', 5320, 5320, 1);
    const { runs, roundTrips, ...rest } = factsOf(ledger).availability(range(0, 6000));
    expect(runs).toEqual([up, down, again]);
    const trip = (probe: string, seconds: number) => ({
      ...{ probe, path: 'send', planned: at(seconds), isCovered: false },
    });
    expect(roundTrips).toEqual([
      { ...trip('delivered', 1), delivered: true, byProvider: false, reason: null },
      // A spot check that arrived: no proof that nothing did between two failures, and no more.
      { ...trip('spotted', 20), delivered: null, byProvider: false, reason: null },
      { ...trip('failed', 30), delivered: false, byProvider: true, reason: 'refused at rcpt: 550 5.1.1 no such user' },
      // Those that may yet arrive.
      { ...trip('missing', 40), delivered: null, byProvider: false, reason: null },
      { ...trip('tried', 50), delivered: null, byProvider: false, reason: null },
      { ...trip('doubted', 5002), delivered: null, byProvider: false, reason: null },
    ]);
    const { head } = await ledger.snapshot();
    expect(rest).toEqual({
      served: [],
      ...{ unmeasured: { submission: 0, mx: 1, mailbox: 0 }, exclusions: [], endpoints: ['mx'], head },
    });
    const runsOf = (from: number, to: number) => factsOf(ledger).availability(range(from, to)).runs;
    // The first reaches into the range, its end included; none begins there.
    expect(runsOf(5310, 5315)).toEqual([up, down]);
    expect(runsOf(5311, 5315)).toEqual([up, down]);
    expect(runsOf(5316, 5319)).toEqual([down, again]);
    expect(runsOf(5315, 5316)).toEqual([up, down, again]);
    expect(runsOf(9000, 9999)).toEqual([again]);
    expect(runsOf(0, 5010)).toEqual([up]);
    expect(factsOf(ledger).availability({ ...range(0, 9999), provider: 'nobody' }).endpoints).toEqual([]);
  });

  it('has who took the messages that were planned in a run that proves a fault, or within an hour before', async () => {
    const ledger = await make();
    const failed = { endpoint: 'submission', result: unreachable, control: 'healthy' } as const;
    const spot = delivered('spot', 10_040).map((event) =>
      event.type === 'probe.planned' ? { ...event, kind: 'spot' as const } : event,
    );
    const probes = [100, 7000, 10_030, 20_000].flatMap((seconds) => delivered(`p${seconds}`, seconds));
    await ledger.append([...probes, ...spot, planned('open', 10_050), handedOver('open', 10_051)]);
    const servedIn = () =>
      factsOf(ledger)
        .availability({ provider: 'acme', fromMs: at(0).wallMs, toMs: at(30_000).wallMs, finalMs: at(30_000).wallMs })
        .served.map(({ endpoint, ms }) => `${endpoint} ${Math.floor((ms - at(0).wallMs) / 1000)}`);
    await ledger.append([checked(10_000, failed)]);
    expect(servedIn()).toEqual([]);
    await ledger.append([checked(10_060, failed)]);
    expect(servedIn()).toEqual(['submission 7002', 'submission 10032', 'submission 10042', 'submission 10051']);
  });

  it('appends a checkpoint of the entry before it, in the order of the calls, which changes nothing', async () => {
    const ledger = await make();
    void ledger.append(history());
    const [entry] = await Promise.all([ledger.checkpoint(at(7000)), ledger.append([planned('later', 7001)])]);
    const { state } = folded(history());
    const { timeline, open } = entry.event as Extract<LedgerEvent, { type: 'ledger.checkpoint' }>;
    expect({ seq: entry.seq, at: entry.event.at }).toEqual({ seq: history().length + 1, at: at(7000) });
    expect({ timeline, open }).toEqual({ timeline: storeTimeline(state), open: [...state.open.values()] });
    expect(await ledger.marked(['ledger.checkpoint'])).toEqual([entry]);
    expect(plain((await ledger.snapshot()).state)).toEqual(plain(folded([...history(), planned('later', 7001)]).state));
  });

  it('goes on from a checkpoint that it begins with', async () => {
    const whole = await make();
    await whole.append(history());
    const { event } = await whole.checkpoint(at(7000));
    const later = [checked(5375), handedOver('doubted', 5020), captured('doubted', 5030)];
    await whole.append(later);
    const rest = await make();
    await rest.append([event, ...later]);
    expect(plain((await rest.snapshot()).state)).toEqual(plain((await whole.snapshot()).state));
    for (const id of ['missing', 'tried', 'doubted']) expect(await rest.probe(id)).toEqual(await whole.probe(id));
    expect((await rest.recent(9)).map(({ id }) => id)).toEqual(['doubted', 'tried', 'missing']);
    const query = { provider: 'acme', fromMs: at(5000).wallMs, toMs: at(9000).wallMs, finalMs: at(9000).wallMs };
    expect(factsOf(rest).availability(query).runs).toEqual(factsOf(whole).availability(query).runs);
  });

  it('gives back what it was given, to the letter', async () => {
    const ledger = await make();
    const odd = { ...planned('odd', 1), provider: 'acme "é" \u2028 日本', at: { ...at(1), errorUs: 0 } };
    const [entry] = await ledger.append([odd]);
    expect(entry?.event).toEqual(odd);
    expect((await ledger.probe('odd'))?.provider).toBe(odd.provider);
    expect((await ledger.probe('odd'))?.planned).toEqual(odd.at);
  });
}
