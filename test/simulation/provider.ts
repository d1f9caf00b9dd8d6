/** A mail provider that keeps its own books: takes messages, passes them on to our sink or into its mailbox, tries again, gives up. */
import type { Endpoint } from '../../src/domain/endpoint.ts';
import {
  ABORTED,
  type Handover,
  type Path,
  type Refusal,
  type Stage,
  type StageTiming,
} from '../../src/domain/probe.ts';
import type { Clock, OutgoingMessage, Sender } from '../../src/ports.ts';
import type { FakeMailbox } from '../fakes/fake-mailbox.ts';
import type { FakeSession, FakeSink } from '../fakes/fake-sink.ts';
import { bounceOf, noticeOf } from '../fakes/fate.ts';
import type { VirtualClock } from '../fakes/virtual-clock.ts';
import { type FailingTransfer, fateOf, type SimulatedFate } from './fate.ts';
import type { Plan } from './plan.ts';
import type { Books, MessageTruth, Outage } from './truth.ts';

export interface ProviderWorld {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly books: Books;
  /** Our sink as the provider's hosts see it; null where nothing answers. */
  readonly sink: () => FakeSink | null;
  /** Whether our own line works, for what the agent begins. */
  readonly lineDown: () => boolean;
  readonly cutLine: (ms: number) => void;
  /** Its host sleeps from now on, and knows of it later or not. */
  readonly suspendAgent: (how: 'suspend under way' | 'frozen host', ms: number) => void;
  /** Whether the agent's plan of this probe is durable. */
  readonly isPlanned: (id: string) => boolean;
  /** Whether the agent has it, durably. */
  readonly isCaptured: (id: string) => boolean;
  readonly isAsleep: () => boolean;
  readonly say: (wrong: string) => void;
}

/** Milliseconds: a sender's first wait and its longest, and when it gives up (RFC 5321 §4.5.4.1). */
const RETRY_MIN = 60_000;
const RETRY_MAX = 1_800_000;
const GIVE_UP_AFTER = 432_000_000;
/** A host gives up a connection that it keeps open. */
const IDLE_MS = 300_000;
/** A client waits so long for a host that does not answer, and for the reply to its data once the line is gone. */
const CONNECT_PATIENCE_MS = 30_000;
/** What was deleted may still be on its way to the agent. */
const IN_FLIGHT_MS = 600_000;

interface Message {
  readonly truth: MessageTruth;
  readonly fate: SimulatedFate;
  tries: number;
}

export class Provider {
  readonly name: string;
  readonly mailbox: FakeMailbox;
  readonly #world: ProviderWorld;
  readonly #messages = new Map<string, Message>();
  readonly #counts = new Map<Path, number>();
  readonly #kept = new Set<FakeSession>();
  /** Until when our sink is remembered as down. */
  #downUntilMs = 0;

  constructor(name: string, mailbox: FakeMailbox, world: ProviderWorld) {
    this.name = name;
    this.mailbox = mailbox;
    this.#world = world;
  }

  /** Where its mail leaves from; two providers are told apart by it. */
  get address(): string {
    return this.name === 'acme' ? '192.0.2.1' : '203.0.113.1';
  }

  sender(path: Path, clock: Clock): Sender {
    return { send: (message, onStage, signal) => this.#receive(path, message, clock, onStage, signal) };
  }

  outageAt(endpoint: Endpoint, ms: number): Outage | null {
    const { outages } = this.#world.books;
    return (
      outages.find(
        (each) => each.provider === this.name && each.endpoint === endpoint && each.fromMs <= ms && ms < each.toMs,
      ) ?? null
    );
  }

  /** What is done with is forgotten. */
  forget(id: string): void {
    this.#messages.delete(id);
  }

  get #nowMs(): number {
    return this.#world.clock.passedUs / 1000;
  }

