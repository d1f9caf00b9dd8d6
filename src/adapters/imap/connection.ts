/** One IMAP connection: raw commands with a deadline, and every failure a MailboxError. */
import { ImapFlow, type ImapFlowOptions, type ImapResponse } from 'imapflow';
import type { Stage } from '../../domain/probe.ts';
import type { Login, MailboxSettings } from '../../domain/settings.ts';
import { BODY_BYTES_MAX, type Clock, HEADER_BYTES_MAX, type Log, MailboxError, OVER } from '../../ports.ts';
import { AnswerMeter } from './answer-meter.ts';
import { EntryError, stageOfCode, toMailboxError } from './failure.ts';
import { trustIn } from './trust.ts';
import type { Argument, Untagged, Wire } from './wire.ts';

const CONNECT_MS_MAX = 30_000;
/** From the first packet to a usable session: TLS, login, and a server that makes wrong passwords wait. */
const OPEN_MS_MAX = 60_000;
/** A command may be silent this long … */
const COMMAND_SILENCE_MS_MAX = 60_000;
/** … and may take this many such spans in all while bytes keep coming. */
const COMMAND_SPANS_MAX = 10;
/** Below the library's five minutes of silence after which it drops a connection, and the 30 that servers must wait (RFC 3501 §5.4). */
const KEEP_ALIVE_MS = 240_000;
const LOGOUT_MS_MAX = 1500;
/** IDLE is renewed before the 29 minutes of RFC 2177 §3, sooner because some firewalls forget earlier. */
const IDLE_MS_MAX = 600_000;
/** A LIST or FETCH line without its literals is well below a kilobyte. */
const LINE_BYTES_MAX = 262_144;
/** What is asked for is bounded; a server that ignores the bound may send somewhat more before it is cut off. */
const LITERAL_BYTES_MAX = 4 * Math.max(HEADER_BYTES_MAX, BODY_BYTES_MAX);
/** A header and a body at most, and the line around them. */
const RESPONSE_BYTES_MAX = 2 * LITERAL_BYTES_MAX + LINE_BYTES_MAX;
/** The longest legitimate response lists a few hundred flags or capabilities. */
const RESPONSE_TOKENS_MAX = 20_000;

/** Server and port for messages. */
export function addressOf(settings: MailboxSettings): string {
  return `IMAP ${settings.host}:${settings.port}`;
}

