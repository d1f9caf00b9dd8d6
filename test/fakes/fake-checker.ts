/** A server of a provider as a check meets it, and a neutral host: both answer as they are told. */
import type { CheckDepth, CheckResult } from '../../src/domain/endpoint.ts';
import { type Instant, spanBetween } from '../../src/domain/time/instant.ts';
import {
  CHECK_MS_MAX,
  type Checker,
  type CheckReport,
  type Clock,
  type Control,
  SESSION_SECONDS_MAX,
} from '../../src/ports.ts';

export const UP: CheckResult = { kind: 'up' };
export const REFUSED: CheckResult = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: 'refused' };
/** What a server that never answers comes to, after CHECK_MS_MAX. */
export const MUTE = 'mute';
const MUTE_MS = CHECK_MS_MAX - 1000;

export class FakeChecker implements Checker {
  /** What it has answered, in order. */
  readonly reports: CheckReport[] = [];
  /** How deep it was asked to go, in order. */
  readonly asked: CheckDepth[] = [];
  /** What the server shows to a check of this depth. */
  answer: (depth: CheckDepth) => CheckResult | typeof MUTE = () => UP;
  latencyMs = 2;
  certificateExpiresMs: number | null = null;
  closed = 0;
  readonly #clock: Clock;
  #since: Instant | null = null;
  #busy = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async check(depth: CheckDepth, signal: AbortSignal): Promise<CheckReport> {
    if (this.#busy) throw new Error('called twice at once');
    this.#busy = true;
    this.asked.push(depth);
    const began = this.#clock.now();
    const kept = this.#since !== null && spanBetween(this.#since, began).hi <= SESSION_SECONDS_MAX;
    const went = depth === 'session' && !kept ? 'login' : depth;
    const answer = this.answer(went);
    await this.#clock.sleep(answer === MUTE ? MUTE_MS : this.latencyMs, signal);
    this.#busy = false;
    const result = signal.aborted ? STOPPED : answer === MUTE ? TIMEOUT : answer;
    if (went === 'login') this.#since = result.kind === 'up' ? began : null;
    if (went === 'session' && result.kind !== 'up') this.#since = null;
    const seconds = spanBetween(began, this.#clock.now()).lo;
    const certificateExpiresMs = result === TIMEOUT || result === REFUSED ? null : this.certificateExpiresMs;
    const report = { depth: went, began, seconds: Math.max(0, seconds), result, certificateExpiresMs };
    this.reports.push(report);
    return report;
  }

  /** The server ends the session that is kept. */
  disconnect(): void {
    this.#since = null;
  }

  async close(): Promise<void> {
    this.#since = null;
    this.closed += 1;
  }
}

const STOPPED: CheckResult = { kind: 'inconclusive', reason: 'stopped' };
const TIMEOUT: CheckResult = { kind: 'down', stage: 'greeting', code: 'TIMEOUT', text: 'no answer' };

export class FakeControl implements Control {
  answer = true;
  latencyMs = 0;
  asked = 0;
  /** Whether a host that has a name answers, too. */
  answerByName = true;
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async healthy(byName: boolean, signal: AbortSignal): Promise<boolean> {
    this.asked += 1;
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs, signal);
    return this.answer && (!byName || this.answerByName) && !signal.aborted;
  }
}