  #run(work: () => Promise<void>): void {
    void work().catch((error: unknown) =>
      this.#world.say(`the simulation failed: ${error instanceof Error ? error.stack : String(error)}`),
    );
  }

  #enter(path: Path, message: OutgoingMessage): Message {
    const id = message.envelopeId.slice(0, 16);
    const known = this.#messages.get(id);
    if (known !== undefined) return known;
    if (!this.#world.isPlanned(id)) this.#world.say(`probe ${id} left before its plan was durable`);
    const index = this.#counts.get(path) ?? 0;
    this.#counts.set(path, index + 1);
    const truth: MessageTruth = {
      id,
      provider: this.name,
      path,
      message,
      begunMs: this.#nowMs,
      receivedMs: null,
      readyMs: null,
      accessibleMs: null,
      reachedMs: null,
      bouncedMs: null,
      failure: null,
      ours: false,
    };
    const entered = { truth, fate: fateOf(this.#world.plan, this.name, path, index), tries: 0 };
    this.#messages.set(id, entered);
    this.#world.books.messages.set(id, truth);
    return entered;
  }

  /** As a client meets it. What is refused or not answered stays the provider's failure until it takes the message after all. */
  async #receive(
    path: Path,
    message: OutgoingMessage,
    clock: Clock,
    onStage: (stage: Stage) => void,
    signal: AbortSignal,
  ): Promise<Handover> {
    const entered = this.#enter(path, message);
    const { truth, fate } = entered;
    const stages: StageTiming[] = [];
    const enter = (name: Stage): void => {
      if (stages.at(-1)?.name === name) return;
      stages.push({ name, seconds: 0 });
      onStage(name);
    };
    const rest = { stages, peer: `${this.address}:25`, certificateExpiresMs: null };
    const unreachable = (stage: Stage, code: string): Handover => {
      enter(stage);
      return { kind: 'unreachable', stage, code, text: '', ...rest };
    };
    const refused = (refusal: Omit<Refusal, 'kind'>): Handover => {
      enter(refusal.stage);
      return { kind: 'refused', ...refusal, ...rest };
    };
    const { answer } = fate;
    enter(answer.kind === 'cut' && answer.stage === 'dns' ? 'dns' : 'connect');
    if (this.#world.lineDown()) {
      truth.failure = null;
      truth.ours = false;
      await clock.sleep(CONNECT_PATIENCE_MS, signal);
      return unreachable('connect', signal.aborted ? ABORTED : 'TIMEOUT');
    }
    const outage = this.outageAt(path === 'receive' ? 'mx' : 'submission', this.#nowMs);
    await clock.sleep(outage?.how === 'mute' ? CONNECT_PATIENCE_MS : fate.connectMs, signal);
    if (signal.aborted) return unreachable('connect', ABORTED);
    if (outage !== null) return failedBy(outage, truth, path, unreachable, refused);
    entered.tries += 1;
    if (entered.tries <= fate.deferrals.count) {
      truth.failure = 'refused';
      truth.ours = fate.deferrals.throttled;
      const [enhanced, text] = truth.ours ? ['4.7.0', 'too many messages'] : ['4.2.0', 'come again'];
      return refused({ stage: 'rcpt', code: 450, enhanced, text });
    }
    if (answer.kind === 'refuse') {
      truth.failure = 'refused';
      truth.ours = answer.enhanced === '5.2.2';
      const { stage, code, enhanced } = answer;
      return refused({ stage, code, enhanced, text: truth.ours ? 'mailbox full' : 'no' });
    }
    if (answer.kind === 'cut') {
      truth.failure = 'unanswered';
      truth.ours = false;
      return unreachable(answer.stage, answer.stage === 'dns' ? 'ENOTFOUND' : 'CONNECTION_LOST');
    }
    enter('data');
    const handedOver = clock.now();
    this.#run(() => this.#take(entered));
    await clock.sleep(fate.receiveMs + fate.replyMs);
    if (this.#world.lineDown()) await clock.sleep(CONNECT_PATIENCE_MS);
    const isLost = answer.kind !== 'accept' || this.#world.lineDown();
    if (isLost) return { kind: 'uncertain', handedOver, code: 'CONNECTION_LOST', text: 'gone', ...rest };
    return { kind: 'accepted', handedOver, acknowledged: clock.now(), reply: 'ok', ...rest };
  }

  async #take(entered: Message): Promise<void> {
    const { truth, fate } = entered;
    const { clock } = this.#world;
    const taken = fate.answer.kind !== 'drop';
    // A proxy passes on what it has not wholly received; it never holds a message that is lost or bounced.
    const early = fate.cutThrough && taken && fate.end === 'delivered';
    if (early) this.#run(() => this.#passOn(entered));
    await clock.sleep(fate.receiveMs);
    if (!taken) {
      // It hung up on a message that it would have taken, however often it had turned it away before.
      truth.failure = 'unanswered';
      truth.ours = false;
      return;
    }
    truth.receivedMs = this.#nowMs;
    truth.failure = null;
    truth.ours = false;
    if (fate.suspendMs > 0) this.#world.suspendAgent('suspend under way', fate.suspendMs);
    if (fate.frozenMs > 0) this.#world.suspendAgent('frozen host', fate.frozenMs);
    if (fate.notice !== null) this.#tell(entered, fate.notice);
    if (fate.end === 'lost') truth.failure = 'lost';
    else if (!early) {
      await clock.sleep(fate.delayMs);
      if (fate.end === 'bounced') await this.#bounce(truth, fate);
      else await this.#passOn(entered);
    }
  }

  async #bounce(truth: MessageTruth, fate: SimulatedFate): Promise<void> {
    truth.failure = 'bounced';
    truth.ours = fate.full;
    const bounce = fate.unreadable
      ? noticeOf(truth.message, 'free words')
      : bounceOf(truth.message, fate.full ? '5.2.2' : '5.1.1');
    truth.bouncedMs = this.#nowMs;
    // If not to our sink, it goes to the mailbox that has no room.
    if (toSink(bounce) || !fate.full) await this.#notify(bounce, fate);
  }

  async #notify(notice: OutgoingMessage, fate: SimulatedFate, memoryMs = this.#world.plan.memoryMs): Promise<void> {
    if (toSink(notice)) await this.#transfer(notice, [], fate, () => {}, memoryMs);
    else this.mailbox.deliver(notice);
  }

  /** That it is late is told only while it is. */
  #tell({ truth, fate }: Message, { what, afterMs }: NonNullable<SimulatedFate['notice']>): void {
    this.#run(async () => {
      await this.#world.clock.sleep(afterMs);
      if (what === 'delayed' && truth.readyMs !== null) return;
      // As of a copy: nothing tells the agent that it is under way.
      await this.#notify(noticeOf(truth.message, what), fate, 0);
    });
  }

  async #passOn({ truth, fate }: Message): Promise<void> {
    const { clock } = this.#world;
    if (truth.path !== 'send') this.#store(truth, fate);
    else {
      truth.readyMs = this.#nowMs;
      truth.accessibleMs = this.#nowMs;
      // It reaches us when it is durable, which is before its 250 comes back.
      const reached = (is: boolean): void => {
        if (is) truth.reachedMs ??= this.#nowMs;
        else if (!this.#world.isCaptured(truth.id)) truth.reachedMs = null;
      };
      if (fate.lineCutMs > 0) this.#world.cutLine(fate.lineCutMs);
      if (!(await this.#transfer(truth.message, fate.failing, fate, reached))) return;
    }
    for (const afterMs of fate.copiesAfterMs) {
      await clock.sleep(afterMs);
      // Nothing tells the agent that a copy of what it has is under way, nor what its host makes of a sink that is down.
      if (truth.path === 'send') await this.#transfer(truth.message, [], fate, () => {}, 0);
      else {
        this.mailbox.deliver(truth.message, 'INBOX');
        this.#readableFrom(truth, this.#nowMs);
      }
    }
  }

  #store(truth: MessageTruth, fate: SimulatedFate): void {
    const { clock } = this.#world;
    const readableMs = this.#nowMs + fate.unreadableMs;
    const isReadable = (): boolean => this.#nowMs >= readableMs;
    this.mailbox.deliver(truth.message, fate.folder, fate.announced, isReadable);
    const accessibleMs = this.#readableFrom(truth, readableMs);
    const { others } = fate;
    if (others === null) return;
    this.#run(async () => {
      await clock.sleep(accessibleMs - this.#nowMs + others.afterMs);
      // Its folder may have been numbered anew or renamed meanwhile.
      const stored = this.mailbox.stored.find(({ text }) => text === truth.message.text);
      if (stored === undefined) return;
      if (others.what === 'move') return this.mailbox.expunge(stored.folder, stored.uid, 'Lists');
      if (fate.copiesAfterMs.length > 0) return;
      this.mailbox.expunge(stored.folder, stored.uid);
      await this.#inFlight();
      if (!this.#world.isCaptured(truth.id)) truth.reachedMs = null;
    });
  }

  /** What the agent was about to record is recorded by then, or never is: what it had in hand when it was suspended it has once it wakes up. */
  async #inFlight(): Promise<void> {
    const { clock, isAsleep } = this.#world;
    let slept: boolean;
    do {
      slept = isAsleep();
      await clock.sleep(IN_FLIGHT_MS);
    } while (slept || isAsleep());
  }

  /** A copy can be read from then on, by whoever is let in; the first one that can is the delivery. Returns when somebody is let in. */
  #readableFrom(truth: MessageTruth, readableMs: number): number {
    let accessibleMs = readableMs;
    for (let out = this.outageAt('mailbox', accessibleMs); out !== null; out = this.outageAt('mailbox', accessibleMs))
      accessibleMs = out.toMs;
    truth.readyMs = Math.min(truth.readyMs ?? readableMs, readableMs);
    truth.accessibleMs = Math.min(truth.accessibleMs ?? accessibleMs, accessibleMs);
    truth.reachedMs = truth.accessibleMs;
    return accessibleMs;
  }

  /** Tries until the sink has taken the message; resolves false when it was given up. */
  async #transfer(
    message: OutgoingMessage,
    failing: readonly FailingTransfer[],
    fate: SimulatedFate,
    reached: (is: boolean) => void,
    memoryMs = this.#world.plan.memoryMs,
  ): Promise<boolean> {
    const { clock } = this.#world;
    const beganMs = this.#nowMs;
    let failed = 0;
    for (let waitMs = RETRY_MIN; this.#nowMs - beganMs < GIVE_UP_AFTER; waitMs = Math.min(2 * waitMs, RETRY_MAX)) {
      while (this.#downUntilMs > this.#nowMs) await clock.sleep(this.#downUntilMs - this.#nowMs);
      const attempt = failing[failed];
      const sink = this.#world.sink();
      const kept = attempt === undefined && sink !== null ? this.#reusable() : null;
      const session = kept ?? sink?.connect(this.address) ?? null;
      if (session === null) {
        this.#downUntilMs = Math.max(this.#downUntilMs, this.#nowMs + memoryMs);
        await clock.sleep(waitMs);
      } else if (attempt === undefined) {
        if (await this.#deliver(session, message, fate, kept !== null, reached)) return true;
        await clock.sleep(waitMs);
      } else {
        failed += 1;
        const ended = this.#fail(session, message, attempt);
        if (!attempt.overlaps) await ended;
        else this.#run(() => ended);
        await clock.sleep(attempt.nextAfterMs);
      }
    }
    return false;
  }

  #reusable(): FakeSession | null {
    for (const session of this.#kept) {
      this.#kept.delete(session);
      if (!session.over) return session;
    }
    return null;
  }

  async #deliver(
    session: FakeSession,
    message: OutgoingMessage,
    fate: SimulatedFate,
    reused: boolean,
    reached: (is: boolean) => void,
  ): Promise<boolean> {
    const { clock } = this.#world;
    const { sender, recipient, envelopeId } = message;
    if (!reused) await clock.sleep(fate.connectMs);
    session.mail({ sender, recipients: [recipient], envelopeId });
    await clock.sleep(fate.transferMs);
    if (!session.over) reached(true);
    const code = await session.data(message.text);
    if (code !== 250) reached(false);
    if (fate.keepsOpen) {
      this.#kept.add(session);
      void clock.sleep(IDLE_MS).then(() => {
        if (this.#kept.delete(session)) session.close();
      });
    } else session.close();
    return code === 250;
  }

  async #fail(session: FakeSession, message: OutgoingMessage, attempt: FailingTransfer): Promise<void> {
    const { sender, recipient, envelopeId } = message;
    const { reaches } = attempt;
    if (reaches !== 'connect')
      session.mail({
        sender,
        recipients: reaches === 'mail' ? [] : [recipient],
        envelopeId: reaches === 'envid' ? envelopeId : null,
      });
    await this.#world.clock.sleep(attempt.lastsMs);
    session.close();
  }
}

function toSink({ recipient }: OutgoingMessage): boolean {
  return recipient.endsWith('@sink.example');
}

/** A server that is down, in its manner. */
function failedBy(
  { how }: Outage,
  truth: MessageTruth,
  path: Path,
  unreachable: (stage: Stage, code: string) => Handover,
  refused: (refusal: Omit<Refusal, 'kind'>) => Handover,
): Handover {
  truth.ours = false;
  truth.failure = how === 'deep' ? 'refused' : 'unanswered';
  switch (how) {
    case 'refuses':
      return unreachable('connect', 'ECONNREFUSED');
    case 'mute':
      return unreachable('connect', 'TIMEOUT');
    case 'certificate':
      return unreachable('tls', 'CERT_HAS_EXPIRED');
    case 'deep': {
      const refusal: Pick<Refusal, 'stage' | 'code' | 'enhanced'> =
        path === 'receive'
          ? { stage: 'rcpt', code: 451, enhanced: '4.3.0' }
          : { stage: 'auth', code: 454, enhanced: '4.7.0' };
      return refused({ text: 'temporary failure', ...refusal });
    }
  }
}
