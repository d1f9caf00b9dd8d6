/** Makes the settings of a configuration in which nothing is amiss: defaults filled in, secrets in place, durations in seconds. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type {
  HostPort,
  HttpSettings,
  MailboxSettings,
  MxSettings,
  ProviderSettings,
  RouteSettings,
  Settings,
  SinkSettings,
  SubmissionSettings,
  TlsSettings,
} from '../../domain/settings.ts';
import { DEFAULTS, mailboxPort, maxGap, messagesPerDay, minGap, submissionPort } from './defaults.ts';
import { parseDuration } from './duration.ts';
import { parseHostPort } from './formats.ts';
import type { ConfigFile, ProviderFile, RouteFile } from './schema.ts';
import type { Material } from './secrets.ts';

/** What stands beside the file: fetched secrets, the token keys, and the folder that relative paths start at. */
export interface Surroundings {
  readonly material: Material;
  readonly key: Uint8Array;
  readonly retiredKey: Uint8Array | null;
  readonly folder: string;
}

export function dataFolderOf(file: { readonly data_folder?: string | undefined }, folder: string): string {
  return resolve(folder, file.data_folder ?? DEFAULTS.dataFolder);
}

export function buildSettings(file: ConfigFile, { material, key, retiredKey, folder }: Surroundings): Settings {
  const sink = buildSink(file.sink, material);
  const routes = (file.routes ?? []).map(buildRoute);
  return {
    agent: file.agent ?? hostAgent(),
    dataFolder: dataFolderOf(file, folder),
    key,
    retiredKey,
    http: buildHttp(file.http, material, routes.length),
    sink,
    providers: file.providers.map((provider, index) => buildProvider(provider, `providers[${index}]`, sink, material)),
    routes,
    sending: { messagesPerDay: file.sending?.messages_per_day ?? messagesPerDay(routes) },
    connectivity: {
      every: sure(parseDuration(file.connectivity?.every ?? DEFAULTS.checkEvery), 'connectivity.every'),
      control: (file.connectivity?.control ?? []).map(hostPort),
    },
    log: { level: file.log?.level ?? DEFAULTS.logLevel },
  };
}

function buildHttp(file: ConfigFile['http'], material: Material, routeCount: number): HttpSettings {
  const apart = file?.metrics?.listen;
  return {
    listen: hostPort(file?.listen ?? DEFAULTS.httpListen),
    token: textOf(material, 'http.token'),
    spotChecksPerMinute: file?.spot_checks_per_minute ?? Math.max(DEFAULTS.spotChecksPerMinute, 2 * routeCount),
    names: (file?.names ?? []).map((name) => name.toLowerCase()),
    metrics: { listen: apart === undefined ? null : hostPort(apart), token: textOf(material, 'http.metrics.token') },
  };
}

/** A host may have any name; an agent's stands in messages. */
function hostAgent(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 64);
  return name === '' ? 'agent' : name;
}

function buildSink(file: ConfigFile['sink'], material: Material): SinkSettings {
  const cert = textOf(material, 'sink.tls.cert_file');
  const key = textOf(material, 'sink.tls.key_file');
  return {
    listen: hostPort(file.listen ?? DEFAULTS.sinkListen),
    hostname: file.hostname.toLowerCase(),
    domain: (file.domain ?? file.hostname).toLowerCase(),
    recipients: file.recipients ?? DEFAULTS.recipients,
    tls: cert === null || key === null ? null : { cert, key },
    reachability: file.reachability ?? DEFAULTS.reachability,
  };
}

function buildProvider(file: ProviderFile, at: string, sink: SinkSettings, material: Material): ProviderSettings {
  const { submission, mx, mailbox } = file;
  return {
    name: file.name,
    contract: file.contract ?? DEFAULTS.contract,
    submission: submission === undefined ? null : buildSubmission(submission, file, `${at}.submission`, sink, material),
    mx: mx === undefined ? null : buildMx(mx, `${at}.mx`, sink, material),
    mailbox: mailbox === undefined ? null : buildMailbox(mailbox, `${at}.mailbox`, material),
    networks: file.networks ?? [],
  };
}

function buildSubmission(
  file: NonNullable<ProviderFile['submission']>,
  provider: ProviderFile,
  at: string,
  sink: SinkSettings,
  material: Material,
): SubmissionSettings {
  const security = file.security ?? DEFAULTS.submissionSecurity;
  return {
    host: file.host,
    port: file.port ?? submissionPort(security),
    security,
    tls: tlsOf(file, at, material),
    login:
      file.username === undefined
        ? null
        : { username: file.username, password: sure(textOf(material, `${at}.password`), `${at}.password`) },
    from: sure(file.from ?? provider.mailbox?.address, `${at}.from`),
    helo: file.helo ?? sink.hostname,
  };
}

function buildMx(
  file: NonNullable<ProviderFile['mx']>,
  at: string,
  sink: SinkSettings,
  material: Material,
): MxSettings {
  const { dkim } = file;
  return {
    host: file.host,
    port: file.port ?? DEFAULTS.mxPort,
    security: file.security ?? DEFAULTS.mxSecurity,
    tls: tlsOf(file, at, material),
    from: file.from ?? `probe@${sink.domain}`,
    helo: file.helo ?? sink.hostname,
    retryAfter: (file.retry_after ?? DEFAULTS.retryAfter).map((wait, index) =>
      sure(parseDuration(wait), `${at}.retry_after[${index}]`),
    ),
    dkim:
      dkim === undefined
        ? null
        : {
            domain: dkim.domain,
            selector: dkim.selector,
            privateKey: sure(textOf(material, `${at}.dkim.key_file`), `${at}.dkim.key_file`),
          },
  };
}

function buildMailbox(file: NonNullable<ProviderFile['mailbox']>, at: string, material: Material): MailboxSettings {
  const security = file.security ?? DEFAULTS.mailboxSecurity;
  return {
    host: file.host,
    port: file.port ?? mailboxPort(security),
    security,
    tls: tlsOf(file, at, material),
    login: { username: file.username, password: sure(textOf(material, `${at}.password`), `${at}.password`) },
    address: file.address,
    cleanup: file.cleanup ?? DEFAULTS.cleanup,
  };
}

function buildRoute(file: RouteFile): RouteSettings {
  const every = sure(parseDuration(file.every), 'every');
  return {
    provider: file.provider,
    path: file.path,
    every,
    minGap: file.min_gap === undefined ? minGap(every) : sure(parseDuration(file.min_gap), 'min_gap'),
    maxGap: file.max_gap === undefined ? maxGap(every) : sure(parseDuration(file.max_gap), 'max_gap'),
  };
}

function tlsOf(file: { readonly servername?: string | undefined }, at: string, material: Material): TlsSettings {
  return { ca: textOf(material, `${at}.ca_file`), servername: file.servername ?? null };
}

function textOf(material: Material, key: string): string | null {
  return material.get(key)?.toString() ?? null;
}

function hostPort(text: string): HostPort {
  return sure(parseHostPort(text), text);
}

/** The rules have passed, so it is there; if not, a rule is missing. */
function sure<T>(value: T | null | undefined, key: string): T {
  if (value === null || value === undefined) throw new Error(`${key} passed the rules without a value`);
  return value;
}
