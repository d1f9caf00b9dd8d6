/** A provider that keeps its own books: when it took each message, and when it was ready to pass it on, whatever stood in its way. */
import { ABORTED, type Handover, type Stage, type StageTiming } from '../../src/domain/probe.ts';
import type { Clock, OutgoingMessage, Sender } from '../../src/ports.ts';
import type { FakeMailbox } from './fake-mailbox.ts';
import type { FakeSession, FakeSink } from './fake-sink.ts';
import { bounceOf, type FailingAttempt, type Fate, type Truth } from './fate.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A host gives up a connection that it keeps open. */
const IDLE_MS = 300_000;
const RETRY_MS = 60_000;

export class SimulatedProvider {
  readonly books = new Map<string, Truth>();
  readonly #clock: VirtualClock;
  readonly #mailbox: FakeMailbox;
  /** How long it remembers a sink that did not answer, milliseconds. */
  readonly #memoryMs: number;
  readonly #sinkNow: () => FakeSink | null;
  readonly #fateOf: (message: OutgoingMessage) => Fate;
  readonly #kept = new Set<FakeSession>();
  #downUntilMs = 0;
  #busy = 0;
  /** What went wrong in the provider itself. */
  readonly faults: unknown[] = [];

  constructor(
    clock: VirtualClock,
    mailbox: FakeMailbox,
    memoryMs: number,
    sinkNow: () => FakeSink | null,
    fateOf: (message: OutgoingMessage) => Fate,
  ) {
    this.#clock = clock;
    this.#mailbox = mailbox;
    this.#memoryMs = memoryMs;
    this.#sinkNow = sinkNow;
    this.#fateOf = fateOf;
  }

