/** Spot checks on several routes at once, with progress on a terminal. */
import { type SpotChecker, systemClock } from '../app.ts';
import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import { createProgress, type Progress } from './progress.ts';

export interface Route {
  readonly provider: string;
  readonly path: Path;
}

/** Milliseconds between two glances at a probe under way, and between those of all together: an agent answers so many for long. */
const GLANCE_EVERY = 200;
const GLANCES_EVERY = 100;

/**
 * Checks every route at once and resolves with how they went after `ms` at most, in the order of the routes. Rejects with the
 * first failure, or with the reason of `stop`, once nothing is asked any more.
 */
export async function checkAll(
  checker: SpotChecker,
  routes: readonly Route[],
  ms: number,
  stop: AbortSignal,
): Promise<readonly ProbeView[]> {
  const clock = systemClock();
  const progress = createProgress(process.stderr);
  const failed = new AbortController();
  const ended = AbortSignal.any([stop, failed.signal]);
  const deadline = clock.now().monoUs / 1000 + ms;
  const leftMs = (): number => deadline - clock.now().monoUs / 1000;
  const glanceMs = Math.max(GLANCE_EVERY, GLANCES_EVERY * routes.length);
  const results = await Promise.allSettled(
    routes.map((route) =>
      checkOne(checker, route, { leftMs, glanceMs, ended, progress }).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  progress.clear();
  clock.close();
  ended.throwIfAborted();
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

interface Watch {
  readonly leftMs: () => number;
  readonly glanceMs: number;
  readonly ended: AbortSignal;
  readonly progress: Progress;
}

async function checkOne(
  checker: SpotChecker,
  { provider, path }: Route,
  { leftMs, glanceMs, ended, progress }: Watch,
): Promise<ProbeView> {
  const id = await checker.start(provider, path);
  for (let waitMs = 0; ; waitMs = Math.min(leftMs(), glanceMs)) {
    const view = await checker.view(id, Math.max(0, waitMs));
    progress.show(view);
    if (view.outcome !== 'pending' || leftMs() <= 0 || ended.aborted) return view;
  }
}
