/** The rules of a route: its gaps, its provider, and whether that one has what the path goes through. */
import type { Path } from '../../domain/probe.ts';
import { ROUTE_EVERY_MIN } from '../../domain/settings.ts';
import { formatDuration, parseDuration } from './duration.ts';
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
export function routeRules(draft: Draft<ConfigFile>, root: unknown, index: number): readonly Finding[] {
  const route = draft.routes?.[index];
  if (route === undefined) return [];
  const path = ['routes', index];
  return [
    ...gapRules(route, path),
    ...twinRules(draft.routes ?? [], index),
    ...providerRules(route, draft, root, path),
  ];
}

function gapRules({ every, min_gap, max_gap }: Draft<RouteFile>, path: KeyPath): readonly Finding[] {
  const mean = seconds(every);
  return [
    ...within(mean, [...path, 'every'], limit(ROUTE_EVERY_MIN), limit(ROUTE_EVERY_MAX)),
    ...within(seconds(min_gap), [...path, 'min_gap'], limit(MIN_GAP_MIN), mean === null ? null : asEvery(mean)),
    ...within(seconds(max_gap), [...path, 'max_gap'], mean === null ? null : asEvery(mean), limit(MAX_GAP_MAX)),
  ];
}

interface Limit {
  readonly seconds: number;
  readonly name: string;
}

const limit = (value: number): Limit => ({ seconds: value, name: formatDuration(value) });
const asEvery = (value: number): Limit => ({ seconds: value, name: `every (${formatDuration(value)})` });

function within(value: number | null, path: KeyPath, least: Limit | null, most: Limit | null): readonly Finding[] {
  if (value === null) return [];
  if (least !== null && value < least.seconds) return [{ path, rule: `must be at least ${least.name}` }];
  return most !== null && value > most.seconds ? [{ path, rule: `must be at most ${most.name}` }] : [];
}

function seconds(text: string | undefined): number | null {
  return text === undefined ? null : parseDuration(text);
}

function twinRules(routes: Draft<RouteFile[]>, index: number): readonly Finding[] {
  const { provider, path } = routes[index] ?? {};
  if (provider === undefined || path === undefined) return [];
  const twin = routes.findIndex((other) => other !== undefined && other.provider === provider && other.path === path);
  if (twin === index) return [];
  return [{ path: ['routes', index], rule: `must not repeat routes[${twin}]`, value: `${provider} ${path}` }];
}

function providerRules(
  route: Draft<RouteFile>,
  draft: Draft<ConfigFile>,
  root: unknown,
  path: KeyPath,
): readonly Finding[] {
  // Without a list of providers that is what is told, not every route in turn.
  if (route.provider === undefined || draft.providers === undefined) return [];
  // By the names as given: one that breaks a rule of its own is still the one meant.
  const names = draft.providers.map((_, index) => valueAt(root, ['providers', index, 'name']));
  const place = names.indexOf(route.provider);
  if (place < 0) {
    const nearest = suggest(
      route.provider,
      names.filter((name) => typeof name === 'string'),
    );
    return [
      {
        path: [...path, 'provider'],
        rule: `must be the name of a provider${nearest === null ? '' : ` such as ${nearest}`}`,
      },
    ];
  }
  if (route.path === undefined) return [];
  const lacking = PARTS[route.path].filter((part) => valueAt(root, ['providers', place, part]) === undefined);
  return lacking.length === 0
    ? []
    : [{ path: [...path, 'path'], rule: `needs ${lacking.join(' and ')} in providers[${place}]` }];
}
