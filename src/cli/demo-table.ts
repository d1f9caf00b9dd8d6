/** The demo's live table: each probe's measured delay beside the delay that the provider gave it. */
import type { WriteStream } from 'node:tty';
import type { Demo } from '../demo/demo.ts';
import { type ProbeView, viewProbe } from '../domain/probe-view.ts';
import type { Clock } from '../ports.ts';

/** Milliseconds between two drawings. */
const REDRAW_EVERY = 500;
const ROWS = 15;
const HEAD = `${'planned'.padEnd(14)}${'path'.padEnd(10)}${'outcome'.padEnd(12)}${'measured, s'.padEnd(24)}injected, s`;

/** Redraws on a terminal; elsewhere prints each probe once, when it is settled. Resolves when `stopped` does. */
export async function runDemoTable(
  { agent, provider }: Demo,
  out: WriteStream,
  clock: Clock,
  stopped: Promise<unknown>,
): Promise<void> {
  const ending = new AbortController();
  void stopped.then(() => ending.abort());
  out.write(`Page and metrics: ${agent.url}/ and ${agent.url}/metrics. Ctrl-C ends the demo.\n${HEAD}\n`);
  const printed = new Set<string>();
  let drawn = 0;
  while (!ending.signal.aborted) {
    const views = (await agent.control.recent(ROWS)).map(viewProbe).toReversed();
    const line = (view: ProbeView): string => describeRow(view, provider.injected(view.id));
    if (out.isTTY) {
      out.write(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${views.map((view) => `${line(view)}\n`).join('')}`);
      drawn = views.length;
    } else {
      for (const view of views.filter(({ id, outcome }) => outcome !== 'pending' && !printed.has(id))) {
        printed.add(view.id);
        out.write(`${line(view)}\n`);
      }
    }
    await clock.sleep(REDRAW_EVERY, ending.signal);
  }
}

function describeRow(
  { plannedAt, path, outcome, delaySeconds, ageSeconds }: ProbeView,
  injected: number | null,
): string {
  const measured =
    delaySeconds === null
      ? ''
      : delaySeconds.hi === null
        ? `over ${delaySeconds.lo.toFixed(3)}`
        : `${delaySeconds.lo.toFixed(3)} to ${delaySeconds.hi.toFixed(3)}`;
  const state = outcome === 'pending' ? `${ageSeconds.toFixed(1)} s …` : outcome;
  return `${plannedAt.slice(11, 23).padEnd(14)}${path.padEnd(10)}${state.padEnd(12)}${measured.padEnd(24)}${injected === null ? '' : injected.toFixed(3)}`;
}
