/** A made-up provider behind the ports: hands over at once, delivers when told, over a virtual clock. */
import type { FolderRole, Handover, Stage } from '../../src/domain/probe.ts';
import type {
  Bookmark,
  Clock,
  Fetched,
  FolderState,
  Log,
  Look,
  Mailbox,
  MailboxError,
  Observer,
  OutgoingMessage,
  Sender,
  Sink,
  SinkListener,
  SinkTransaction,
} from '../../src/ports.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

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
  ledgerFailed(): void {
    this.#count('ledger failed');
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
  | { readonly kind: 'lose' }
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
    onStage('connect');
    const answer = this.answers.shift() ?? { kind: 'accept' };
    const rest = {
      stages: [{ name: 'connect', seconds: 0.001 } as const],
      peer: '192.0.2.1:25',
      certificateExpiresMs: null,
    };
    if (answer.kind === 'refuse')
      return { kind: 'refused', stage: 'rcpt', code: answer.code, enhanced: null, text: 'no', ...rest };
    if (answer.kind === 'hang') {
      await this.#clock.sleep(600_000, signal);
      return {
        kind: 'unreachable',
        stage: 'connect',
        code: signal.aborted ? 'ABORTED' : 'TIMEOUT',
        text: 'no answer',
        ...rest,
      };
    }
    this.sent.push(message);
    const handedOver = this.#clock.now();
    if (answer.kind === 'lose')
      return { kind: 'uncertain', handedOver, code: 'CONNECTION_LOST', text: 'gone', ...rest };
    await this.#clock.sleep(1);
    return { kind: 'accepted', handedOver, acknowledged: this.#clock.now(), reply: 'ok', ...rest };
  }
}

export class FakeSink implements Sink {
  listener: SinkListener | null = null;
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async open(listener: SinkListener): Promise<{ host: string; port: number }> {
    this.listener = listener;
    return { host: '127.0.0.1', port: 2525 };
  }
  async close(): Promise<void> {
    this.listener = null;
  }
  transaction(message: OutgoingMessage): SinkTransaction {
    const now = this.#clock.now();
    return {
      earliest: now,
      latest: now,
      peer: '192.0.2.1:4711',
      helo: 'out.example',
      tls: false,
      reusedConnection: false,
      sender: message.sender,
      recipients: [message.recipient],
      envelopeId: message.envelopeId,
    };
  }
  /** The provider transfers a message: connect, data, reply, disconnect. */
  async deliver(message: OutgoingMessage): Promise<number> {
    const { listener } = this;
    if (listener === null) return 0;
    const transaction = this.transaction(message);
    listener.connected(transaction.peer, transaction.earliest);
    const [header = '', body = ''] = message.text.split(/\r\n\r\n(.*)/s);
    const reply = await listener.received(transaction, {
      header,
      body,
      endOfData: this.#clock.now(),
      bodySha256: '00',
    });
    listener.disconnected(transaction.peer);
    return reply.code;
  }
}

interface Stored {
  readonly folder: string;
  readonly uid: number;
  readonly text: string;
}

export class FakeMailbox implements Mailbox {
  readonly stored: Stored[] = [];
  readonly removed: number[] = [];
  readonly folders = new Map<string, Bookmark & { role: FolderRole }>([
    ['INBOX', { uidValidity: '1', uidNext: 1, role: 'inbox' }],
  ]);
  /** While set, every call fails with it. */
  failure: MailboxError | null = null;
  looks = 0;
  #hint: () => void = () => {};
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async open(onHint: () => void): Promise<{ certificateExpiresMs: number | null }> {
    this.#check();
    this.#hint = onHint;
    return { certificateExpiresMs: null };
  }
  async look(): Promise<Look> {
    this.#check();
    this.looks += 1;
    const sentAt = this.#clock.now();
    return { sentAt, folders: [...this.folders].map(([path, state]) => ({ path, ...state })) };
  }
  async fetch({ path }: FolderState, fromUid: number, toUid: number): Promise<Fetched> {
    this.#check();
    const seen = this.#clock.now();
    const messages = this.stored
      .filter(({ folder, uid }) => folder === path && uid >= fromUid && uid < toUid)
      .map(({ uid, text }) => {
        const [header = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
        return { uid, seen, header, body };
      });
    return { messages, complete: messages.length === toUid - fromUid };
  }
  async remove({ path }: FolderState, uids: readonly number[]): Promise<boolean> {
    this.#check();
    for (const uid of uids) {
      const index = this.stored.findIndex((each) => each.folder === path && each.uid === uid);
      if (index >= 0) this.removed.push(...this.stored.splice(index, 1).map((each) => each.uid));
    }
    return true;
  }
  async close(): Promise<void> {}
  /** The provider puts a message into a folder, announced or not. */
  deliver(message: Pick<OutgoingMessage, 'text'>, folder = 'INBOX', announce = false): void {
    const state = this.folders.get(folder) ?? {
      uidValidity: '1',
      uidNext: 1,
      role: folder === 'Junk' ? ('junk' as const) : ('other' as const),
    };
    this.stored.push({ folder, uid: state.uidNext, text: message.text });
    this.folders.set(folder, { ...state, uidNext: state.uidNext + 1 });
    if (announce) this.#hint();
  }
  #check(): void {
    if (this.failure !== null) throw this.failure;
  }
}
