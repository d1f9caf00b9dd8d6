/** Spot checks that scrapers ask for: one for all who ask for the same route at once, and no more than about one a minute. */
import type { Path } from '../../domain/probe.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import type { AgentControl, Clock, ProbeSight } from '../../ports.ts';

export interface SharedChecks {
  /** Starts one in any case, and resolves with its id; who looks within SHARED_FOR sees it. Rejects as `AgentControl.check`. */
  start(provider: string, path: Path): Promise<string>;
  /** Resolves with how the route's newest check stands once it is settled, after `ms`, or when the asker is `gone`. Rejects as `AgentControl.check`. */
  look(provider: string, path: Path, ms: number, gone: AbortSignal): Promise<ProbeSight | null>;
}

/**
 * Seconds from one check of a route to the next that a scraper can cause, however often it asks: as often as servers are checked, which
 * no provider takes for abuse. A little under a minute, so that each scrape of one that asks once a minute finds a message of its own.
 */
export const SHARED_FOR = 55;

interface Shared {
  readonly startedAt: Instant;
  readonly id: Promise<string>;
  /** Whether the scraper that caused it still waits: nobody is given another one meanwhile. Not whether anybody does, or it might be shared for ever. */
  awaited: boolean;
  /** As it was first seen when it had ended, so that it is told as long as it took, and not as long as it is ago. */
  settled: ProbeSight | null;
}

export function shareChecks(control: Pick<AgentControl, 'check' | 'settled'>, clock: Pick<Clock, 'now'>): SharedChecks {
  const newest = new Map<string, Shared>();

  const begin = (provider: string, path: Path, awaited: boolean): Shared => {
    const key = `${path} ${provider}`;
    const id = control.check(provider, path);
    const shared: Shared = { startedAt: clock.now(), id, awaited, settled: null };
    newest.set(key, shared);
    // Of one that could not be started there is nothing to see.
    id.catch(() => {
      if (newest.get(key) === shared) newest.delete(key);
    });
    return shared;
  };
  const current = (provider: string, path: Path): Shared | null => {
    const shared = newest.get(`${path} ${provider}`);
    if (shared === undefined) return null;
    return shared.awaited || spanBetween(shared.startedAt, clock.now()).lo < SHARED_FOR ? shared : null;
  };

  return {
    start: (provider, path) => begin(provider, path, false).id,
    async look(provider, path, ms, gone) {
      const found = current(provider, path);
      const shared = found ?? begin(provider, path, true);
      if (shared.settled !== null) return shared.settled;
      try {
        const sight = await control.settled(await shared.id, ms, gone);
        if (sight !== null && sight.assessment.outcome !== 'pending') shared.settled ??= sight;
        return shared.settled ?? sight;
      } finally {
        if (found === null) shared.awaited = false;
      }
    },
  };
}
