/** What the demo's provider shows to the world: a submission server with AUTH, and an MX that takes mail for its one mailbox. */
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { HostPort, Login } from '../domain/settings.ts';
import { LOOPBACK, listening, trackSockets } from './sockets.ts';

/** A message the provider has taken responsibility for. */
export interface TakenMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly envelopeId: string | null;
  /** As received, latin1. */
  readonly text: string;
  /** Who gave it, for the trace: the name it said and its address. */
  readonly from: string;
  readonly queueId: string;
  readonly protocol: string;
}

export interface SmtpFront {
  readonly at: HostPort;
  close(): Promise<void>;
}

interface FrontSettings {
  readonly hostname: string;
  newQueueId(): string;
  /** Called just after the 250 was written. */
  taken(message: TakenMessage): void;
}

/** Probes are a few kilobytes. */
const MESSAGE_BYTES_MAX = 262_144;

/** Plain text on loopback: there is no certificate that a client had reason to trust. */
const COMMON: SMTPServerOptions = {
  disabledCommands: ['STARTTLS'],
  disableReverseLookup: true,
  hideDSN: false,
  hideENHANCEDSTATUSCODES: false,
  size: MESSAGE_BYTES_MAX,
  logger: false,
};

/** Takes mail from the account's owner, in the account's name only, to anyone. */
export function startSubmission(settings: FrontSettings, login: Login, address: string): Promise<SmtpFront> {
  return start(settings, {
    ...COMMON,
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth(auth, _session, callback) {
      if (auth.username === login.username && auth.password === login.password) callback(null, { user: auth.username });
      else callback(refusal(535, 'authentication failed'));
    },
    onMailFrom(sender, _session, callback) {
      callback(sameAddress(sender.address, address) ? null : refusal(553, `sender must be <${address}>`));
    },
  });
}

/** Takes mail from anyone, for the account only: it is no relay. */
export function startMx(settings: FrontSettings, address: string): Promise<SmtpFront> {
  return start(settings, {
    ...COMMON,
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(recipient, _session, callback) {
      callback(sameAddress(recipient.address, address) ? null : refusal(550, `no mailbox <${recipient.address}> here`));
    },
  });
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

async function start(settings: FrontSettings, options: SMTPServerOptions): Promise<SmtpFront> {
  const server = new SMTPServer({
    ...options,
    name: settings.hostname,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        // An oversized one is refused by the server, whatever is called back.
        if (stream.sizeExceeded) return callback(null);
        const queueId = settings.newQueueId();
        // The session forgets its envelope as it replies.
        const message = toMessage(session, Buffer.concat(chunks).toString('latin1'), queueId);
        callback(null, `queued as ${queueId}`);
        settings.taken(message);
      });
    },
  });
  // What a client does to its own connection is no fault of the server.
  const onError = (): void => {};
  const cut = trackSockets(server.server);
  server.listen(0, LOOPBACK);
  const at = await listening(server.server);
  server.on('error', onError);
  return {
    at,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        cut();
      }),
  };
}

function toMessage(session: SMTPServerSession, text: string, queueId: string): TakenMessage {
  const { mailFrom, rcptTo, dsn } = session.envelope;
  return {
    sender: mailFrom === false ? '' : mailFrom.address,
    recipients: rcptTo.map((recipient) => recipient.address),
    envelopeId: dsn?.envid ?? null,
    text,
    from: `${session.hostNameAppearsAs} ([${session.remoteAddress}])`,
    queueId,
    protocol: session.transmissionType,
  };
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
