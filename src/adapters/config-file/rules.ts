/** What the keys of a configuration say together: rules that look at more than one of them. */

import type { Path } from '../../domain/probe.ts';
import { type HostPort, ROUTE_EVERY_MIN, type Security } from '../../domain/settings.ts';
import { DEFAULTS, mailboxPort } from './defaults.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { collide, domainOf, formatHostPort, isLoopback, parseHostPort } from './formats.ts';
import { type Finding, type KeyPath, valueAt } from './problem.ts';
import type { ConfigFile, ProviderFile, RouteFile } from './schema.ts';
import { type Draft, suggest } from './shape.ts';

/** Seconds. A month of fewer than thirty probes says nothing about it. */
const ROUTE_EVERY_MAX = 24 * 3600;
/** Seconds. Nearer probes are a burst, which providers throttle. */
const MIN_GAP_MIN = 1;
/** Seconds. A week without a probe is no measurement. */
const MAX_GAP_MAX = 7 * 24 * 3600;

/** What of a provider each path goes through. */
const PARTS = {
  send: ['submission'],
  receive: ['mx', 'mailbox'],
  internal: ['submission', 'mailbox'],
} as const satisfies Record<Path, readonly (keyof ProviderFile)[]>;

/** `root` is the file's value as it was given: what is there but unsound counts as given. */
export function checkRules(draft: Draft<ConfigFile>, root: unknown): readonly Finding[] {
  const providers = draft.providers ?? [];
  const routes = draft.routes ?? [];
  return [
    ...listeners(draft),
    ...providers.flatMap((provider, index) => (provider === undefined ? [] : providerRules(draft, root, index))),
    ...routes.flatMap((route, index) => (route === undefined ? [] : routeRules(draft, root, index))),
  ];
}

function listeners({ http, sink }: Draft<ConfigFile>): readonly Finding[] {
  const page = parseHostPort(http?.listen ?? DEFAULTS.httpListen);
  const mail = parseHostPort(sink?.listen ?? DEFAULTS.sinkListen);
  if (page === null || mail === null || !collide(page, mail)) return [];
  const rule = (other: string, listen: HostPort) =>
    `must be another port than ${other}, which listens on ${formatHostPort(listen)}`;
  return sink?.listen === undefined
    ? [{ path: ['http', 'listen'], rule: rule('sink.listen', mail) }]
    : [{ path: ['sink', 'listen'], rule: rule('http.listen', page) }];
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
  return findings;
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

function routeRules(draft: Draft<ConfigFile>, root: unknown, index: number): readonly Finding[] {
  const route = draft.routes?.[index];
  if (route === undefined) return [];
  const at = (...path: KeyPath) => ['routes', index, ...path];
  const findings = [...gapRules(route, at)];

  const twin = (draft.routes ?? [])
    .slice(0, index)
    .findIndex(
      (other) =>
        other?.provider !== undefined &&
        other.provider === route.provider &&
        other.path !== undefined &&
        other.path === route.path,
    );
  if (twin >= 0) {
    findings.push({
      path: at(),
      rule: `must be another provider and path than routes[${twin}]`,
      value: `${route.provider} ${route.path}`,
    });
  }

  if (route.provider === undefined) return findings;
  // By the names as given: one that breaks a rule of its own is still the one meant.
  const names = (draft.providers ?? []).map((_, each) => valueAt(root, ['providers', each, 'name']));
  const place = names.indexOf(route.provider);
  if (place < 0) {
    const nearest = suggest(
      route.provider,
      names.filter((name) => typeof name === 'string'),
    );
    const hint = nearest === null ? '' : `, did you mean '${nearest}'?`;
    findings.push({ path: at('provider'), rule: `must be the name of a provider${hint}` });
  } else if (route.path !== undefined) {
    const lacking = PARTS[route.path].filter((part) => valueAt(root, ['providers', place, part]) === undefined);
    if (lacking.length > 0) {
      findings.push({
        path: at('path'),
        rule: `must be one that providers[${place}] has the parts for, which has no ${lacking.join(' and no ')}`,
      });
    }
  }
  return findings;
}

function gapRules(route: Draft<RouteFile>, at: (...path: KeyPath) => KeyPath): readonly Finding[] {
  const every = seconds(route.every);
  const least = (key: keyof RouteFile, limit: number, name = '') => ({
    path: at(key),
    rule: `must be at least ${name}${formatDuration(limit)}`,
  });
  const most = (key: keyof RouteFile, limit: number, name = '') => ({
    path: at(key),
    rule: `must be at most ${name}${formatDuration(limit)}`,
  });
  const findings: Finding[] = [];
  if (every !== null && every < ROUTE_EVERY_MIN) findings.push(least('every', ROUTE_EVERY_MIN));
  if (every !== null && every > ROUTE_EVERY_MAX) findings.push(most('every', ROUTE_EVERY_MAX));
  const min = seconds(route.min_gap);
  if (min !== null && min < MIN_GAP_MIN) findings.push(least('min_gap', MIN_GAP_MIN));
  else if (min !== null && every !== null && min > every) findings.push(most('min_gap', every, 'every, '));
  const max = seconds(route.max_gap);
  if (max !== null && max > MAX_GAP_MAX) findings.push(most('max_gap', MAX_GAP_MAX));
  else if (max !== null && every !== null && max < every) findings.push(least('max_gap', every, 'every, '));
  return findings;
}

function seconds(text: string | undefined): number | null {
  return text === undefined ? null : parseDuration(text);
}
