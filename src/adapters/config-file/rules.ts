/** What the keys of a configuration say together: rules that look at more than one of them. */
import { scheduledPerDayMost } from '../../domain/sending-limit.ts';
import {
  CHECK_EVERY_MAX,
  CHECK_EVERY_MIN,
  type HostPort,
  ROUTE_EVERY_MIN,
  type Security,
} from '../../domain/settings.ts';
import type { Gaps } from '../../domain/time/schedule.ts';
import { DEFAULTS, mailboxPort, maxGap, minGap } from './defaults.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { collide, domainOf, formatHostPort, isLoopback, parseHostPort } from './formats.ts';
import { type Finding, type KeyPath, valueAt } from './problem.ts';
import { routeRules } from './route-rules.ts';
import type { ConfigFile, ProviderFile, RouteFile } from './schema.ts';
import type { Draft } from './shape.ts';

/** Seconds. Sooner is hammering a server that asked for patience, later is giving up (RFC 5321 §4.5.4.1). */
const RETRY_AFTER_MIN = 1;
const RETRY_AFTER_MAX = 24 * 3600;

/** `root` is the file's value as it was given: what is there but unsound counts as given. */
export function checkRules(draft: Draft<ConfigFile>, root: unknown): readonly Finding[] {
  const providers = draft.providers ?? [];
  const routes = draft.routes ?? [];
  return [
    ...listeners(draft),
    ...providers.flatMap((provider, index) => (provider === undefined ? [] : providerRules(draft, root, index))),
    ...connectivityRules(draft),
    ...sendingRules(draft),
    ...routes.flatMap((route, index) => (route === undefined ? [] : routeRules(draft, root, index))),
  ];
}

function listeners(draft: Draft<ConfigFile>): readonly Finding[] {
  return [...mailAndPage(draft), ...metricsApart(draft)];
}

function metricsApart({ http, sink }: Draft<ConfigFile>): readonly Finding[] {
  const apart = http?.metrics?.listen === undefined ? null : parseHostPort(http.metrics.listen);
  if (apart === null) return [];
  const others = {
    'http.listen': http?.listen ?? DEFAULTS.httpListen,
    'sink.listen': sink?.listen ?? DEFAULTS.sinkListen,
  };
  return Object.entries(others).flatMap(([key, text]) => {
    const other = parseHostPort(text);
    if (other === null || !collide(apart, other)) return [];
    const rule = `must be another port than ${key}, which listens on ${formatHostPort(other)}`;
    return [{ path: ['http', 'metrics', 'listen'], rule }];
  });
}

function mailAndPage({ http, sink }: Draft<ConfigFile>): readonly Finding[] {
  const page = parseHostPort(http?.listen ?? DEFAULTS.httpListen);
  const mail = parseHostPort(sink?.listen ?? DEFAULTS.sinkListen);
  if (page === null || mail === null || !collide(page, mail)) return [];
  const rule = (other: string, listen: HostPort) =>
    `must be another port than ${other}, which listens on ${formatHostPort(listen)}`;
  return sink?.listen === undefined
    ? [{ path: ['http', 'listen'], rule: rule('sink.listen', mail) }]
    : [{ path: ['sink', 'listen'], rule: rule('http.listen', page) }];
}

function connectivityRules({ connectivity }: Draft<ConfigFile>): readonly Finding[] {
  const every = connectivity?.every === undefined ? null : parseDuration(connectivity.every);
  if (every === null || (every >= CHECK_EVERY_MIN && every <= CHECK_EVERY_MAX)) return [];
  const rule = `must be ${formatDuration(CHECK_EVERY_MIN)} to ${formatDuration(CHECK_EVERY_MAX)}`;
  return [{ path: ['connectivity', 'every'], rule }];
}

/** Of routes that are sound by themselves: one that is not is told at its own keys. */
function sendingRules({ sending, routes = [] }: Draft<ConfigFile>): readonly Finding[] {
  const limit = sending?.messages_per_day;
  if (limit === undefined) return [];
  const most = scheduledPerDayMost(routes.flatMap((route) => gapsOf(route) ?? []));
  if (limit >= most) return [];
  return [
    { path: ['sending', 'messages_per_day'], rule: `must be at least ${most}, which the routes can need in a day` },
  ];
}

