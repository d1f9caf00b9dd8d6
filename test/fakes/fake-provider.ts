/** What the engine's tests hand to it beside a sink and a mailbox: a sender that answers as told, an observer that counts, a silent log. */
import { ABORTED, type Handover, type Stage, type StageTiming } from '../../src/domain/probe.ts';
import type { Clock, Observer, OutgoingMessage, Sender } from '../../src/ports.ts';
import { examinedLog } from '../tooling/secrets.ts';

export const silentLog = examinedLog;

/** Counts what it is told. */
export class CountingObserver implements Observer {
  readonly counts = new Map<string, number>();
  readonly endpoints: Parameters<Observer['endpointChecked']>[0][] = [];
  recorded(): void {}
  tokenRefused(reason: string): void {
    this.#count(`token ${reason}`);
  }
  sinkConnected(): void {
    this.#count('sink connected');
  }
  sinkRefused(reason: string): void {
    this.#count(`sink ${reason}`);
  }
  partFailed(part: string): void {
    this.#count(`${part} failed`);
  }
  partStands(): void {}
  sendingRefused(kind: string): void {
    this.#count(`${kind} message refused`);
  }
  endpointChecked(check: Parameters<Observer['endpointChecked']>[0]): void {
    this.endpoints.push(check);
  }
  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

type Answer =
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse'; readonly code: number }
  /** The connection ends: before the message, with it on its way, or once it is taken. */
  | { readonly kind: 'cut' | 'drop' | 'lose' }
  | { readonly kind: 'hang' };

export class FakeSender implements Sender {
  readonly sent: OutgoingMessage[] = [];
  /** Answers to the next messages, in order; then `accept`. */
  readonly answers: Answer[] = [];
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async send(message: OutgoingMessage, onStage: (stage: Stage) => void, signal: AbortSignal): Promise<Handover> {
    const stages: StageTiming[] = [];
    const enter = (stage: Stage): void => {
      stages.push({ name: stage, seconds: 0.001 });
      onStage(stage);
    };
    const rest = { stages, peer: '192.0.2.1:25', certificateExpiresMs: null };
    enter('connect');
    if (signal.aborted) return aborted(rest);
    const answer = this.answers.shift() ?? { kind: 'accept' };
    if (answer.kind === 'hang') {
      await this.#clock.sleep(600_000, signal);
      if (signal.aborted) return aborted(rest);
      return { kind: 'unreachable', stage: 'connect', code: 'TIMEOUT', text: 'no answer', ...rest };
    }
    enter('mail');
    if (answer.kind === 'cut')
      return { kind: 'unreachable', stage: 'mail', code: 'CONNECTION_LOST', text: 'gone', ...rest };
    enter('rcpt');
    if (answer.kind === 'refuse')
      return { kind: 'refused', stage: 'rcpt', code: answer.code, enhanced: null, text: 'no', ...rest };
    enter('data');
    if (answer.kind !== 'drop') this.sent.push(message);
    const handedOver = this.#clock.now();
    if (answer.kind === 'lose' || answer.kind === 'drop')
      return { kind: 'uncertain', handedOver, code: 'CONNECTION_LOST', text: 'gone', ...rest };
    await this.#clock.sleep(1);
    return { kind: 'accepted', handedOver, acknowledged: this.#clock.now(), reply: 'ok', ...rest };
  }
}

function aborted(rest: Pick<Handover, 'stages' | 'peer' | 'certificateExpiresMs'>): Handover {
  return { kind: 'unreachable', stage: 'connect', code: ABORTED, text: 'given up', ...rest };
}
