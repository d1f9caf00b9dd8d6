/** Carries one message over an open socket with nodemailer's SMTPConnection, and leaves the connection closed. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Login } from '../../domain/settings.ts';
import type { Clock } from '../../ports.ts';
import { aborted, createDeadline, LIMIT_MS, timeout, within } from './deadline.ts';
import { Failure, toFailure } from './failure.ts';
import { messageSource } from './message-source.ts';
import type { Server } from './reach.ts';
import type { StageClock } from './stage-clock.ts';
import { type Ending, Transcript } from './transcript.ts';

/** How a session begins, once the socket is open. */
export interface Greeting {
  readonly host: string;
  readonly helo: string;
  /** How the socket comes to be encrypted: it `is`, it `must` be by STARTTLS, or it stays as it is. */
  readonly encryption: 'is' | 'must' | 'none';
  readonly tls: ConnectionOptions;
}
/** What it is then to do. */
export interface Errand extends Greeting {
  readonly login: Login | null;
  readonly sender: string;
  readonly recipient: string;
  readonly envelopeId: string;
  readonly message: Buffer;
}

/** Longest reply read. An EHLO reply has about a kilobyte. */
const REPLY_BYTES_MAX = 16_384;
/** What a server says in a session in all: some kilobytes, those of a kept one's NOOPs included. Each line of it, be it empty, takes a turn of the event loop. */
const SESSION_BYTES_MAX = 4 * REPLY_BYTES_MAX;
/** A login asks for a name and a password at most (RFC 4954 §4). */
const CHALLENGES_MAX = 4;
/** nodemailer's own timers stand behind ours: longer than the longest of LIMIT_MS, together and each. */
const BACKSTOP_MS = 2 * LIMIT_MS.session;

/** What nodemailer keeps to itself. */
interface Listening {
  _onData(chunk: Buffer): void;
  /** Ends the session with an error of its code for a reply that fits nowhere. */
  _onResponseTooLarge(): void;
}

const ENCRYPTION = { tls: 'is', starttls: 'must', none: 'none' } as const;

export function greetingOf({ host, helo, security }: Server, tls: ConnectionOptions): Greeting {
  return { host, helo, encryption: ENCRYPTION[security], tls };
}

/** Resolves once the connection is closed. */
export async function converse(
  socket: Socket,
  errand: Errand,
  clock: Clock,
  stages: StageClock,
  signal: AbortSignal,
): Promise<Ending> {
  const { promise: over, resolve: settle, reject: crash } = Promise.withResolvers<Failure | null>();
  const fail = (error: unknown) => {
    try {
      settle(toFailure(error));
    } catch (bug) {
      crash(bug);
    }
  };
  const deadline = createDeadline(clock, (limitMs) => settle(timeout(limitMs)));
  const whole = createDeadline(clock, (limitMs) => (transcript.committed ? undefined : settle(timeout(limitMs))));
  whole.start(LIMIT_MS.session);
  const transcript = new Transcript(
    { startTls: errand.encryption === 'must', login: errand.login !== null },
    clock,
    stages,
    deadline,
  );
  const stop = () => {
    if (!transcript.committed) settle(aborted());
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  const connection = createConnection(socket, errand, transcript);
  connection.on('error', fail);
  const ended = (): void => settle(new Failure('CONNECTION_LOST', 'the connection ended'));
  connection.once('end', ended);
  if (socket.destroyed) fail(socket.errored ?? new Failure('CONNECTION_LOST', 'the connection ended'));
  else connection.connect((error) => (error ? fail(error) : carry(connection, errand, transcript, settle, fail)));
  try {
    const failure = await over;
    // Every session ends: no exception has to be made of it any more.
    connection.off('end', ended);
    const ending = transcript.ending(failure);
    if (failure === null || ending.kind === 'refused') await quit(connection, clock, signal);
    return ending;
  } finally {
    deadline.stop();
    whole.stop();
    signal.removeEventListener('abort', stop);
    connection.close();
  }
}

export function createConnection(
  socket: Socket,
  { host, helo, encryption, tls }: Greeting,
  transcript: Pick<Transcript, 'sent' | 'replied'>,
): SMTPConnection {
  let [bytes, challenges] = [0, 0];
  const connection = new SMTPConnection({
    host,
    name: helo,
    connection: socket,
    secure: encryption === 'is',
    secured: encryption === 'is',
    requireTLS: encryption === 'must',
    ignoreTLS: encryption !== 'must',
    tls,
    connectionTimeout: BACKSTOP_MS,
    greetingTimeout: BACKSTOP_MS,
    socketTimeout: BACKSTOP_MS,
    socketCloseTimeout: 0,
    maxResponseSize: REPLY_BYTES_MAX,
    transactionLog: true,
    // Its log is the one place that has each command as it is sent and each reply as it is read, pipelined ones too.
    logger: {
      debug(entry, line) {
        const { tnx } = entry as { tnx?: unknown };
        if (tnx === 'client') transcript.sent(String(line));
        if (tnx !== 'server') return;
        transcript.replied(String(line), !socket.destroyed);
        if (String(line).startsWith('334')) challenges += 1;
      },
    },
  }) as SMTPConnection & Listening;
  // Each reply has its limit; how many there are, and how many empty lines, has none.
  const read = connection._onData.bind(connection);
  connection._onData = (chunk) => {
    bytes += chunk.length;
    if (bytes > SESSION_BYTES_MAX || challenges > CHALLENGES_MAX) connection._onResponseTooLarge();
    else read(chunk);
  };
  return connection;
}

/** Logs in if it must, and sends. */
function carry(
  connection: SMTPConnection,
  errand: Errand,
  transcript: Transcript,
  settle: (failure: Failure | null) => void,
  fail: (error: unknown) => void,
): void {
  const send = () => {
    const { sender, recipient, envelopeId, message } = errand;
    const source = messageSource(
      message,
      () => transcript.block(),
      () => transcript.lastBlock(),
    );
    // ENVID alone: RET and NOTIFY would change what a provider reports, and are no business of a probe.
    connection.send({ from: sender, to: recipient, dsn: { envid: envelopeId } }, source, (error) =>
      error ? fail(error) : settle(null),
    );
  };
  if (errand.login === null) return send();
  const { username: user, password: pass } = errand.login;
  connection.login({ credentials: { user, pass } }, (error) => (error ? fail(error) : send()));
}

/** RFC 5321 §4.1.1.10. How it goes changes nothing: the outcome is known. */
export async function quit(connection: SMTPConnection, clock: Clock, signal: AbortSignal): Promise<void> {
  if (connection.destroyed) return;
  const ended = within(clock, LIMIT_MS.quit, signal, (cut) => once(connection, 'end', { signal: cut }));
  connection.quit();
  // `toFailure` lets a bug through.
  await ended.catch(toFailure);
}
