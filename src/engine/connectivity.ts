/** Checks a provider's servers: each once at a random moment of each cell, again within seconds of a failure, with a neutral host beside. */
import { type CheckPlan, cellAt, type Depths, depthOf, FIRST_PLAN, momentOf, planAfter } from '../domain/check-plan.ts';
import { type CheckDepth, type CheckResult, type ControlState, ENTRY, type Endpoint } from '../domain/endpoint.ts';
import type { EndpointChecked, LedgerEntry, LedgerEvent } from '../domain/event.ts';
import { ABORTED, type Handover, isOurDoing, type Path } from '../domain/probe.ts';
import type { ProbeRecord } from '../domain/record.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { Checker, CheckReport, Clock, Control, Log, Observer, Random } from '../ports.ts';
import type { Recorder } from './recorder.ts';
import { createWaker, type Waker } from './waker.ts';
import { standBy, type Witness } from './witness.ts';

export interface ConnectivityOptions {
  /** Length of a cell. */
  readonly everySeconds: number;
  readonly checks: readonly CheckedEndpoint[];
  /** Null where none is configured. */
  readonly control: Control | null;
}
export interface CheckedEndpoint {
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly depths: Depths;
  /** Closed when its checks end. */
  readonly checker: Checker;
}
export interface ConnectivityParts {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly log: Log;
}

/** Seconds from a failure to its confirmation: long enough for a restart's blink to pass, short against 44 minutes. */
const CONFIRM_AFTER = 5;
/** Seconds. The two clocks that make up the time since boot are read to 10 ms each. */
const CLOCK_GRAIN = 0.02;
/** Seconds past the end of its cell that a check may begin and still be its own: a moment may be the cell's last, and a busy host is late. */
const LATE_MAX = 2;
/** A host that slept for a week has missed thousands of cells; so many are enough to show it. */
const MISSED_RECORDED_MAX = 100;

/** Runs until `signal` is aborted; resolves once every checker is closed. Never rejects. */
export async function watchEndpoints(options: ConnectivityOptions, parts: ConnectivityParts, signal: AbortSignal) {
  const watches = options.checks.map((target) => new Watch(target, options, parts, signal));
  const stopListening = parts.recorder.subscribe((entries, changed) => {
    for (const { provider, path } of failedHandovers(entries, changed))
      for (const watch of watches) if (watch.concerns(provider, ENTRY[path])) watch.doubt();
  });
  await Promise.all(watches.map((watch) => watch.run()));
  stopListening();
}

/** Of probes that a server would not take, by no doing of ours. */
function failedHandovers(entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]): readonly ProbeRecord[] {
  return entries.flatMap(({ event }) => {
    if (event.type !== 'probe.handed-over') return [];
    const record = changed.find(({ id }) => id === event.probe);
    return record !== undefined && isFault(event.handover, record.path) ? record : [];
  });
}

function isFault(handover: Handover, path: Path): boolean {
  if (handover.kind === 'refused') return !isOurDoing(handover, path);
  return handover.kind === 'unreachable' && handover.code !== ABORTED;
}

/**
 * The checks of one endpoint, one after another. Two things are due: the one check of each cell, at its moment; and, after a
 * failure, a confirmation. A scheduled check that another one delays still takes place while its cell lasts; a cell that
 * ends without it is recorded as unmeasured. Time runs on while the host sleeps.
 */
class Watch {
  readonly #target: CheckedEndpoint;
  readonly #options: ConnectivityOptions;
  readonly #parts: ConnectivityParts;
  readonly #signal: AbortSignal;
  readonly #waker: Waker;
  readonly #origin: number;
  #plan: CheckPlan = FIRST_PLAN;
  /** The cell whose check comes next, and its moment. */
  #cell = 0;
  #moment: number;
  #confirmation: { readonly at: number; readonly depth: CheckDepth } | null = null;
  /** When a handover last led to a confirmation. */
  #doubtedAt = Number.NEGATIVE_INFINITY;
  /** When the last check was over. */
  #freeAt = 0;

  constructor(target: CheckedEndpoint, options: ConnectivityOptions, parts: ConnectivityParts, signal: AbortSignal) {
    this.#target = target;
    this.#options = options;
    this.#parts = parts;
    this.#signal = signal;
    this.#waker = createWaker(parts.clock);
    this.#origin = sinceBoot(parts.clock.now());
    this.#moment = this.#momentIn(0);
  }

  concerns(provider: string, endpoint: Endpoint): boolean {
    return this.#target.provider === provider && this.#target.endpoint === endpoint;
  }

