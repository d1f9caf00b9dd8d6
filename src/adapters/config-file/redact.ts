/** The settings for people to read: in the configuration file's own words, every secret and PEM text left out. */
import type {
  HttpSettings,
  MailboxSettings,
  MxSettings,
  ProviderSettings,
  Settings,
  SubmissionSettings,
  TlsSettings,
} from '../../domain/settings.ts';
import { formatDuration } from './duration.ts';
import { formatHostPort } from './formats.ts';

/** Stands where something secret is set. */
const SET = '(set)';
const PEM = '(PEM)';

/** Plain data fit for JSON, every default filled in; null where nothing is set. */
export function redact(settings: Settings): Readonly<Record<string, unknown>> {
  const { http, sink } = settings;
  return {
    agent: settings.agent,
    data_folder: settings.dataFolder,
    key: `(${settings.key.length} bytes)`,
    http: redactHttp(http),
    sink: {
      listen: formatHostPort(sink.listen),
      hostname: sink.hostname,
      domain: sink.domain,
      recipients: sink.recipients,
      tls: sink.tls === null ? null : PEM,
      reachability: sink.reachability,
    },
    providers: settings.providers.map(redactProvider),
    routes: settings.routes.map(({ provider, path, every, minGap, maxGap }) => ({
      provider,
      path,
      every: formatDuration(every),
      min_gap: formatDuration(minGap),
      max_gap: formatDuration(maxGap),
    })),
    connectivity: {
      every: formatDuration(settings.connectivity.every),
      control: settings.connectivity.control.map(formatHostPort),
    },
    sending: { messages_per_day: settings.sending.messagesPerDay },
    log: { level: settings.log.level },
  };
}

function redactHttp({
  listen,
  token,
  spotChecksPerMinute,
  names,
  metrics,
}: HttpSettings): Readonly<Record<string, unknown>> {
  const apart = metrics.listen === null ? null : formatHostPort(metrics.listen);
  return {
    listen: formatHostPort(listen),
    token: token === null ? null : SET,
    spot_checks_per_minute: spotChecksPerMinute,
    names,
    metrics: { listen: apart, token: metrics.token === null ? null : SET },
  };
}

function redactProvider({
  name,
  contract,
  networks,
  submission,
  mx,
  mailbox,
}: ProviderSettings): Readonly<Record<string, unknown>> {
  return {
    name,
    contract,
    networks,
    submission: submission === null ? null : redactSubmission(submission),
    mx: mx === null ? null : redactMx(mx),
    mailbox: mailbox === null ? null : redactMailbox(mailbox),
  };
}

// Each key is named: what a later setting adds stays hidden until somebody decides that it may be seen.
function redactSubmission({
  host,
  port,
  security,
  tls,
  login,
  from,
  helo,
}: SubmissionSettings): Readonly<Record<string, unknown>> {
  const account = { username: login?.username ?? null, password: login === null ? null : SET };
  return { host, port, security, ...account, from, helo, ...redactTls(tls) };
}

function redactMx({
  host,
  port,
  security,
  tls,
  from,
  helo,
  retryAfter,
  dkim,
}: MxSettings): Readonly<Record<string, unknown>> {
  const signature = dkim === null ? null : { domain: dkim.domain, selector: dkim.selector, key_file: PEM };
  return {
    host,
    port,
    security,
    from,
    helo,
    retry_after: retryAfter.map(formatDuration),
    dkim: signature,
    ...redactTls(tls),
  };
}

function redactMailbox({
  host,
  port,
  security,
  tls,
  login,
  address,
  cleanup,
}: MailboxSettings): Readonly<Record<string, unknown>> {
  return { host, port, security, username: login.username, password: SET, address, cleanup, ...redactTls(tls) };
}

function redactTls({ ca, servername }: TlsSettings): Readonly<Record<string, unknown>> {
  return { ca_file: ca === null ? null : PEM, servername };
}
