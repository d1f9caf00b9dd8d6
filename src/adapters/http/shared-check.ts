/** One spot check for all who ask for the same route at once: a scraper that asks twice gets one probe. */
import type { Path } from '../../domain/probe.ts';
import type { AgentControl, ProbeSight } from '../../ports.ts';

/** Resolves with how the check stands once it is settled, after `ms`, or when the asker is `gone`. Rejects as `AgentControl.check`. */
export type SharedCheck = (provider: string, path: Path, ms: number, gone: AbortSignal) => Promise<ProbeSight | null>;

/** Each asker waits for as long as it may. A check is shared for as long as the one who started it waits, so that none is shared for ever. */
export function shareChecks(control: Pick<AgentControl, 'check' | 'settled'>): SharedCheck {
  const underWay = new Map<string, Promise<string>>();
  return async (provider, path, ms, gone) => {
    const key = `${provider} ${path}`;
    const started = underWay.get(key);
    if (started !== undefined) return control.settled(await started, ms, gone);
    const starting = control.check(provider, path);
    underWay.set(key, starting);
    try {
      return await control.settled(await starting, ms, gone);
    } finally {
      underWay.delete(key);
    }
  };
}
