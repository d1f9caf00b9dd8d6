/** Wires smtp-server to the sink's sessions: its callbacks, its log, and the sockets below it. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { SinkSettings } from '../../domain/settings.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { AcceptQueue } from './accept-queue.ts';
import { Admission } from './admission.ts';
import { Handshakes } from './handshakes.ts';
import { COMMAND_BYTES_MAX, MESSAGE_BYTES_MAX, RECIPIENTS_MAX, STEP_MS_MAX } from './limits.ts';
import { peerOf } from './peer.ts';
import { CLOSING_DOWN, NO_HANDSHAKE, NO_PLACE, RELAYING_DENIED, replyError, TOO_MANY_CONNECTIONS } from './refusals.ts';
import { type Arrival, type Connection, type SessionParts, SinkSession } from './session.ts';

/** What smtp-server knows and the sink has no use for; STARTTLS is another such without a certificate. */
const DISABLED_COMMANDS = ['AUTH', 'VRFY', 'EXPN', 'HELP', 'WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

/** Which recipients are ours, and which addresses are of the providers' networks. */
export interface SinkRules {
  readonly ours: (address: string) => string | null;
  readonly isProvider: (address: string) => boolean;
}

/** The connections under way. */
class Sessions extends Map<string, SinkSession> {
  readonly admission: Admission;

  constructor(isProvider: (address: string) => boolean) {
    super();
    this.admission = new Admission(isProvider);
  }

  end(id: string): void {
    const session = this.get(id);
    this.delete(id);
    this.admission.leave(id);
    session?.closed();
  }
}

/** One listening server; a closed one is not used again. */
export class SinkServer extends SMTPServer {
  readonly #parts: SessionParts;
  readonly #sessions: Sessions;
  readonly #queue = new AcceptQueue();
  readonly #handshakes: Handshakes;
  readonly #accepted = new WeakMap<Socket, Pick<Arrival, 'accepted' | 'waiting'>>();
  #count = 0;
  #closing = false;

  /** Throws what OpenSSL says of a certificate or key it cannot use. */
  constructor(settings: SinkSettings, { ours, isProvider }: SinkRules, parts: SessionParts) {
    const sessions = new Sessions(isProvider);
    super({ ...fixedOptions(settings), ...handlers(sessions, ours), logger: observer(sessions, parts) });
    this.#parts = parts;
    this.#sessions = sessions;
    this.#handshakes = new Handshakes(isProvider);
    // Before the library's own listener, which leaves the socket to a later turn of the event loop.
    this.server.prependListener('connection', (socket) => this.#accepted.set(socket, this.#takeIn(parts.clock.now())));
    // A peer that breaks off is everyday; whatever it began is reported by its session.
    this.on('error', (error) => parts.log.debug('a connection at the sink failed', { error }));
  }

  #takeIn(accepted: Instant): Pick<Arrival, 'accepted' | 'waiting'> {
    return { accepted, waiting: this.#queue.accepted(accepted) };
  }

  override connect(socket: Socket): void {
    const { address, name: peer } = peerOf(socket);
    const arrival = { peer, ...(this.#accepted.get(socket) ?? this.#takeIn(this.#parts.clock.now())) };
    this.#count += 1;
    const id = `${this.#count}`;
    const verdict = this.#sessions.admission.enter(id, address);
    if (verdict.kind === 'refused') {
      this.#refuse(socket, arrival, verdict.reason);
      return;
    }
    if (verdict.instead !== null) this.#sessions.get(verdict.instead)?.giveWay();
    const session = new SinkSession(socket, arrival, this.#parts);
    this.#sessions.set(id, session);
    socket.once('close', () => this.#sessions.end(id));
    super.connect(socket, { id });
    for (const connection of this.connections) {
      if (connection.id !== id) continue;
      session.connection = connection;
      this.#boundHandshakes(connection, session, address);
    }
    // Only now, as before it is read for the library nothing may make it flow.
    session.watch(socket);
    if (this.#closing) session.retire();
  }

  /** One too many is refused as RFC 3207 §4 has it: who insists on TLS comes again, and was turned away by us; others go on without. */
  #boundHandshakes(connection: Connection, session: SinkSession, address: string): void {
    const begin = connection.handler_STARTTLS.bind(connection);
    connection.handler_STARTTLS = (command, callback) => {
      // With a parameter there is none.
      const isBare = command.toString().trim().toUpperCase() === 'STARTTLS';
      if (connection.secure || !isBare || this.#handshakes.take(address, this.#parts.clock.now().monoUs)) {
        begin(command, callback);
        return;
      }
      session.noHandshake();
      connection.send(454, NO_HANDSHAKE);
      callback();
    };
  }

  #refuse(socket: Socket, { peer, waiting }: Arrival, reason: 'address' | 'full'): void {
    const { listener } = this.#parts;
    listener.connected(peer, waiting);
    listener.refused(reason);
    listener.turnedAway(peer, waiting);
    listener.disconnected(peer);
    socket.on('error', () => undefined);
    socket.write(`421 ${reason === 'address' ? TOO_MANY_CONNECTIONS : NO_PLACE}\r\n`);
    socket.destroySoon();
  }

  /** No more connections; ends each session as soon as its transaction is over. Resolves when all are gone. */
  async drain(): Promise<void> {
    this.#closing = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    const before = [...this.#sessions.values()];
    for (const session of before) session.retire();
    await promise;
    // What the sessions end with is told a little after their sockets are closed.
    await Promise.all([...before, ...this.#sessions.values()].map((session) => session.over));
  }

  destroySessions(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }
}

function fixedOptions({ hostname, tls }: SinkSettings): SMTPServerOptions {
  return {
    // Without `banner` the greeting is the name and ESMTP, no product and no version.
    name: hostname,
    heloResponse: '%s',
    ...(tls === null ? {} : { ...tls, minVersion: 'TLSv1.2' }),
    disabledCommands: tls === null ? [...DISABLED_COMMANDS, 'STARTTLS'] : DISABLED_COMMANDS,
    disableReverseLookup: true,
    // ENVID at MAIL FROM attributes an attempt before its data.
    hideDSN: false,
    // No probe needs it, and what is not offered is not used.
    hideSMTPUTF8: true,
    // With it the library prefixes codes of its own, 5.1.1 for our 5.7.1; ours stand in the texts.
    hideENHANCEDSTATUSCODES: true,
    size: MESSAGE_BYTES_MAX,
    maxRecipients: RECIPIENTS_MAX,
    maxCommandLength: COMMAND_BYTES_MAX,
    socketTimeout: STEP_MS_MAX,
    // A reply must not wait for the peer's delayed acknowledgement: that would be time of ours.
    noDelay: true,
  };
}

function handlers(sessions: Sessions, ours: SinkRules['ours']): SMTPServerOptions {
  return {
    onSecure(socket, { id }, callback) {
      // Each would be a handshake more (TLS 1.2).
      if (socket instanceof TLSSocket) socket.disableRenegotiation();
      sessions.get(id)?.watch(socket);
      callback(null);
    },
    onMailFrom(sender, session, callback) {
      const begun = sessions.get(session.id)?.mail(sender, session) === true;
      callback(begun ? null : replyError(421, CLOSING_DOWN));
    },
    onRcptTo({ address }, { id }, callback) {
      const recipient = ours(address);
      if (recipient !== null) sessions.get(id)?.recipient(recipient);
      callback(recipient === null ? replyError(550, RELAYING_DENIED) : null);
    },
    onData(stream, { id }, callback) {
      const session = sessions.get(id);
      stream.once('end', () => sessions.admission.served(id));
      if (session === undefined) callback(replyError(421, CLOSING_DOWN));
      else session.data(stream, callback);
    },
    // After STARTTLS, which takes our listener off the socket below, the end of a connection shows here alone.
    onClose: ({ id }) => sessions.end(id),
  };
}

/** smtp-server has no callback for EHLO, RSET, STARTTLS, the banner and replies; its log tells of each as it is read or written. */
function observer(sessions: Sessions, { log }: SessionParts) {
  const ignore = () => undefined;
  return {
    trace: ignore,
    info: ignore,
    warn: ignore,
    fatal: ignore,
    debug(entry: { readonly tnx?: string; readonly cid?: string; readonly command?: string }, _: string, line: string) {
      const session = entry.cid === undefined ? undefined : sessions.get(entry.cid);
      if (entry.tnx === 'command') session?.commandRead(entry.command ?? '');
      if (entry.tnx === 'send') session?.replyWritten(Number(line.slice(0, 3)), line);
    },
    error(entry: { readonly tnx?: string; readonly err?: unknown }) {
      // Failures of sockets come as `error` events too; this is a handler of ours that threw.
      if (entry.tnx === 'command') log.error('a command at the sink could not be handled', { error: entry.err });
    },
  };
}