function gapsOf({ every, min_gap: least, max_gap: most }: Draft<RouteFile> = {}): Gaps | null {
  const mean = every === undefined ? null : parseDuration(every);
  if (mean === null || mean < ROUTE_EVERY_MIN) return null;
  const shortest = least === undefined ? null : parseDuration(least);
  const longest = most === undefined ? null : parseDuration(most);
  return { every: mean, minGap: shortest ?? minGap(mean), maxGap: Math.max(longest ?? maxGap(mean), mean) };
}

function providerRules(draft: Draft<ConfigFile>, root: unknown, index: number): readonly Finding[] {
  const provider = draft.providers?.[index];
  const at = (...path: KeyPath) => ['providers', index, ...path];
  const earlier = (draft.providers ?? []).slice(0, index);
  const findings: Finding[] = [];

  const namesake = provider?.name === undefined ? -1 : earlier.findIndex((other) => other?.name === provider.name);
  if (namesake >= 0) findings.push({ path: at('name'), rule: `must not be that of providers[${namesake}]` });

  const account = accountOf(provider?.mailbox);
  const sharer = account === null ? -1 : earlier.findIndex((other) => accountOf(other?.mailbox) === account);
  if (sharer >= 0) {
    findings.push({
      path: at('mailbox', 'username'),
      rule: `must be another account than that of providers[${sharer}].mailbox`,
    });
  }

  const { submission, mx } = provider ?? {};
  const given = (...path: KeyPath) => valueAt(root, at(...path)) !== undefined;
  if (submission !== undefined) {
    if (!given('submission', 'from') && !given('mailbox')) {
      findings.push({ path: at('submission', 'from'), rule: 'is required where there is no mailbox' });
    }
    for (const [one, other] of [
      ['username', 'password'],
      ['password', 'username'],
    ] as const) {
      if (given('submission', one) && !given('submission', other)) {
        findings.push({ path: at('submission', other), rule: `is required beside ${one}` });
      }
    }
    if (given('submission', 'password') && isPlaintext(submission))
      findings.push(plaintext(at('submission', 'security')));
  }
  if (provider?.mailbox !== undefined && isPlaintext(provider.mailbox))
    findings.push(plaintext(at('mailbox', 'security')));

  const domain =
    draft.sink?.domain ?? (valueAt(root, ['sink', 'domain']) === undefined ? draft.sink?.hostname : undefined);
  if (mx?.from !== undefined && domain !== undefined && domainOf(mx.from) !== domain.toLowerCase()) {
    findings.push({ path: at('mx', 'from'), rule: `must be at the sink's domain ${domain}, or bounces are lost` });
  }
  return [...findings, ...retryRules(mx?.retry_after ?? [], at('mx', 'retry_after'))];
}

function retryRules(waits: readonly (string | undefined)[], path: KeyPath): readonly Finding[] {
  return waits.flatMap((wait, index) => {
    const seconds = wait === undefined ? null : parseDuration(wait);
    if (seconds === null || (seconds >= RETRY_AFTER_MIN && seconds <= RETRY_AFTER_MAX)) return [];
    const rule = `must be ${formatDuration(RETRY_AFTER_MIN)} to ${formatDuration(RETRY_AFTER_MAX)}`;
    return [{ path: [...path, index], rule }];
  });
}

interface Plain {
  readonly host?: string | undefined;
  readonly security?: Security | undefined;
  readonly allow_plaintext?: boolean | undefined;
}

function isPlaintext({ host, security, allow_plaintext: allowed }: Plain): boolean {
  return security === 'none' && allowed !== true && host !== undefined && !isLoopback(host);
}

function plaintext(path: KeyPath): Finding {
  return { path, rule: 'must be tls or starttls where a password leaves this host, unless allow_plaintext is true' };
}

/** The mailbox account in one word; null while it is not fully known. */
function accountOf(mailbox: Draft<NonNullable<ProviderFile['mailbox']>> | undefined): string | null {
  if (mailbox?.host === undefined || mailbox.username === undefined) return null;
  const port = mailbox.port ?? mailboxPort(mailbox.security ?? DEFAULTS.mailboxSecurity);
  return JSON.stringify([mailbox.host.toLowerCase(), port, mailbox.username]);
}
