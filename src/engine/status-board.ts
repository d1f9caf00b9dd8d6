/** Keeps in memory what the status page shows, and tells who listens when it changes. */
import type { ContractTerms } from '../domain/contract-terms.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Exclusion } from '../domain/exclusion.ts';
import type { Path } from '../domain/probe.ts';
import { briefView, toMicros, viewProbe } from '../domain/probe-view.ts';
import type { ProbeRecord } from '../domain/record.ts';
import type { Standing } from '../domain/report/standing.ts';
import type { ClauseStatus, EndpointStatus, PathWaiting, ProviderStatus, RunningMonth } from '../domain/status-view.ts';
import { monthOf, monthRange } from '../domain/time/calendar.ts';
import { type Instant, isoText, spanBetween, toIso } from '../domain/time/instant.ts';
import {
  type Clock,
  checkHoldsSeconds,
  type EndpointCheck,
  type ExclusionDesk,
  type Observer,
  type Scoreboard,
  STANDING_HOLDS_SECONDS,
  type StatusBoard,
} from '../ports.ts';
import type { Engine } from './engine.ts';

export interface StatusOptions {
  readonly version: string;
  /** Where the host keeps it is nobody's business who looks at the page. */
  readonly dataFolder: string;
  readonly providers: readonly StatusProvider[];
  readonly checkEverySeconds: number;
  readonly clock: Pick<Clock, 'now'>;
}
export interface StatusProvider {
  readonly name: string;
  readonly paths: readonly Path[];
  readonly endpoints: readonly Endpoint[];
  /** Null if it is measured and not judged. */
  readonly contract: ContractTerms | null;
}
/** What is there only once the agent runs. */
export interface StatusSources {
  readonly engine: Pick<Engine, 'see' | 'health'> & {
    readonly recorder: { readonly state: Pick<Engine['recorder']['state'], 'open'> };
  };
  readonly exclusions: Pick<ExclusionDesk, 'known' | 'inForce'>;
  /** The last RECENT_MAX planned probes, newest first. */
  readonly recent: readonly ProbeRecord[];
}
export interface KeptStatus extends StatusBoard, Observer, Scoreboard {
  /** Call once, before the first view. */
  attach(sources: StatusSources): void;
  /** The desk has heard of an exclusion or a retraction. */
  readonly exclusionsChanged: () => void;
}

/** More than this nobody looks through; a status is sent every second while something changes. */
export const IN_FLIGHT_MAX = 100;
export const RECENT_MAX = 50;
export const EXCLUSIONS_MAX = 100;

interface Judged {
  /** Null since it could not be judged any more. */
  readonly standing: Standing | null;
  /** When it was judged last. */
  readonly at: Instant;
}

