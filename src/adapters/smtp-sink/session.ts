/** One connection at the sink: what the peer has done on it, and what the listener hears of it, each transaction exactly once. */
import type { Socket } from 'node:net';
import type { SMTPServer, SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { Instant } from '../../domain/time/instant.ts';
import { type Clock, type Log, OVER, type SinkListener, type SinkMessage } from '../../ports.ts';
import { COMMANDS_MAX, DATA_MS_MAX, DOTTED_LINES_MAX, MESSAGE_BYTES_CUT, SESSION_BYTES_MAX } from './limits.ts';
import { EndOfDataScanner, MessageReader } from './message-reader.ts';
import {
  CLOSING_DOWN,
  DATA_OVER,
  NO_PLACE,
  refusalReason,
  replyError,
  SESSION_OVER,
  STEP_OVER,
  TOO_BIG,
  TOO_MANY_COMMANDS,
  TOO_SOON,
  TRY_AGAIN,
} from './refusals.ts';
import { SessionClock } from './session-clock.ts';
import { SessionTime } from './session-time.ts';
import { Transaction } from './transaction.ts';

export type Connection = SMTPServer['connections'] extends Set<infer C> ? C : never;
export type DataDone = (error: Error | null, text?: string) => void;

/** A connection as it was accepted. */
export interface Arrival {
  /** `address:port`, an IPv6 address in brackets. */
  readonly peer: string;
  readonly accepted: Instant;
  /** Since when it may have waited for that. */
  readonly waiting: Instant;
}
export interface SessionParts {
  readonly listener: SinkListener;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 *   fresh  no MAIL FROM was accepted yet          → at its end: vanished
 *   open   MAIL FROM accepted                     → abandoned
 *   data   354 sent, the message is being read    → abandoned; the peer, without our reply, will send it again
 *   taken  the listener has the whole message     → vanished if it breaks off within a command, which may be the next MAIL
 *   idle   a transaction is over                  → the same, and at each MAIL that is refused
 */
type State =
  | { readonly kind: 'fresh' | 'taken' | 'idle' }
  | { readonly kind: 'open' | 'data'; readonly transaction: Transaction };

const LINE_FEED = 0x0a;
/** With a 2xx reply to these no transaction is left (RFC 5321 §4.1.1.5, §4.1.4, RFC 3207 §4.2). */
const ENDS_TRANSACTION = ['RSET', 'EHLO', 'HELO', 'STARTTLS', 'QUIT'];

export class SinkSession {
  readonly peer: string;
  /** Set once the library has made it; null if it refused the connection at once. */
  connection: Connection | null = null;
  /** Resolves once the listener has been told that nothing more can come. */
  readonly over: Promise<void>;
  readonly #resolveOver: () => void;
  readonly #parts: SessionParts;
  readonly #accepted: Instant;
  readonly #clock: SessionClock;
  readonly #time: SessionTime;
  #socket: Socket;
  #state: State = { kind: 'fresh' };
  #command = '';
  /** Whether the last bytes were not the end of a line. */
  #withinLine = false;
  #ehlo: number | null = null;
  #greeted = false;
  #commands = 0;
  #bytes = 0;
  #scanner: EndOfDataScanner | null = null;
  #endOfData: Instant | null = null;
  /** What to say at the next moment without a transaction; null while the session may go on. */
  #farewell: string | null = null;
  #gone = false;

  constructor(socket: Socket, { peer, accepted, waiting }: Arrival, parts: SessionParts) {
    this.#socket = socket;
    this.#accepted = waiting;
    this.#parts = parts;
    this.#clock = new SessionClock(accepted, waiting);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#resolveOver = resolve;
    this.peer = peer;
    parts.listener.connected(peer, this.#accepted);
    this.#time = new SessionTime(parts.clock, (what) => {
      if (what === 'session') this.retire(SESSION_OVER);
      else this.#cut(421, what === 'step' ? STEP_OVER : SESSION_OVER);
    });
  }

  /** Sees the bytes of a socket that the library has just begun to read, before the library does. */
  watch(socket: Socket): void {
    this.#socket = socket;
    socket.prependListener('data', (chunk: Buffer) => this.#bytesRead(chunk));
  }

  #bytesRead(chunk: Buffer): void {
    const at = this.#parts.clock.now();
    this.#clock.bytesRead(at);
    this.#bytes += chunk.length;
    if (!this.#greeted) this.#cut(421, TOO_SOON);
    this.#withinLine = chunk.at(-1) !== LINE_FEED;
    if (this.#scanner?.read(chunk) === true) this.#endOfDataRead(at);
    else if (this.#scanner !== null && this.#scanner.dottedLines > DOTTED_LINES_MAX) this.#cut(552, TOO_BIG);
  }

  #endOfDataRead(at: Instant): void {
    this.#scanner = null;
    this.#endOfData = at;
    this.#clock.endOfDataRead(at);
  }

  commandRead(command: string): void {
    this.#clock.commandRead(this.#parts.clock.now());
    this.#time.stepped(false);
    this.#command = command;
    this.#commands += 1;
    if (command === 'EHLO' || command === 'HELO') this.#ehlo = this.#sinceAccept();
    if ((command === 'RCPT' || command === 'DATA') && this.#state.kind === 'open') {
      this.#state.transaction.reached(command === 'RCPT' ? 'rcpt' : 'data', this.#sinceAccept());
    }
    // Not at once: the library is about to handle the command.
    if (this.#commands === COMMANDS_MAX) queueMicrotask(() => this.#cut(421, TOO_MANY_COMMANDS));
  }

  /** Seconds from the accept to the last bytes read. */
  #sinceAccept(): number {
    return (this.#clock.lastRead.monoUs - this.#accepted.monoUs) / 1e6;
  }

  replyWritten(code: number, text: string): void {
    this.#clock.replyWritten(this.#parts.clock.now());
    this.#greeted = true;
    // A message has a time of its own.
    this.#time.stepped(code !== 354);
    if (this.#state.kind === 'taken') {
      // The listener's own answer to a message.
      this.#state = { kind: 'idle' };
    } else {
      const reason = refusalReason(code, text);
      if (reason !== null) this.#parts.listener.refused(reason);
      if (this.#state.kind === 'open' && this.#command === 'RCPT' && code >= 400) this.#state.transaction.refused(code);
      // The library refuses one for its size or a parameter, and nobody is asked.
      if (this.#state.kind === 'idle' && this.#command === 'MAIL' && code >= 400 && !this.#gone) this.#vanish();
    }
    if (code === 421) this.#abandon(421);
    else if (code < 400 && ENDS_TRANSACTION.includes(this.#command)) this.#abandon();
    if (this.#bytes > SESSION_BYTES_MAX && code !== 421) this.#farewell ??= SESSION_OVER;
    this.#leaveIfAsked();
  }

  /** MAIL FROM, found valid. False if the session is over and nothing may begin. */
  mail(sender: SMTPServerAddress, session: SMTPServerSession): boolean {
    if (this.#gone || (this.#state.kind !== 'fresh' && this.#state.kind !== 'idle')) return false;
    const steps = { accepted: this.#accepted, ehlo: this.#ehlo, mail: this.#sinceAccept(), rcpt: null, data: null };
    const transaction = new Transaction(this.peer, { ...this.#clock.transferBegun(), steps }, sender, session);
    this.#state = { kind: 'open', transaction };
    return true;
  }

  /** A recipient that is ours, as we write it. */
  recipient(address: string): void {
    if (this.#state.kind === 'open') this.#state.transaction.named(address);
  }

  /** Reads the message; `done` gets the listener's answer. The stream ends in `end`, or in `close` alone if the peer drops. */
  data(stream: SMTPServerDataStream, done: DataDone): void {
    if (this.#state.kind !== 'open') {
      done(replyError(451, '4.3.0 No transaction'));
      return;
    }
    const { transaction } = this.#state;
    this.#state = { kind: 'data', transaction };
    this.#scanner = new EndOfDataScanner();
    this.#endOfData = null;
    const reader = new MessageReader();
    const readSoFar = this.#clock.lastRead;
    const over = new AbortController();
    void this.#parts.clock.sleep(DATA_MS_MAX, over.signal).then(() => {
      if (!over.signal.aborted) this.#cut(421, DATA_OVER);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!stream.sizeExceeded) reader.write(chunk);
      else if (stream.byteLength > MESSAGE_BYTES_CUT) this.#cut(552, TOO_BIG);
    });
    stream.once('error', (error) => this.#parts.log.debug('a message broke off', { peer: this.peer, error }));
    stream.once('end', () => {
      if (this.#state.kind !== 'data' || this.#state.transaction !== transaction) return;
      // Unseen only if the peer sent it before our 354; then it was read before that, too.
      if (this.#endOfData === null) this.#endOfDataRead(readSoFar);
      this.#messageRead(transaction, stream.sizeExceeded ? null : reader, this.#endOfData ?? readSoFar, done);
    });
    stream.once('close', () => over.abort(OVER));
  }

  /** `reader` is null for a message over the limit. */
  #messageRead(transaction: Transaction, reader: MessageReader | null, endOfData: Instant, done: DataDone): void {
    if (reader === null) {
      this.#abandon(552);
      done(replyError(552, TOO_BIG));
      return;
    }
    this.#state = { kind: 'taken' };
    this.#commands = 0;
    void this.#ask(transaction, { ...reader.finish(), endOfData }, done);
  }

  async #ask(transaction: Transaction, message: SinkMessage, done: DataDone): Promise<void> {
    const { listener, log } = this.#parts;
    const { code, text } = await listener.received(transaction.seen(), message).catch((error: unknown) => {
      log.error('a message at the sink could not be handled, the peer is asked to come again', { error });
      return TRY_AGAIN;
    });
    if (code === 250) done(null, text);
    else done(replyError(code, text));
  }

  /** Ends the session as soon as no transaction runs. */
  retire(farewell = CLOSING_DOWN): void {
    this.#farewell = farewell;
    this.#leaveIfAsked();
  }

  #leaveIfAsked(): void {
    if (this.#farewell === null || (this.#state.kind !== 'fresh' && this.#state.kind !== 'idle')) return;
    const farewell = this.#farewell;
    this.#farewell = null;
    this.#cut(421, farewell);
  }

  /** It may not have TLS now, and may insist on it. */
  noHandshake(): void {
    this.#parts.listener.turnedAway(this.peer, this.#clock.earliest);
  }

  /** Its place is for another: what it came with, it could not transfer. */
  giveWay(): void {
    this.#parts.listener.turnedAway(this.peer, this.#clock.earliest);
    if (this.#state.kind === 'fresh') this.#state = { kind: 'idle' };
    this.#cut(421, NO_PLACE);
    // At once, or a flood would hold a file for each connection that has to go.
    this.#socket.destroySoon();
  }

  #cut(code: number, text: string): void {
    this.#abandon(code);
    this.connection?.send(code, text);
    this.connection?.close();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The socket is closed. */
  closed(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#time.stop();
    const isUntold = this.#state.kind === 'taken' || this.#state.kind === 'idle';
    if (this.#state.kind === 'fresh' || (isUntold && this.#withinLine)) this.#vanish();
    this.#abandon();
    this.#parts.listener.disconnected(this.peer);
    this.#resolveOver();
  }

  #vanish(): void {
    this.#parts.listener.vanished(this.peer, this.#clock.earliest);
  }

  #abandon(code?: number): void {
    if (this.#state.kind !== 'open' && this.#state.kind !== 'data') return;
    const { transaction } = this.#state;
    this.#state = { kind: 'idle' };
    this.#scanner = null;
    this.#parts.listener.abandoned(transaction.seen(), code ?? transaction.code);
  }
}
