/** A sink without a network: a peer connects, transfers and leaves by method calls, over any clock. */
import type { SinkSteps } from '../../src/domain/probe.ts';
import { earliest, type Instant } from '../../src/domain/time/instant.ts';
import type { Clock, OutgoingMessage, Sink, SinkListener, SinkMessage, SinkTransaction } from '../../src/ports.ts';

export type Envelope = Pick<SinkTransaction, 'sender' | 'recipients' | 'envelopeId'>;

/** The port's: what runs when the sink closes has this long to end. */
const CLOSE_MS_MAX = 2000;
const CLOSING = 421;

export class FakeSink implements Sink {
  listener: SinkListener | null = null;
  readonly #clock: Clock;
  /** The agent hears of everything this much later, as a busy event loop does; its clock's error must cover it. */
  readonly #lagMs: number;
  /** Whether the process stands still: what reaches it is heard when it goes on. */
  readonly #standsStill: () => boolean;
  readonly #sessions = new Set<FakeSession>();
  #emptied: () => void = () => {};
  #port = 40_000;

  constructor(clock: Clock, lagMs = 0, standsStill: () => boolean = () => false) {
    this.#clock = clock;
    this.#lagMs = lagMs;
    this.#standsStill = standsStill;
  }

  /** Connections that are open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  async open(listener: SinkListener): Promise<{ host: string; port: number }> {
    if (this.listener !== null) throw new Error('sink can be opened only while it is closed, it is not');
    this.listener = listener;
    return { host: '127.0.0.1', port: 2525 };
  }

  async close(): Promise<void> {
    const { listener } = this;
    this.listener = null;
    if (listener === null) return;
    for (const session of this.#sessions) session.retire();
    if (this.#sessions.size > 0) {
      const patience = new AbortController();
      const emptied = new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
      await Promise.race([emptied, this.#clock.sleep(CLOSE_MS_MAX, patience.signal)]);
      patience.abort();
      for (const session of this.#sessions) session.cut(CLOSING);
    }
    if (this.#lagMs > 0) await this.#clock.sleep(this.#lagMs);
  }

  /** The process that listened is gone: nobody is told of anything any more. */
  die(): void {
    this.listener = null;
    for (const session of this.#sessions) session.die();
    this.#sessions.clear();
  }

  /** A peer connects; null where nothing listens. */
  connect(host = '192.0.2.1'): FakeSession | null {
    const { listener } = this;
    if (listener === null) return null;
    this.#port += 1;
    const session: FakeSession = new FakeSession(
      `${host}:${this.#port}`,
      this.#clock,
      { lagMs: this.#lagMs, standsStill: this.#standsStill },
      listener,
      () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#emptied();
      },
    );
    this.#sessions.add(session);
    return session;
  }

  /** The provider transfers a message: connect, data, reply, disconnect. 0 where nothing listens. */
  async deliver(message: OutgoingMessage): Promise<number> {
    const session = this.connect();
    session?.mail({ sender: message.sender, recipients: [message.recipient], envelopeId: message.envelopeId });
    const code = (await session?.data(message.text)) ?? 0;
    session?.close();
    return code;
  }

  transaction(message: OutgoingMessage): SinkTransaction {
    const now = this.#clock.now();
    const { sender, recipient, envelopeId } = message;
    const steps = { accepted: now, ehlo: 0, mail: 0, rcpt: 0, data: 0 };
    return transactionOf('192.0.2.1:4711', { sender, recipients: [recipient], envelopeId }, now, now, steps, false);
  }
}

/**
 * States: fresh (no MAIL yet) → open (MAIL) → taken (the listener has the message) → idle → open …; over from any of them.
 */
export class FakeSession {
  readonly peer: string;
  readonly #clock: Clock;
  readonly #process: { readonly lagMs: number; readonly standsStill: () => boolean };
  readonly #listener: SinkListener;
  readonly #onOver: () => void;
  #state: 'fresh' | 'open' | 'taken' | 'idle' | 'over' = 'fresh';
  #retiring = false;
  /** When it was accepted, and since when a transfer may have begun: set as the agent hears of it. */
  #accepted: Instant | null = null;
  #bound: Instant | null = null;
  #transaction: SinkTransaction | null = null;
  readonly #gone = new AbortController();
  #silent = false;