export function createStatusBoard({
  version,
  dataFolder,
  providers,
  checkEverySeconds,
  clock,
}: StatusOptions): KeptStatus {
  const listeners = new Set<(changed: readonly ProbeRecord[]) => void>();
  const judged = new Map<string, Judged>();
  const checks = new Map<string, { readonly check: EndpointCheck; readonly at: Instant }>();
  /** In the order of planning. */
  let recent = new Map<string, ProbeRecord>();
  let attached: StatusSources | null = null;

  const sources = (): StatusSources => {
    if (attached === null) throw new Error('a status board must be attached before it is looked at');
    return attached;
  };
  const changed = (records: readonly ProbeRecord[] = []): void => {
    for (const listener of listeners) listener(records);
  };
  const probe = (record: ProbeRecord) => briefView(viewProbe(sources().engine.see(record)));
  const trim = (): void => {
    for (const id of recent.keys()) {
      if (recent.size <= RECENT_MAX) return;
      recent.delete(id);
    }
  };
  /** By route, all of them in one pass. They are kept in the order of planning. */
  const waitingNow = (now: Instant): ReadonlyMap<string, PathWaiting> => {
    const waiting = new Map<string, PathWaiting>();
    for (const { path, provider, planned } of sources().engine.recorder.state.open.values()) {
      const key = `${path} ${provider}`;
      const oldestSeconds = waiting.get(key)?.oldestSeconds ?? toMicros(Math.max(0, spanBetween(planned, now).lo));
      waiting.set(key, { path, count: (waiting.get(key)?.count ?? 0) + 1, oldestSeconds });
    }
    return waiting;
  };
  const providerStatus = (
    { name, paths, endpoints, contract }: StatusProvider,
    waiting: ReadonlyMap<string, PathWaiting>,
    now: Instant,
  ): ProviderStatus => ({
    name,
    paths,
    month:
      contract === null
        ? null
        : monthStatus(name, contract, judged.get(name) ?? null, sources().exclusions.known(), now),
    endpoints: endpoints.map((endpoint) => {
      const last = checks.get(`${endpoint} ${name}`);
      return endpointStatus(endpoint, last ?? null, now, checkHoldsSeconds(checkEverySeconds));
    }),
    waiting: paths.flatMap((path) => waiting.get(`${path} ${name}`) ?? []),
  });

  return {
    attach(given) {
      attached = given;
      const early = recent;
      recent = new Map(given.recent.toReversed().map((record) => [record.id, record]));
      for (const [id, record] of early) recent.set(id, record);
      trim();
    },
    view() {
      const now = clock.now();
      const { engine } = sources();
      const { ready, parts } = engine.health();
      const { open } = engine.recorder.state;
      const waiting = waitingNow(now);
      const problems = Object.entries(parts).flatMap(([part, problem]) =>
        problem === null ? [] : [[part, problem.replaceAll(dataFolder, 'the data folder')]],
      );
      return {
        at: toIso(now),
        version,
        ready,
        problems: Object.fromEntries(problems) as Readonly<Record<string, string>>,
        providers: providers.map((provider) => providerStatus(provider, waiting, now)),
        inFlight: [...open.values()].slice(0, IN_FLIGHT_MAX).map(probe),
        inFlightCount: open.size,
        recent: [...recent.values()].reverse().map(probe),
      };
    },
    probe,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    recorded(entries, records) {
      for (const { event } of entries) {
        const planned = event.type === 'probe.planned' ? records.find(({ id }) => id === event.probe) : undefined;
        if (planned !== undefined) recent.set(planned.id, planned);
      }
      for (const record of records) if (recent.has(record.id)) recent.set(record.id, record);
      trim();
      changed(records);
    },
    judged(provider, standing, at) {
      const last = judged.get(provider);
      if (standing !== null) judged.set(provider, { standing, at });
      else if (last !== undefined) judged.set(provider, { ...last, standing });
      changed();
      // It was judged with those that were entered beside us.
      void attached?.exclusions.inForce().then(
        () => changed(),
        () => undefined,
      );
    },
    endpointChecked(check) {
      const key = `${check.endpoint} ${check.provider}`;
      const seconds = check.up ? (check.seconds ?? checks.get(key)?.check.seconds ?? null) : null;
      checks.set(key, { check: { ...check, seconds }, at: clock.now() });
      changed();
    },
    exclusionsChanged: () => changed(),
    partFailed: () => changed(),
    partStands: () => changed(),
    tokenRefused() {},
    sinkConnected() {},
    sinkRefused() {},
    sendingRefused() {},
  };
}

function monthStatus(
  provider: string,
  contract: ContractTerms,
  last: Judged | null,
  exclusions: readonly Exclusion[],
  now: Instant,
): RunningMonth {
  const { timeZone, title } = contract;
  const month = monthOf(now.wallMs, timeZone);
  const range = monthRange(month, timeZone);
  const own = last !== null && monthOf(last.at.wallMs, timeZone) === month ? last : null;
  const standing = own !== null && spanBetween(own.at, now).hi <= STANDING_HOLDS_SECONDS ? own.standing : null;
  const touching = exclusions.filter(
    (each) => each.provider === provider && each.fromMs < range.toMs && each.toMs > range.fromMs,
  );
  return {
    month,
    ...range,
    timeZone,
    contract: title,
    judgedAt: own === null ? null : toIso(own.at),
    clauses: clausesOf(contract, standing),
    exclusions: touching.slice(-EXCLUSIONS_MAX),
    exclusionCount: touching.length,
  };
}

function clausesOf({ clauses }: ContractTerms, standing: Standing | null): readonly ClauseStatus[] {
  return clauses.map((terms) => {
    const clause = standing?.clauses.find(({ id }) => id === terms.id);
    return { terms, verdict: clause?.verdict ?? null, figures: clause?.figures ?? {} };
  });
}

function endpointStatus(
  endpoint: Endpoint,
  last: { readonly check: EndpointCheck; readonly at: Instant } | null,
  now: Instant,
  holdsSeconds: number,
): EndpointStatus {
  if (last === null) return { endpoint, up: null, seconds: null, checkedAt: null, certificateExpiresAt: null };
  const holds = spanBetween(last.at, now).hi <= holdsSeconds;
  const { up, seconds, certificateExpiresMs: expiresMs } = last.check;
  return {
    endpoint,
    up: holds ? up : null,
    seconds: holds ? seconds : null,
    checkedAt: toIso(last.at),
    certificateExpiresAt: holds && expiresMs !== null ? isoText(expiresMs) : null,
  };
}