  /** A probe was not taken: checked at once, deep, but no more than once a cell, for a server may dislike nothing but the probes. */
  doubt(): void {
    const now = this.#now();
    const { everySeconds } = this.#options;
    if (this.#plan.failing !== null || this.#confirmation !== null || now - this.#doubtedAt < everySeconds) return;
    this.#doubtedAt = now;
    this.#confirmation = { at: now, depth: this.#target.depths.deep };
    this.#waker.wake();
  }

  async run(): Promise<void> {
    const { log } = this.#parts;
    const { provider, endpoint, checker } = this.#target;
    while (!this.#signal.aborted) {
      const due = Math.min(this.#moment, this.#confirmation?.at ?? this.#moment);
      await this.#waker.sleep(Math.max(0, due - this.#now()) * 1000, this.#signal);
      if (this.#signal.aborted) break;
      await this.#whatIsDue();
    }
    await checker
      .close()
      .catch((error: unknown) => log.error('a checker did not close', { provider, endpoint, error }));
  }

  async #whatIsDue(): Promise<void> {
    const now = this.#now();
    const isDue = (at: number): boolean => now + CLOCK_GRAIN >= at;
    if (this.#confirmation !== null && isDue(this.#confirmation.at)) {
      const { depth } = this.#confirmation;
      this.#confirmation = null;
      await this.#check('confirmation', depth);
    } else if (isDue(this.#moment)) await this.#cellsUntil(now);
  }

  /** Those that are over are unmeasured; the one under way is checked. */
  async #cellsUntil(now: number): Promise<void> {
    const { everySeconds } = this.#options;
    const missed = cellAt(now - LATE_MAX, everySeconds) - this.#cell;
    if (missed > 0) {
      const late = `the agent woke ${Math.round(now - this.#moment)} s late`;
      const reason = this.#freeAt > this.#moment ? 'the check before was still under way' : late;
      await this.#unmeasured(reason, Math.min(missed, MISSED_RECORDED_MAX));
      this.#next(missed);
      return;
    }
    const { depths } = this.#target;
    const failure = await this.#check('scheduled', depthOf(this.#plan, depths, everySeconds, now));
    if (failure !== null) await this.#unmeasured(failure);
    this.#next(1);
  }

  #next(cells: number): void {
    this.#cell += cells;
    this.#moment = this.#momentIn(this.#cell);
  }

  /** Resolves to why there is nothing to record, null if there was. */
  async #check(kind: EndpointChecked['kind'], depth: CheckDepth): Promise<string | null> {
    const { provider, endpoint, checker, depths } = this.#target;
    const { log, clock } = this.#parts;
    const witness = standBy(this.#options.control, clock);
    try {
      const report = await checker.check(depth, this.#signal);
      const awake = witness.awake();
      const control = report.result.kind === 'down' ? await this.#askControl(report.result, witness) : null;
      // What an abort cut off looks like a failure of the server, or of the line.
      if (this.#signal.aborted && report.result.kind !== 'up') return 'the agent stopped meanwhile';
      if (!awake) return 'the agent was held up meanwhile';
      const began = sinceBoot(report.began) - this.#origin;
      const before = this.#plan;
      this.#plan = planAfter(before, depths, report.depth, report.result, began);
      if (before.failing === null && this.#plan.failing !== null)
        this.#confirmation = { at: this.#now() + CONFIRM_AFTER, depth: this.#plan.failing };
      await this.#tell(kind, report, control, before);
      return null;
    } catch (error) {
      log.error('a check broke off', { provider, endpoint, depth, error });
      return 'the check broke off';
    } finally {
      witness.awake();
      this.#freeAt = this.#now();
    }
  }

  /** Now, in which it may be up again, as well as beside the check. */
  async #askControl(result: CheckResult, { lineHeld }: Witness): Promise<ControlState> {
    const { control } = this.#options;
    const byName = mayBeResolver(this.#target.endpoint, result);
    if (control === null) return 'none';
    if (!lineHeld) return 'failed';
    return (await control.healthy(byName, this.#signal)) ? 'healthy' : 'failed';
  }

  async #tell(kind: EndpointChecked['kind'], report: CheckReport, control: ControlState | null, before: CheckPlan) {
    const { provider, endpoint } = this.#target;
    const { recorder, clock, observer, log } = this.#parts;
    const { depth, began, seconds, result, certificateExpiresMs } = report;
    const { everySeconds } = this.#options;
    const which = { provider, endpoint, depth };
    await recorder.note({
      type: 'endpoint.checked',
      at: clock.now(),
      ...which,
      kind,
      began,
      seconds,
      result,
      control,
      everySeconds,
    });
    if (before.failing === null && result.kind === 'down') log.warn('a check failed', { ...which, ...result, control });
    if (before.failing !== null && this.#plan.failing === null) log.info('a check is good again', which);
    // A failure beside which the neutral host failed as well says nothing of the server.
    if (result.kind === 'inconclusive' || (result.kind === 'down' && control === 'failed')) return;
    // A kept session was let in before, and does not say how long that takes.
    const entry = depth === 'session' ? null : seconds;
    observer.endpointChecked({
      provider,
      endpoint,
      up: result.kind === 'up',
      seconds: entry,
      certificateExpiresMs,
    });
  }

  async #unmeasured(reason: string, cells = 1): Promise<void> {
    const { provider, endpoint } = this.#target;
    const { recorder, clock } = this.#parts;
    const missed: LedgerEvent = { type: 'check.unmeasured', at: clock.now(), provider, endpoint, reason };
    await recorder.note(...Array.from({ length: cells }, () => missed));
  }

  #momentIn(cell: number): number {
    return momentOf(cell, this.#options.everySeconds, this.#parts.random.uniform());
  }

  /** Seconds since the first cell began. */
  #now(): number {
    return sinceBoot(this.#parts.clock.now()) - this.#origin;
  }
}

/** Whether it may be our own resolver that gave no answer; a library that logs in to a mailbox does not tell looking up from connecting. */
function mayBeResolver(endpoint: Endpoint, result: CheckResult): boolean {
  if (result.kind !== 'down') return false;
  const { stage, code } = result;
  return stage === 'dns' || (endpoint === 'mailbox' && stage === 'connect' && code === 'TIMEOUT');
}

/** Seconds, those that the host slept through included. */
function sinceBoot({ monoUs, suspendedMs }: Instant): number {
  return monoUs / 1e6 + suspendedMs / 1000;
}
