/** A private Postfix for tests: MX, submission in both kinds of TLS, relay of `sink.test` to a port of the test's. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificate.ts';
import { type Daemon, eventually, greeted, SERVER_ENVIRONMENT, startDaemon } from './daemon.ts';
import type { Guard } from './guard.ts';
import { livingProcesses } from './processes.ts';
import { systemGroup, systemUser } from './system-users.ts';

export interface PostfixOptions {
  readonly root: string;
  readonly guard: Guard;
  readonly host: string;
  readonly ports: { readonly mx: number; readonly submission: number; readonly submissions: number };
  readonly policyPort: number;
  readonly certificate: Certificate;
  readonly domain: string;
  readonly sinkDomain: string;
  /** Addresses that MX and submission take; everything else in the domain is refused at RCPT. */
  readonly recipients: readonly string[];
  readonly settings: PostfixSettings;
}

/** What may change while Postfix runs. */
export interface PostfixSettings {
  readonly sinkPort: number;
  /** Seconds between the final dot and its reply; whole. */
  readonly endOfDataDelaySeconds: number;
  /** Parameters of main.cf that are added or replace the usual ones. */
  readonly extra: Readonly<Record<string, string>>;
}

export interface Postfix {
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Applies other settings to the next connections and deliveries. */
  reconfigure(settings: PostfixSettings): Promise<void>;
  /** Attempts everything deferred now. */
  flush(): Promise<void>;
  /** Stops the queue manager alone. */
  hold(): Promise<void>;
  release(): void;
}

const MASTER = '/usr/lib/postfix/sbin/master';
/** Programs of Postfix wait about 2 s when main.cf has just been written. */
const CONFIG_AGE_SECONDS = 10;
/** Ended by a reload at once and together with every idle process; one with an open session ends after it. */
const RELOADED = ['qmgr', 'trivial-rewrite'];
const run = promisify(execFile);

export function socketFolder(root: string): string {
  return join(root, 'postfix/queue/private');
}

export async function preparePostfix(options: PostfixOptions): Promise<Postfix> {
  const folder = join(options.root, 'postfix');
  const etc = join(folder, 'etc');
  const logFile = join(options.root, 'maillog');
  const errFile = join(options.root, 'postfix.err');
  await makeFolders(folder);
  const configure = async (settings: PostfixSettings) => {
    const file = join(etc, 'main.cf');
    const lines = Object.entries(parameters(options, settings)).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(file, lines.join(''));
    const then = Date.now() / 1000 - CONFIG_AGE_SECONDS;
    await utimes(file, then, then);
  };
  await configure(options.settings);
  await writeFile(join(etc, 'master.cf'), services(options));
  let daemon: Daemon | null = null;
  let held: number | null = null;
  const master = () => {
    if (daemon === null) throw new Error('Postfix does not run');
    return daemon;
  };
  const release = () => {
    if (held !== null) process.kill(held, 'SIGCONT');
    held = null;
  };
  return {
    async start() {
      if (daemon !== null) throw new Error('Postfix runs already');
      daemon = startDaemon(options.guard, MASTER, ['-c', etc, '-d'], errFile);
      await greeted(options.host, options.ports.mx, daemon, [errFile, logFile]);
    },
    async stop() {
      release();
      await daemon?.stop();
      daemon = null;
    },
    async kill() {
      held = null;
      await daemon?.kill();
      daemon = null;
    },
    async reconfigure(settings) {
      if (held !== null) throw new Error('the queue is held: release it before a reload');
      const running = master();
      const { pid } = running;
      const old = (await livingProcesses()).filter(({ parent, name }) => parent === pid && RELOADED.includes(name));
      await configure(settings);
      running.signal('SIGHUP');
      await eventually('a reload of Postfix', async () => {
        const living = new Set((await livingProcesses()).map((one) => one.pid));
        return old.some((one) => living.has(one.pid)) ? undefined : true;
      });
    },
    async flush() {
      await run('/usr/sbin/postqueue', ['-c', etc, '-f'], { env: SERVER_ENVIRONMENT });
    },
    async hold() {
      if (held !== null) return;
      const { pid } = master();
      const manager = await eventually("Postfix's queue manager", async () =>
        (await livingProcesses()).find(({ parent, name }) => parent === pid && name === 'qmgr'),
      );
      held = manager.pid;
      process.kill(held, 'SIGSTOP');
    },
    release,
  };
}