  /** Whether anything is on its way. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  senderFor(clock: Clock): Sender {
    return { send: (message, onStage, signal) => this.#receive(message, clock, onStage, signal) };
  }

  async #receive(
    message: OutgoingMessage,
    clock: Clock,
    onStage: Parameters<Sender['send']>[1],
    signal: AbortSignal,
  ): Promise<Handover> {
    const id = message.envelopeId.slice(0, 16);
    const truth = this.books.get(id) ?? this.#enter(id, message);
    const { fate } = truth;
    truth.tries += 1;
    const stages: StageTiming[] = [];
    const enter = (name: Stage): void => {
      stages.push({ name, seconds: 0 });
      onStage(name);
    };
    const rest = { stages, peer: '192.0.2.9:25', certificateExpiresMs: null };
    const aborted = (stage: Stage): Handover => ({
      ...{ kind: 'unreachable', stage, code: ABORTED, text: 'given up' },
      ...rest,
    });
    enter('connect');
    await clock.sleep(fate.connectMs, signal);
    if (signal.aborted) return aborted('connect');
    if (fate.answer === 'hang' && truth.tries > fate.deferrals) {
      enter('greeting');
      await clock.sleep(600_000, signal);
      if (signal.aborted) return aborted('greeting');
      truth.faulted = true;
      return { kind: 'unreachable', stage: 'greeting', code: 'TIMEOUT', text: 'no answer', ...rest };
    }
    enter('rcpt');
    if (truth.tries <= fate.deferrals) {
      if (message.sender.startsWith('probe@')) truth.faulted = true;
      return { kind: 'refused', stage: 'rcpt', code: 450, enhanced: '4.2.0', text: 'come again', ...rest };
    }
    if (fate.answer === 'refuse') {
      truth.faulted = true;
      return { kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.7.1', text: 'no', ...rest };
    }
    enter('data');
    const handedOver = clock.now();
    this.#run(async () => {
      await this.#clock.sleep(fate.receiveMs);
      if (fate.answer !== 'drop') await this.#passOn(truth);
    });
    await clock.sleep(fate.receiveMs + fate.replyMs);
    if (fate.answer !== 'accept')
      return { kind: 'uncertain', handedOver, code: 'CONNECTION_LOST', text: 'gone', ...rest };
    return { kind: 'accepted', handedOver, acknowledged: clock.now(), reply: 'ok', ...rest };
  }

  #enter(id: string, message: OutgoingMessage): Truth {
    const fate = this.#fateOf(message);
    const truth: Truth = { fate, message, tries: 0, acceptedMs: null, reachedMs: null, faulted: false };
    this.books.set(id, truth);
    return truth;
  }

  get #nowMs(): number {
    return this.#clock.passedSeconds * 1000;
  }

  #run(work: () => Promise<void>): void {
    this.#busy += 1;
    void work()
      .catch((error: unknown) => this.faults.push(error))
      .finally(() => {
        this.#busy -= 1;
      });
  }

  async #passOn(truth: Truth): Promise<void> {
    const { fate, message } = truth;
    truth.acceptedMs = this.#nowMs;
    if (fate.end.what === 'never') return;
    await this.#clock.sleep(fate.end.afterMs);
    const toSink = message.recipient.endsWith('@sink.example');
    if (fate.end.what === 'bounced') {
      const bounce = bounceOf(message);
      truth.faulted = true;
      if (message.sender.endsWith('@sink.example')) await this.#transfer(bounce, [], fate);
      else this.#mailbox.deliver(bounce);
      return;
    }
    if (toSink) await this.#transfer(message, fate.attempts, fate);
    else this.#store(message, fate);
    truth.reachedMs = this.#nowMs;
    for (const { afterMs, folder } of fate.copies) {
      await this.#clock.sleep(afterMs);
      // Nothing tells the agent that a copy of what it has is still under way, nor what its host makes of a sink that is down.
      if (toSink) await this.#transfer(message, [], fate, 0);
      else this.#mailbox.deliver(message, folder);
    }
  }

  #store(message: OutgoingMessage, { folder, announced, movedAfterMs }: Fate): void {
    const uid = this.#mailbox.deliver(message, folder, announced);
    if (movedAfterMs === null) return;
    this.#run(async () => {
      await this.#clock.sleep(movedAfterMs);
      this.#mailbox.expunge(folder, uid, folder === 'INBOX' ? 'Lists' : 'INBOX');
    });
  }

  /** Tries until the sink has taken the message. */
  async #transfer(
    message: OutgoingMessage,
    failing: readonly FailingAttempt[],
    fate: Fate,
    memoryMs = this.#memoryMs,
  ): Promise<void> {
    let failed = 0;
    for (;;) {
      while (this.#downUntilMs > this.#nowMs) await this.#clock.sleep(this.#downUntilMs - this.#nowMs);
      const attempt = failing[failed];
      const kept = attempt === undefined ? this.#reusable() : null;
      const session = kept ?? this.#sinkNow()?.connect() ?? null;
      if (session === null) {
        this.#downUntilMs = Math.max(this.#downUntilMs, this.#nowMs + memoryMs);
        await this.#clock.sleep(RETRY_MS);
      } else if (attempt === undefined) {
        if (await this.#deliver(session, message, fate, kept !== null)) return;
        await this.#clock.sleep(RETRY_MS);
      } else {
        failed += 1;
        const ended = this.#fail(session, message, attempt);
        if (!attempt.overlaps) await ended;
        else this.#run(() => ended);
        await this.#clock.sleep(attempt.nextAfterMs);
      }
    }
  }

  #reusable(): FakeSession | null {
    for (const session of this.#kept) {
      this.#kept.delete(session);
      if (!session.over) return session;
    }
    return null;
  }

  async #deliver(session: FakeSession, message: OutgoingMessage, fate: Fate, reused: boolean): Promise<boolean> {
    const { sender, recipient, envelopeId } = message;
    if (!reused) await this.#clock.sleep(fate.mailAfterMs);
    session.mail({ sender, recipients: [recipient], envelopeId });
    await this.#clock.sleep(fate.endsAfterMs);
    const code = await session.data(message.text);
    if (fate.keepsOpen) {
      this.#kept.add(session);
      void this.#clock.sleep(IDLE_MS).then(() => {
        if (this.#kept.delete(session)) session.close();
      });
    } else {
      session.close();
    }
    return code === 250;
  }

  async #fail(session: FakeSession, message: OutgoingMessage, attempt: FailingAttempt): Promise<void> {
    const { sender, recipient } = message;
    const { reaches } = attempt;
    await this.#clock.sleep(attempt.mailAfterMs);
    if (reaches !== 'connect') {
      session.mail({
        sender,
        recipients: reaches === 'mail' ? [] : [recipient],
        envelopeId: reaches === 'envid' ? message.envelopeId : null,
      });
    }
    await this.#clock.sleep(attempt.endsAfterMs);
    session.close();
  }
}
