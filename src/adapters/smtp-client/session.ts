/** The SMTP session of a check: opened as that of a message is, then asked single commands, and kept where that is wanted. */
import type { Socket } from 'node:net';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Login } from '../../domain/settings.ts';
import type { Clock } from '../../ports.ts';
import { createConnection, type Greeting, quit } from './conversation.ts';
import { aborted, type Deadline, LIMIT_MS, within } from './deadline.ts';
import { Failure, toFailure } from './failure.ts';
import { parseReply, type Reply } from './reply.ts';
import type { StageClock } from './stage-clock.ts';
import { type Ending, Transcript } from './transcript.ts';

/**
 * What nodemailer's own commands are made of, left out of its types. Used because it has neither NOOP nor an envelope without a
 * message, and a second client beside it could log in where it cannot, or the other way round.
 */
interface Wire {
  _sendCommand(line: string): void;
  /** Takes the reply that comes next. */
  readonly _responseActions: ((reply: string) => void)[];
}

/** A check is bounded as a whole, and not stage by stage. */
const UNBOUNDED: Deadline = { start() {}, stop() {} };
const LOST = 'the connection ended';

export class Session {
  readonly #connection: SMTPConnection & Wire;
  readonly #plain: Socket | null;
  readonly #clock: Clock;
  readonly #transcript: Transcript;
  /** Whether the transcript's part is over: what comes later is no stage of a check. */
  #opened = false;
  #lost: Failure | null = null;
  #fail: (reason: unknown) => void = () => {};

  /** `plain` is the socket below TLS. */
  constructor(
    socket: Socket,
    plain: Socket | null,
    greeting: Greeting,
    plan: { readonly login: boolean },
    clock: Clock,
    stages: StageClock,
  ) {
    this.#clock = clock;
    this.#plain = plain;
    const startTls = greeting.encryption === 'must';
    this.#transcript = new Transcript({ startTls, ...plan }, clock, stages, UNBOUNDED);
    const listener = {
      sent: (command: string) => (this.#opened ? undefined : this.#transcript.sent(command)),
      replied: (raw: string, whole: boolean) => (this.#opened ? undefined : this.#transcript.replied(raw, whole)),
    };
    this.#connection = createConnection(socket, greeting, listener) as SMTPConnection & Wire;
    const lose = (error: unknown): void => {
      this.#lost ??= toFailure(error);
      this.#fail(this.#lost);
    };
    this.#connection.on('error', lose);
    this.#connection.once('end', () => lose(new Failure('CONNECTION_LOST', LOST)));
    if (socket.destroyed) lose(socket.errored ?? new Failure('CONNECTION_LOST', LOST));
  }

  /** Greeting, EHLO, STARTTLS if it must, and login if there is one. Rejects with a Failure; `ending` then says at what. */
  async open(login: Login | null, signal: AbortSignal): Promise<void> {
    await this.#ask<void>(signal, (done, fail) => this.#connection.connect((error) => (error ? fail(error) : done())));
    if (login === null) return;
    const { username: user, password: pass } = login;
    await this.#ask<void>(signal, (done, fail) =>
      this.#connection.login({ credentials: { user, pass } }, (error) => (error ? fail(error) : done())),
    );
  }

  /** MAIL FROM and RCPT TO, and no more. Rejects with a Failure; `ending` then says at what. */
  async envelope(sender: string, recipient: string, signal: AbortSignal): Promise<void> {
    for (const line of [`MAIL FROM:<${sender}>`, `RCPT TO:<${recipient}>`]) {
      const { code } = await this.command(line, signal);
      if (code >= 300) throw new Failure('PROTOCOL', `a ${code} to ${line}`);
    }
  }

  /** From now on it is a session that is kept. */
  settle(): void {
    this.#opened = true;
  }

  /** Rejects with a Failure, be it that the session was lost before. */
  async command(line: string, signal: AbortSignal): Promise<Reply> {
    const raw = await this.#ask<string>(signal, (done) => {
      this.#connection._responseActions.push(done);
      this.#connection._sendCommand(line);
    });
    const reply = parseReply(raw);
    if (reply === null) throw new Failure('PROTOCOL', `no reply to ${line}: ${raw}`);
    return reply;
  }

  /** What a failure amounts to, given what was said before it. */
  ending(failure: Failure): Ending {
    return this.#transcript.ending(failure);
  }

  /** Says `commands` and QUIT where it still can, and closes. How it goes changes nothing. */
  async leave(commands: readonly string[], signal: AbortSignal): Promise<void> {
    this.settle();
    try {
      for (const line of commands) await within(this.#clock, LIMIT_MS.quit, signal, (cut) => this.command(line, cut));
      if (this.#lost === null) await quit(this.#connection, this.#clock, signal);
    } catch (error) {
      toFailure(error);
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#connection.close();
    this.#plain?.destroy();
  }

  async #ask<T>(signal: AbortSignal, start: (done: (value: T) => void, fail: (reason: unknown) => void) => void) {
    if (this.#lost !== null) throw this.#lost;
    if (signal.aborted) throw aborted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const stop = () => reject(aborted());
    this.#fail = reject;
    signal.addEventListener('abort', stop, { once: true });
    try {
      start(resolve, reject);
      return await promise;
    } catch (error) {
      throw toFailure(error);
    } finally {
      this.#fail = () => {};
      signal.removeEventListener('abort', stop);
    }
  }
}