export class Connection {
  readonly client: ImapFlow;
  readonly #wire: Wire;
  readonly #where: string;
  readonly #login: Login;
  readonly #clock: Clock;
  /** Why it can no longer be used; the first reason is the true one. */
  #failure: unknown = null;
  /** Lines of the server that the library could not parse and skipped. */
  #unreadable = 0;
  readonly #meter: AnswerMeter;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(settings: MailboxSettings, clock: Clock, log: Log) {
    this.#where = addressOf(settings);
    this.#login = settings.login;
    this.#clock = clock;
    this.client = new ImapFlow({ ...optionsFrom(settings), logger: this.#logger(log) });
    this.#wire = this.client as unknown as Wire;
    // The library walks through each range of it, asked for or not: `* VANISHED 1:16777216` holds the event loop for seconds.
    Object.assign(this.client, { untaggedVanished: async () => {} });
    this.#meter = new AnswerMeter(this.#wire.streamer, clock, (most) =>
      this.#drop(this.error('TOO_LARGE', `an answer must have at most ${most}, and goes on`)),
    );
    // The library emits at most one, possibly long after a call has returned.
    this.client.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** Connects and logs in. Rejects with EntryError; `CLOSED` when `signal` is aborted. */
  static async open(settings: MailboxSettings, clock: Clock, log: Log, signal: AbortSignal): Promise<Connection> {
    const connection = new Connection(settings, clock, log);
    const abort = (): void => connection.client.close();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    try {
      await connection.within('login', OPEN_MS_MAX, 1, () => connection.client.connect());
      return connection;
    } catch (error) {
      connection.client.close();
      throw error instanceof MailboxError ? new EntryError(connection.#stage(settings, error.code), error) : error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** What it was at when it was closed, as far as progress and a failure's code tell. */
  #stage({ security }: MailboxSettings, code: string): Stage {
    const { connectedAt, greetingReceived, secureConnection } = this.#wire;
    if (greetingReceived === true) return security === 'starttls' && !secureConnection ? 'tls' : 'auth';
    return connectedAt ? 'greeting' : stageOfCode(code);
  }

  /** The address that answers, null if it is gone. */
  get peer(): string | null {
    const { socket } = this.#wire;
    return (socket ? socket.remoteAddress : undefined) ?? null;
  }

  /** The server certificate's last valid moment, milliseconds since the epoch; null without TLS. */
  get certificateExpiresMs(): number | null {
    const socket = this.#wire.socket;
    const validTo = socket ? socket.getPeerCertificate?.().valid_to : undefined;
    return validTo === undefined ? null : Date.parse(validTo);
  }

  /** IMAP4rev2 has these extensions in it (RFC 9051 appendix E); it is in force only where rev1 is not offered. */
  offers(capability: 'LIST-EXTENDED' | 'LIST-STATUS' | 'SPECIAL-USE' | 'UIDPLUS'): boolean {
    const { capabilities } = this.client;
    return capabilities.has(capability) || (capabilities.has('IMAP4rev2') && !capabilities.has('IMAP4rev1'));
  }

  /** An error that names the server. */
  error(code: string, text: string): MailboxError {
    return new MailboxError(code, `${this.#where}: ${text}`);
  }

  /** Resolves when IDLE ends, for whatever reason; the library renews it in time, and polls where there is none. */
  async idle(): Promise<void> {
    this.#meter.begin('IDLE');
    await this.client.idle();
  }

  /** Runs `work` when all that was given before has ended, well or not. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Sends one command and resolves with its tagged OK; called inside `exclusive`, it has written the command when it returns.
   * Rejects on NO, on BAD, when a handler throws, and when a line of the answer could not be read: what was in it is unknown.
   */
  async command(name: string, attributes: readonly Argument[], untagged: Untagged = {}): Promise<ImapResponse> {
    const unreadable = this.#unreadable;
    let thrown: unknown = null;
    const handlers: Record<string, (response: ImapResponse) => Promise<void>> = {};
    for (const [key, handle] of Object.entries(untagged)) {
      handlers[key] = async (response) => {
        try {
          if (thrown === null) handle(response);
        } catch (error) {
          // The library would log it and go on.
          thrown = error;
          this.#drop(error);
        }
      };
    }
    const done = await this.within(name, COMMAND_SILENCE_MS_MAX, COMMAND_SPANS_MAX, () =>
      this.#wire.exec(name, attributes, { untagged: handlers }),
    );
    done.next();
    if (thrown !== null) throw toMailboxError(thrown, this.#where, this.#login);
    // The library takes one kind of NO for an OK: some messages of a FETCH are gone, which is no failure there.
    if (done.response.command?.toUpperCase() !== 'OK' && name !== 'UID FETCH')
      throw this.error('NO', `${name} refused`);
    if (this.#unreadable > unreadable) throw this.error('PROTOCOL', `a line of the answer to ${name} cannot be read`);
    return done.response;
  }

  /** Waits for `start`'s promise, but gives the connection up after `spans` spans of `ms`, or one in which no byte came. */
  async within<T>(what: string, ms: number, spans: number, start: () => Promise<T>): Promise<T> {
    this.#meter.begin(what);
    const work = start();
    const done = new AbortController();
    const watch = this.#watch(what, ms, spans, done.signal);
    try {
      return await work;
    } catch (error) {
      throw toMailboxError(this.#failure ?? error, this.#where, this.#login);
    } finally {
      done.abort(OVER);
      await watch;
    }
  }

  /** Keeps the library's words off the console, and learns from them of lines that it skipped. */
  #logger(log: Log) {
    const silent = (): void => {};
    const note = (entry: unknown): void => {
      const { msg, err, payloadBytes } = entry as { msg?: string; err?: { code?: string }; payloadBytes?: number };
      if (payloadBytes !== undefined) this.#unreadable += 1;
      // An unreadable line is given as `msg`, and it may hold anybody's mail.
      const text = payloadBytes === undefined ? (msg ?? 'error') : 'unreadable line';
      log.debug(`${this.#where}: ${text}`, { code: err?.code });
    };
    // Saves the library writing out every line for nobody.
    const isLevelEnabled = (level: string): boolean => ['warn', 'error', 'fatal'].includes(level);
    return { debug: silent, info: silent, warn: note, error: note, fatal: note, isLevelEnabled };
  }

  /** Speaks now and then, until `signal` is aborted or the connection is lost. */
  async keepAlive(signal: AbortSignal): Promise<void> {
    while (this.client.usable) {
      await this.#clock.sleep(KEEP_ALIVE_MS, signal);
      if (signal.aborted) return;
      try {
        await this.exclusive(() => this.command('NOOP', []));
      } catch (error) {
        // Told to whoever uses the connection next.
        this.#drop(error);
      }
    }
  }

  /** Logs out, or drops the connection if that takes long. Never rejects. */
  async close(): Promise<void> {
    const done = new AbortController();
    // Nothing is left to be said about a connection that is no longer wanted.
    const logout = this.client.logout().catch(() => undefined);
    await Promise.race([logout, this.#clock.sleep(LOGOUT_MS_MAX, done.signal)]);
    done.abort();
    this.client.close();
    await logout;
  }

  #drop(reason: unknown): void {
    this.#failure ??= reason;
    this.client.close();
  }

  async #watch(what: string, ms: number, spans: number, done: AbortSignal): Promise<void> {
    for (let span = 1; ; span += 1) {
      const before = this.client.stats().received;
      await this.#clock.sleep(ms, done);
      if (done.aborted) return;
      if (span < spans && this.client.stats().received > before) continue;
      this.#drop(this.error('TIMEOUT', `no answer to ${what} in ${(span * ms) / 1000} s`));
      return;
    }
  }
}

function optionsFrom(settings: MailboxSettings): ImapFlowOptions {
  const { ca, servername } = settings.tls;
  return {
    host: settings.host,
    port: settings.port,
    secure: settings.security === 'tls',
    doSTARTTLS: settings.security === 'tls' ? undefined : settings.security === 'starttls',
    ...(servername === null ? {} : { servername }),
    tls: {
      secureContext: trustIn(ca),
      // Verified always, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
    },
    auth: { user: settings.login.username, pass: settings.login.password },
    clientInfo: { name: 'mailflow-probe', vendor: 'mailflow-probe', version: '', 'support-url': '' },
    // Each of these sends commands of its own accord, or changes how folder names are written.
    disableAutoIdle: true,
    disableAutoEnable: true,
    disableCompression: true,
    maxIdleTime: IDLE_MS_MAX,
    connectionTimeout: CONNECT_MS_MAX,
    // The library's own limits are gigabytes.
    maxLineLength: LINE_BYTES_MAX,
    maxLiteralSize: LITERAL_BYTES_MAX,
    maxResponseSize: RESPONSE_BYTES_MAX,
    maxResponseTokens: RESPONSE_TOKENS_MAX,
  };
}
