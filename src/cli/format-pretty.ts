/** The result of spot checks for people. */
import type { Hop } from '../domain/probe.ts';
import { judgeSpot, type ProbeView, SPOT_LIMITS } from '../domain/probe-view.ts';
import { formatSeconds } from './format-seconds.ts';
import { plain } from './plain.ts';

export function formatPretty(views: readonly ProbeView[]): string {
  return `${views.map(formatOne).join('\n\n')}\n`;
}

/** Every value is made plain by itself: what comes from the network must not pass for a line of ours. */
function formatOne(view: ProbeView): string {
  const lines = [plain(`${view.provider}/${view.path}  ${verdictText(view)}`), row('delay', delayText(view))];
  if (view.error !== null) lines.push(row('error', view.error));
  if (view.flags.length > 0) lines.push(row('flags', view.flags.join(', ')));
  if (view.acceptedAt !== null) lines.push(row('accepted', view.acceptedAt));
  if (view.capturedAt !== null)
    lines.push(row('captured', `${view.capturedAt}${view.folder === null ? '' : ` in ${view.folder}`}`));
  if (view.stages.length > 0)
    lines.push(row('stages', view.stages.map(({ name, seconds }) => `${name} ${formatSeconds(seconds)}`).join('  ')));
  lines.push(row('probe', view.id));
  if (view.hops.length > 0)
    lines.push(
      '  hops, as the servers on the way wrote them (their clocks; diagnosis, not the measurement):',
      ...view.hops.map(hopText),
    );
  return lines.join('\n');
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${plain(text)}`;
}

function verdictText(view: ProbeView): string {
  const limit = `${SPOT_LIMITS.averageSeconds} s`;
  switch (judgeSpot(view)) {
    case 'in-time':
      return `within the limit of ${limit}`;
    case 'late': {
      const proven = view.delaySeconds !== null && view.delaySeconds.lo > SPOT_LIMITS.averageSeconds;
      return proven ? `late: over the limit of ${limit}` : `late: not proven to be within ${limit}`;
    }
    case 'missing':
      return 'not delivered in time; the ledger keeps waiting for it';
    case 'failed':
      return view.outcome === 'unmeasured' ? 'not measured, by our own doing' : view.outcome;
  }
}

function delayText({ delaySeconds, outcome }: ProbeView): string {
  if (delaySeconds === null)
    return outcome === 'pending' ? 'none yet, it is not accepted' : 'none, it was not accepted';
  const { lo, hi } = delaySeconds;
  // Rounded outwards, so that what is shown holds the truth too.
  if (hi !== null) return `between ${formatSeconds(lo, Math.floor)} and ${formatSeconds(hi, Math.ceil)}`;
  return `over ${formatSeconds(lo, Math.floor)}, ${outcome === 'pending' ? 'still missing' : 'never seen'}`;
}

function hopText({ by, from, at, seconds }: Hop): string {
  const gap = seconds === null ? '' : `${seconds < 0 ? '' : '+'}${seconds} s`;
  const text = plain(`${at ?? 'no time'}  by ${by ?? 'unknown'}${from === null ? '' : ` from ${from}`}`);
  return `    ${gap.padStart(8)}  ${text}`;
}