/** What `postfix check` would create, without its second of shell. */
async function makeFolders(folder: string): Promise<void> {
  const [postfix, postdrop] = await Promise.all([systemUser('postfix'), systemGroup('postdrop')]);
  const make = async (path: string, mode: number, uid: number, gid: number) => {
    await mkdir(join(folder, path), { recursive: true });
    await chown(join(folder, path), uid, gid);
    await chmod(join(folder, path), mode);
  };
  await make('.', 0o755, 0, 0);
  await make('etc', 0o755, 0, 0);
  await make('queue', 0o755, 0, 0);
  await make('queue/pid', 0o755, 0, 0);
  await make('data', 0o700, postfix.uid, postfix.gid);
  await make('queue/maildrop', 0o1730, postfix.uid, postdrop);
  await make('queue/public', 0o2710, postfix.uid, postdrop);
  for (const name of [
    'active',
    'bounce',
    'corrupt',
    'defer',
    'deferred',
    'flush',
    'hold',
    'incoming',
    'private',
    'saved',
    'trace',
  ]) {
    await make(`queue/${name}`, 0o700, postfix.uid, 0);
  }
}

function parameters(options: PostfixOptions, settings: PostfixSettings): Record<string, string> {
  const { root, host, domain, sinkDomain, certificate } = options;
  return {
    compatibility_level: '3.6',
    queue_directory: join(root, 'postfix/queue'),
    data_directory: join(root, 'postfix/data'),
    // Debian's default is the system's own folder.
    meta_directory: join(root, 'postfix/etc'),
    maillog_file: join(root, 'maillog'),
    maillog_file_prefixes: root,
    syslog_name: 'provider/postfix',
    myhostname: `mx.${domain}`,
    mydomain: domain,
    myorigin: domain,
    inet_interfaces: host,
    inet_protocols: 'ipv4',
    mydestination: '',
    // Nobody is trusted by address, as at a real provider.
    mynetworks: '127.255.255.254/32',
    local_transport: 'error:no local delivery',
    alias_maps: '',
    local_recipient_maps: '',
    smtpd_peername_lookup: 'no',
    smtp_dns_support_level: 'disabled',
    smtp_host_lookup: 'native',
    smtp_tls_security_level: 'may',
    virtual_mailbox_domains: domain,
    virtual_mailbox_maps: `inline:{ ${options.recipients.map((address) => `${address}=x`).join(' ')} }`,
    virtual_transport: 'lmtp:unix:private/dovecot-lmtp',
    transport_maps: `inline:{ {${sinkDomain} = smtp:[${host}]:${settings.sinkPort}} }`,
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: 'private/auth',
    smtpd_tls_cert_file: certificate.certFile,
    smtpd_tls_key_file: certificate.keyFile,
    smtpd_tls_security_level: 'may',
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    smtpd_recipient_restrictions: `reject_unlisted_recipient, check_policy_service inet:${host}:${options.policyPort}`,
    smtpd_end_of_data_restrictions: settings.endOfDataDelaySeconds > 0 ? `sleep ${settings.endOfDataDelaySeconds}` : '',
    smtpd_client_connection_rate_limit: '0',
    smtpd_client_connection_count_limit: '0',
    smtpd_error_sleep_time: '0',
    recipient_delimiter: '+',
    enable_long_queue_ids: 'yes',
    delay_logging_resolution_limit: '6',
    // A refused or unreachable destination is tried again within a second or two.
    queue_run_delay: '1s',
    minimal_backoff_time: '1s',
    maximal_backoff_time: '2s',
    biff: 'no',
    ...settings.extra,
  };
}

/** master.cf: no service in a chroot, only those in use. */
function services({ host, ports }: PostfixOptions): string {
  const submitters = '-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject';
  return `${host}:${ports.mx} inet n - n - - smtpd
${host}:${ports.submission} inet n - n - - smtpd
  -o syslog_name=provider/submission -o smtpd_tls_auth_only=no ${submitters}
${host}:${ports.submissions} inet n - n - - smtpd
  -o syslog_name=provider/submissions -o smtpd_tls_wrappermode=yes ${submitters}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
