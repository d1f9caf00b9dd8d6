/** The demo's live table: each probe's measured delay beside the delay that the provider gave it. */
import type { WriteStream } from 'node:tty';
import { systemClock } from '../app.ts';
import type { Demo } from '../demo/demo.ts';
import { type ProbeView, viewProbe } from '../domain/probe-view.ts';
import { liveLines } from './live.ts';
import { print } from './output.ts';
import { plain } from './plain.ts';

/** Milliseconds between two drawings. */
const REDRAW_EVERY = 500;
/** Probes on a terminal. */
const ROWS = 15;
/** Newest probes looked at for new ones elsewhere: more than any demo plans between two looks. */
const WINDOW = 100;
const HEAD = `${'planned'.padEnd(14)}${'path'.padEnd(10)}${'outcome'.padEnd(12)}${'measured, s'.padEnd(24)}injected, s`;

/** Redraws on a terminal; elsewhere prints each probe once, when it is settled. Resolves when `stopped` does, or nobody reads any more. */
export async function runDemoTable(demo: Demo, out: WriteStream, stopped: Promise<unknown>): Promise<void> {
  const ending = new AbortController();
  void stopped.then(() => ending.abort());
  const clock = systemClock();
  const { url } = demo.agent;
  const next = out.isTTY ? redraw(demo, out) : appendSettled(demo);
  try {
    let reader = await print(`Page and metrics: ${url}/ and ${url}/metrics. Ctrl-C ends the demo.\n${HEAD}\n`);
    while (reader === 'taken' && !ending.signal.aborted) {
      reader = await next();
      await clock.sleep(REDRAW_EVERY, ending.signal);
    }
  } finally {
    clock.close();
  }
}

type Step = () => Promise<'taken' | 'gone'>;

function redraw({ agent, provider }: Demo, out: WriteStream): Step {
  const live = liveLines(out);
  return async () => {
    const views = (await agent.control.recent(ROWS)).map(viewProbe).toReversed();
    live.draw(views.map((view) => describeRow(view, provider.injected(view.id))));
    return 'taken';
  };
}

function appendSettled({ agent, provider }: Demo): Step {
  let seen: ReadonlySet<string> = new Set();
  const waiting = new Set<string>();
  return async () => {
    const ids = (await agent.control.recent(WINDOW)).map(({ record }) => record.id);
    for (const id of ids.toReversed()) if (!seen.has(id)) waiting.add(id);
    seen = new Set(ids);
    const rows: string[] = [];
    for (const id of waiting) {
      const sight = await agent.control.probe(id);
      if (sight === null || sight.assessment.outcome === 'pending') continue;
      waiting.delete(id);
      rows.push(`${describeRow(viewProbe(sight), provider.injected(id))}\n`);
    }
    return rows.length === 0 ? 'taken' : print(rows.join(''));
  };
}

export function describeRow(view: ProbeView, injected: number | null): string {
  const { plannedAt, path, outcome, delaySeconds, ageSeconds } = view;
  const state = outcome === 'pending' ? `${ageSeconds.toFixed(1)} s …` : outcome;
  const measured =
    delaySeconds === null
      ? ''
      : delaySeconds.hi === null
        ? `over ${delaySeconds.lo.toFixed(3)}`
        : `${delaySeconds.lo.toFixed(3)} to ${delaySeconds.hi.toFixed(3)}`;
  const cells = [plannedAt.slice(11, 23).padEnd(14), path.padEnd(10), state.padEnd(12), measured.padEnd(24)];
  return plain(`${cells.join('')}${injected === null ? '' : injected.toFixed(3)}`);
}