  constructor(
    peer: string,
    clock: Clock,
    process: { readonly lagMs: number; readonly standsStill: () => boolean },
    listener: SinkListener,
    onOver: () => void,
  ) {
    this.peer = peer;
    this.#clock = clock;
    this.#process = process;
    this.#listener = listener;
    this.#onOver = onOver;
    this.#tell(() => {
      this.#accepted = earliest(clock.now());
      this.#bound = this.#accepted;
      listener.connected(peer, this.#accepted);
    });
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  mail(envelope: Envelope): void {
    if (this.#state !== 'fresh' && this.#state !== 'idle') return;
    const reused = this.#state === 'idle';
    this.#state = 'open';
    this.#tell(() => {
      const now = this.#clock.now();
      const [accepted, mail] = [this.#accepted ?? now, this.#sinceAccept(now)];
      const rcpt = envelope.recipients.length > 0 ? mail : null;
      // It greets as late as it can.
      const steps = { accepted, ehlo: mail, mail, rcpt, data: null };
      this.#transaction = transactionOf(this.peer, envelope, this.#bound ?? now, now, steps, reused);
    });
  }

  /** The whole message is read; resolves with the code of the reply, or null if none came. */
  async data(text: string): Promise<number | null> {
    if (this.#state !== 'open') return null;
    this.#state = 'taken';
    const replied = Promise.withResolvers<number | null>();
    this.#gone.signal.addEventListener('abort', () => replied.resolve(null));
    this.#tell(() => {
      const endOfData = this.#clock.now();
      this.#bound = earliest(endOfData);
      const transaction = this.#transaction;
      if (transaction === null) throw new Error('data must follow mail');
      const steps = { ...transaction.steps, data: this.#sinceAccept(endOfData) };
      void this.#listener
        .received({ ...transaction, steps }, { ...split(text), endOfData, bodySha256: '00' })
        .then(({ code }) => {
          replied.resolve(this.#silent ? null : code);
        });
    });
    const code = await replied.promise;
    if (this.#state === 'taken') this.#state = 'idle';
    if (this.#retiring) this.cut(CLOSING);
    return code;
  }

  /** The peer gives the transaction up, or goes away in it. */
  close(): void {
    this.cut(0);
  }

  /** The peer goes away in its next MAIL, of which less than a line came. */
  breakOff(): void {
    if (this.#state === 'idle') this.#state = 'fresh';
    this.cut(0);
  }

  /** The sink closes: over at once unless a transaction runs. */
  retire(): void {
    this.#retiring = true;
    if (this.#state === 'fresh' || this.#state === 'idle') this.cut(CLOSING);
  }

  cut(code: number): void {
    const state = this.#state;
    if (state === 'over') return;
    this.#state = 'over';
    this.#tell(() => {
      if (state === 'fresh') this.#listener.vanished(this.peer, this.#bound ?? this.#clock.now());
      if (state === 'open' && this.#transaction !== null) this.#listener.abandoned(this.#transaction, code);
      this.#listener.disconnected(this.peer);
    });
    this.#onOver();
    this.#gone.abort();
  }

  die(): void {
    this.#state = 'over';
    this.#silent = true;
    this.#gone.abort();
  }

  #sinceAccept(now: Instant): number {
    return (now.monoUs - (this.#accepted ?? now).monoUs) / 1e6;
  }

  #tell(news: () => void): void {
    const { lagMs, standsStill } = this.#process;
    if (lagMs === 0 && !standsStill()) news();
    else
      void this.#clock.sleep(lagMs).then(() => {
        if (!this.#silent) news();
      });
  }
}

function transactionOf(
  peer: string,
  envelope: Envelope,
  from: Instant,
  to: Instant,
  steps: SinkSteps,
  reusedConnection: boolean,
): SinkTransaction {
  return { earliest: from, latest: to, steps, peer, helo: 'out.example', tls: false, reusedConnection, ...envelope };
}

/** Header and body of RFC 5322 text. */
export function split(text: string): Pick<SinkMessage, 'header' | 'body'> {
  const [header = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
  return { header, body };
}
