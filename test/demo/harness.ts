/** What the demo's tests share: a provider, a sink that keeps what it gets, and a client that submits. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { ImapFlow } from 'imapflow';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SMTPServer, type SMTPServerEnvelope } from 'smtp-server';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type { DemoProvider } from '../../src/demo/provider.ts';
import type { HostPort, Login } from '../../src/domain/settings.ts';
import type { Random } from '../../src/ports.ts';

export const clock = systemClock();

/** The same bytes and draws on every run. */
export function seededRandom(): Random {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return { uniform: next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) };
}

export interface Arrival {
  readonly text: string;
  /** As of the data: the session forgets it with its reply. */
  readonly envelope: SMTPServerEnvelope;
  /** Monotonic microseconds of MAIL FROM. */
  readonly mailUs: number;
}
export interface TestSink {
  readonly at: HostPort;
  readonly arrivals: Arrival[];
  /** Resolves once so many messages have arrived. */
  has(count: number): Promise<void>;
  close(): Promise<void>;
}

/** `refuse` decides on each MAIL FROM, counted from 1: a code refuses it. */
export async function startSink(refuse: (attempt: number) => number | null = () => null): Promise<TestSink> {
  const arrivals: Arrival[] = [];
  const mailUs = new Map<string, number>();
  let attempts = 0;
  let notify = (): void => {};
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    hideDSN: false,
    onMailFrom(_address, session, callback) {
      mailUs.set(session.id, clock.now().monoUs);
      attempts += 1;
      const code = refuse(attempts);
      callback(code === null ? null : Object.assign(new Error('not now'), { responseCode: code }));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        arrivals.push({
          text: Buffer.concat(chunks).toString('latin1'),
          envelope: { ...session.envelope },
          mailUs: mailUs.get(session.id) ?? 0,
        });
        callback(null);
        notify();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the sink took no port');
  return {
    at: { host: address.address, port: address.port },
    arrivals,
    async has(count) {
      while (arrivals.length < count) {
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export interface Submitted {
  /** The 250's text, or the error's. */
  readonly reply: string;
  readonly code: number;
  /** Monotonic microseconds just before the data was handed over: no later than the provider's 250. */
  readonly beforeUs: number;
}

/** One message over one connection. Resolves with the last reply, whatever it was. */
export function submit(
  to: HostPort,
  login: Login | null,
  envelope: { from: string; to: string; envid?: string },
  text: string,
): Promise<Submitted> {
  const connection = new SMTPConnection({ host: to.host, port: to.port, ignoreTLS: true, name: 'client.example' });
  return new Promise<Submitted>((resolve, reject) => {
    connection.on('error', reject);
    const refused = (error: Error & { responseCode?: number | undefined }): void =>
      resolve({ reply: error.message, code: error.responseCode ?? 0, beforeUs: 0 });
    const send = (): void => {
      const dsn = envelope.envid === undefined ? {} : { dsn: { envid: envelope.envid } };
      const beforeUs = clock.now().monoUs;
      connection.send({ from: envelope.from, to: [envelope.to], ...dsn }, text, (error, info) => {
        if (error) refused(error);
        else resolve({ reply: info?.response ?? '', code: 250, beforeUs });
      });
    };
    connection.connect((connectError) => {
      if (connectError) return reject(connectError);
      if (login === null) return send();
      connection.login({ credentials: { user: login.username, pass: login.password } }, (error) =>
        error ? refused(error) : send(),
      );
    });
  }).finally(() => connection.close());
}

export async function openMailbox(provider: DemoProvider, login: Login = provider.login): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: provider.imap.host,
    port: provider.imap.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: login.username, pass: login.password },
    logger: false,
    disableAutoIdle: true,
  });
  await client.connect();
  return client;
}

/** Looks until a folder's UIDNEXT is `uidNext`; resolves with the monotonic microseconds at which that look was sent. */
export async function lookFor(client: ImapFlow, folder: string, uidNext: number): Promise<number> {
  for (;;) {
    const sentUs = clock.now().monoUs;
    const status = await client.status(folder, { uidNext: true });
    if (status !== false && status.uidNext === uidNext) return sentUs;
    await clock.sleep(20);
  }
}

/** Whether something listens there. */
export function isOpen(at: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
