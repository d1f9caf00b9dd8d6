/** A private mail provider for tests: real Postfix and Dovecot on loopback ports, below a temporary folder of their own. */
import { chmod, copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passwordOf } from '../tooling/secrets.ts';
import { type Certificate, type CertificateKind, issueCertificate } from './certificate.ts';
import { type Account, type Dovecot, prepareDovecot } from './dovecot.ts';
import { startGuard } from './guard.ts';
import { awaitMessage, dropMessages, type MaildirFile, type MaildirMessage, maildirFiles } from './maildir.ts';
import { awaitDelivery, type Delivery, type DeliveryMatch } from './maillog.ts';
import { greylist, letPass, type Policy, type PolicyServer, type Service, startPolicyServer } from './policy.ts';
import { reservePorts } from './ports.ts';
import { type Postfix, preparePostfix, socketFolder } from './postfix.ts';
import type { PostfixSettings } from './postfix-config.ts';
import { type Owner, systemUser } from './system-users.ts';

export interface ProviderOptions {
  /** Local parts of the mailboxes in `corp.test`; `alice` and `bob` unless given. */
  readonly users?: readonly string[];
  /** Of all services; `valid` unless given. */
  readonly certificate?: CertificateKind;
  /** IPv4 address to listen on; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Host where mail for `sink.test` goes; the provider's own unless given. */
  readonly sinkHost?: string;
  /** Where mail for `sink.test` goes; a port that is free now unless given. */
  readonly sinkPort?: number;
  /** Parameters that are added to main.cf or replace ours. */
  readonly postfix?: Readonly<Record<string, string>>;
  /** Lines added to dovecot.conf. */
  readonly dovecot?: string;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Provider {
  /** Holds configuration, queue, mail, `maillog` and `dovecot.log`. */
  readonly root: string;
  readonly domain: 'corp.test';
  readonly sinkDomain: 'sink.test';
  /** The name to expect in the certificate (it also holds `localhost` and 127.0.0.1), and the authority to trust. */
  readonly serverName: string;
  readonly caPem: string;
  /** STARTTLS is offered, AUTH is not. Unknown recipients are refused with 550 5.1.1 here and at submission. */
  readonly mx: Endpoint;
  /** STARTTLS is offered and not required; AUTH PLAIN. */
  readonly submission: Endpoint;
  /** Implicit TLS. */
  readonly submissions: Endpoint;
  /** STARTTLS is offered and not required. */
  readonly imap: Endpoint;
  readonly imaps: Endpoint;
  /** An address that the MX takes and that bounces afterwards, with 550 5.1.1. */
  readonly lateBounce: string;
  user(name: string): Account;

  /** Where mail for `sink.test` goes on 127.0.0.1. Refused with 4xx or unreachable, it is tried again after 1 to 3 s. */
  readonly sinkPort: number;
  routeSink(port: number): Promise<void>;
  /** Seconds between the final dot and its reply, in later connections to MX and submission; whole. */
  delayEndOfData(seconds: number): Promise<void>;
  /** What is said to recipients from now on; `letPass` at first. */
  policy(service: Service, policy: Policy): void;
  /** The MX refuses the first `attempts` tries of each client, sender and recipient with 450; 0 ends it. */
  greylist(attempts: number): void;

  /** Stops the queue manager: what is accepted stays in the queue, in both directions, until `releaseQueue`. */
  holdQueue(): Promise<void>;
  releaseQueue(): void;
  /** Attempts everything deferred, once the deliveries under way have ended. */
  flushQueue(): Promise<void>;
  /** Postfix's own account of the first delivery that matches, once it is logged. */
  postfixDelays(match: DeliveryMatch): Promise<Delivery>;

  /** Where the account's messages lie; a folder `Name` in `.Name` below it. */
  maildirOf(name: string): string;
  /** The account's messages in all folders, oldest first. */
  maildirFiles(name: string): Promise<readonly MaildirFile[]>;
  /** Waits for a message that contains `text`. */
  message(name: string, text: string): Promise<MaildirMessage>;
  /** Puts other people's messages (RFC 5322 text) straight into a folder; `INBOX` unless given. */
  dropMessages(name: string, messages: readonly string[], folder?: string): Promise<void>;
  /** Beside INBOX, Junk, Sent, Drafts and Trash; `.` separates levels. */
  createFolder(name: string, folder: string): Promise<void>;
  /** The account's Sieve script from now on, e.g. `require "fileinto"; if header :is "X-Spam" "yes" { fileinto "Junk"; }`. */
  sieve(name: string, script: string): Promise<void>;

  /** Puts another certificate in the place of the one in use, and starts both servers anew with it. */
  certificate(kind: CertificateKind | 'unknown-authority'): Promise<void>;

  startPostfix(): Promise<void>;
  stopPostfix(): Promise<void>;
  startDovecot(): Promise<void>;
  /** Takes a second or two, as Dovecot does. */
  stopDovecot(): Promise<void>;
  /** Ends everything and removes the folder. Happens by itself when the test process ends in any other way. */
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const SERVER_NAME = 'mx.corp.test';
const DOMAIN = 'corp.test';
const SINK_DOMAIN = 'sink.test';
/** sizeof sun_path less its terminating zero. */
const SOCKET_PATH_BYTES_MAX = 107;

/** Takes a fraction of a second. Needs what `mailServers()` checks. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const closers: Closer[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    return Object.assign(await startParts(options, closers), { stop: close });
  } catch (error) {
    await close();
    throw error;
  }
}

type Closer = () => Promise<void>;

async function makeRoot(): Promise<string> {
  const parent = tmpdir();
  const longest = join(socketFolder(join(parent, 'provider-XXXXXX')), 'dovecot-lmtp');
  if (Buffer.byteLength(longest) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(`socket paths must be at most ${SOCKET_PATH_BYTES_MAX} bytes, ${longest} is not: shorten TMPDIR`);
  }
  const root = await mkdtemp(join(parent, 'provider-'));
  // The servers' users must be able to pass.
  await chmod(root, 0o755);
  return root;
}

interface Parts {
  readonly postfix: Postfix;
  readonly dovecot: Dovecot;
  readonly policies: PolicyServer;
  readonly accounts: readonly Account[];
  readonly mailOwner: Owner;
}

/** Starts everything, and says in `closers` how to end what has been started, to be called in reverse. */
async function startParts(options: ProviderOptions, closers: Closer[]): Promise<Omit<Provider, 'stop'>> {
  const root = await makeRoot();
  const guard = startGuard(root);
  closers.push(() => guard.close());
  const host = options.host ?? LOOPBACK;
  const { ports, release } = await reservePorts(host, ['mx', 'submission', 'submissions', 'imap', 'imaps', 'sink']);
  closers.push(release);
  const policies = await startPolicyServer(host);
  closers.push(() => policies.close());
  const accounts = (options.users ?? ['alice', 'bob']).map(accountNamed);
  const lateBounce = `accepted-then-refused@${DOMAIN}`;
  const names = [`DNS:${SERVER_NAME}`, 'DNS:localhost', `IP:${LOOPBACK}`];
  const mailOwner = await systemUser('mail');
  const certificate = await issueCertificate(join(root, 'tls'), options.certificate ?? 'valid', names);
  const settings: PostfixSettings = {
    sinkHost: options.sinkHost ?? host,
    sinkPort: options.sinkPort ?? ports.sink,
    endOfDataDelaySeconds: 0,
    extra: options.postfix ?? {},
  };
  const place = { root, certificate, host, ports };
  const recipients = [...accounts.map(({ address }) => address), lateBounce];
  const postfix = await preparePostfix(guard, {
    ...place,
    policyPort: policies.port,
    domain: DOMAIN,
    sinkDomain: SINK_DOMAIN,
    recipients,
    settings,
  });
  const dovecot = await prepareDovecot(guard, {
    ...place,
    accounts,
    socketFolder: socketFolder(root),
    mailOwner,
    extra: options.dovecot ?? '',
  });
  closers.push(async () => void (await Promise.all([postfix.kill(), dovecot.kill()])));
  await Promise.all([postfix.start(), dovecot.start()]);
  const at = (port: number): Endpoint => ({ host, port });
  const parts: Parts = { postfix, dovecot, policies, accounts, mailOwner };
  const swapCertificate = async (kind: CertificateKind | 'unknown-authority'): Promise<void> => {
    await Promise.all([postfix.stop(), dovecot.stop()]);
    await replaceCertificate(certificate, join(root, 'tls'), kind, names);
    await Promise.all([postfix.start(), dovecot.start()]);
  };
  return Object.assign(controls(parts, settings, join(root, 'maillog')), {
    root,
    domain: DOMAIN,
    sinkDomain: SINK_DOMAIN,
    serverName: SERVER_NAME,
    caPem: certificate.caPem,
    certificate: swapCertificate,
    mx: at(ports.mx),
    submission: at(ports.submission),
    submissions: at(ports.submissions),
    imap: at(ports.imap),
    imaps: at(ports.imaps),
    lateBounce,
  } as const);
}

/** By the authority that is trusted, or by one nobody knows. */
async function replaceCertificate(
  { certFile, keyFile }: Certificate,
  folder: string,
  kind: CertificateKind | 'unknown-authority',
  names: readonly string[],
): Promise<void> {
  if (kind !== 'unknown-authority') {
    await issueCertificate(folder, kind, names);
    return;
  }
  const stranger = await issueCertificate(`${folder}-of-a-stranger`, 'valid', names);
  await copyFile(stranger.certFile, certFile);
  await copyFile(stranger.keyFile, keyFile);
}

function controls({ postfix, dovecot, policies, accounts, mailOwner }: Parts, first: PostfixSettings, maillog: string) {
  let settings = first;
  const configure = async (change: Partial<PostfixSettings>) => {
    settings = { ...settings, ...change };
    await postfix.reconfigure(settings);
  };
  const user = (name: string): Account => {
    const found = accounts.find(({ address }) => address === `${name}@${DOMAIN}`);
    if (found === undefined)
      throw new Error(`no user ${name}, only ${accounts.map(({ address }) => address).join(', ')}`);
    return found;
  };
  const maildir = (name: string) => dovecot.maildir(user(name));
  return {
    user,
    get sinkPort(): number {
      return settings.sinkPort;
    },
    routeSink: (sinkPort: number) => configure({ sinkPort }),
    delayEndOfData: (endOfDataDelaySeconds: number) => configure({ endOfDataDelaySeconds }),
    policy: (service: Service, policy: Policy) => policies.use(service, policy),
    greylist: (attempts: number) => policies.use('mx', attempts > 0 ? greylist(attempts) : letPass),
    holdQueue: () => postfix.hold(),
    releaseQueue: () => postfix.release(),
    flushQueue: () => postfix.flush(),
    postfixDelays: (match: DeliveryMatch) => awaitDelivery(maillog, match),
    maildirOf: maildir,
    maildirFiles: (name: string) => maildirFiles(maildir(name)),
    message: (name: string, text: string) => awaitMessage(maildir(name), text),
    dropMessages: (name: string, messages: readonly string[], folder = 'INBOX') =>
      dropMessages(maildir(name), folder, mailOwner, messages),
    createFolder: (name: string, folder: string) => dovecot.createFolder(user(name), folder),
    sieve: (name: string, script: string) => dovecot.sieve(user(name), script),
    startPostfix: () => postfix.start(),
    stopPostfix: () => postfix.stop(),
    startDovecot: () => dovecot.start(),
    stopDovecot: () => dovecot.stop(),
  };
}

function accountNamed(name: string): Account {
  const address = `${name}@${DOMAIN}`;
  return { address, username: address, password: passwordOf(name) };
}
