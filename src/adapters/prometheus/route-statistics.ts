/** The statistics of each route: of its scheduled probes alone, a spot check enters none. */
import { assess, exceedsMaximum } from '../../domain/delay/delay.ts';
import { width } from '../../domain/interval.ts';
import type { StageTiming } from '../../domain/probe.ts';
import type { ProbeRecord } from '../../domain/record.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import type { Tally, TimelineState } from '../../domain/timeline.ts';
import type { Instruments, Route } from './instruments.ts';

/** What of a route is not in the instruments themselves. */
interface Standing {
  readonly route: Route;
  /** Breaches of closed probes; those of open ones are found at each scrape. */
  closedBreaches: number;
  pending: number;
  oldestSeconds: number;
  lateNow: number;
}

export class RouteStatistics {
  readonly #instruments: Instruments;
  /** Of the routes that are configured: a ledger may hold others, which get no series. */
  readonly #standings: ReadonlyMap<string, Standing>;
  #state: TimelineState | null = null;
  /** Recorded before there was a state to assess them by. */
  readonly #early: { readonly record: ProbeRecord; readonly wallMs: number }[] = [];

  constructor(instruments: Instruments, routes: readonly Route[]) {
    this.#instruments = instruments;
    this.#standings = new Map(
      routes.map(({ provider, path }) => [
        keyOf({ provider, path }),
        { route: { provider, path }, closedBreaches: 0, pending: 0, oldestSeconds: 0, lateNow: 0 },
      ]),
    );
  }

  attach(state: TimelineState, tallies: readonly Tally[]): void {
    this.#state = state;
    for (const tally of tallies) {
      const standing = this.#standings.get(keyOf(tally));
      if (standing === undefined || tally.outcome === 'pending') continue;
      this.#instruments.probes.inc({ ...standing.route, outcome: tally.outcome }, tally.count);
      standing.closedBreaches += tally.breaches;
    }
    for (const { record, wallMs } of this.#early.splice(0)) this.count(record, wallMs);
  }

  /** A slot of the schedule passed without a probe. */
  countSlot(of: Route): void {
    const route = this.#standings.get(keyOf(of))?.route;
    if (route !== undefined) this.#instruments.probes.inc({ ...route, outcome: 'unmeasured' });
  }

  /** How long each stage of a probe's handover took. */
  observeStages(record: ProbeRecord | undefined, stages: readonly StageTiming[]): void {
    const route = record === undefined ? undefined : this.#scheduled(record)?.route;
    if (route === undefined) return;
    for (const { name, seconds } of stages) this.#instruments.stage.observe({ ...route, stage: name }, seconds);
  }

  /** A record changed at `wallMs`; it is counted when its outcome has become known, which it does once. */
  count(record: ProbeRecord, wallMs: number): void {
    const standing = this.#scheduled(record);
    if (standing === null) return;
    if (this.#state === null) {
      this.#early.push({ record, wallMs });
      return;
    }
    const { outcome, delay } = assess(record, this.#state.absence);
    if (outcome === 'pending') return;
    this.#instruments.probes.inc({ ...standing.route, outcome });
    if (exceedsMaximum(record, this.#state.absence)) standing.closedBreaches += 1;
    if (outcome !== 'delivered' || delay === null) return;
    // The library takes no such value. Once the clock is set the month has it.
    if (!Number.isFinite(delay.hi)) return;
    this.#instruments.delay.observe({ ...standing.route }, delay.hi);
    this.#instruments.exemplars.keep(standing.route, record.id, delay.hi, wallMs);
    this.#instruments.uncertainty.observe({ ...standing.route }, width(delay));
  }

  /** Brings what depends on the time up to now, in one pass over what is pending. */
  collect(now: Instant): void {
    for (const standing of this.#standings.values())
      Object.assign(standing, { pending: 0, oldestSeconds: 0, lateNow: 0 });
    for (const record of this.#state?.open.values() ?? []) this.#addPending(record, now);
    const { pending, oldest, breaches } = this.#instruments;
    breaches.reset();
    for (const { route, ...standing } of this.#standings.values()) {
      pending.set({ ...route }, standing.pending);
      oldest.set({ ...route }, standing.oldestSeconds);
      breaches.inc({ ...route }, standing.closedBreaches + standing.lateNow);
    }
  }

  /** Shows that nothing is known of what is pending. What was counted stays counted. */
  forget(): void {
    for (const { route } of this.#standings.values())
      for (const gauge of [this.#instruments.pending, this.#instruments.oldest]) gauge.set({ ...route }, Number.NaN);
  }

  #addPending(record: ProbeRecord, now: Instant): void {
    const standing = this.#scheduled(record);
    if (standing === null || this.#state === null) return;
    standing.pending += 1;
    standing.oldestSeconds = Math.max(standing.oldestSeconds, spanBetween(record.planned, now).lo);
    if (exceedsMaximum(record, this.#state.absence)) standing.lateNow += 1;
  }

  #scheduled(record: ProbeRecord): Standing | null {
    return record.kind === 'scheduled' ? (this.#standings.get(keyOf(record)) ?? null) : null;
  }
}

function keyOf({ provider, path }: Route): string {
  return `${path} ${provider}`;
}
