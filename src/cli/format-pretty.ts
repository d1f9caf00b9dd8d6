/** The result of spot checks for people. */
import { stripVTControlCharacters } from 'node:util';
import type { Hop } from '../domain/probe.ts';
import { judgeSpot, type ProbeView, SPOT_LIMITS, type SpotVerdict } from '../domain/probe-view.ts';

const VERDICTS: Readonly<Record<SpotVerdict, string>> = {
  'in-time': `within the limit of ${SPOT_LIMITS.averageSeconds} s`,
  late: `late: not proven within ${SPOT_LIMITS.averageSeconds} s`,
  missing: 'not delivered in time; the ledger keeps waiting for it',
  failed: 'failed',
};

export function formatPretty(views: readonly ProbeView[]): string {
  return `${views.map((view) => clean(formatOne(view))).join('\n\n')}\n`;
}

function formatOne(view: ProbeView): string {
  const lines = [`${view.provider}/${view.path}  ${VERDICTS[judgeSpot(view)]}`, row('delay', delayText(view))];
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
  return `  ${name.padEnd(9)} ${text}`;
}

function delayText({ delaySeconds }: ProbeView): string {
  if (delaySeconds === null) return 'none, it was not accepted';
  const { lo, hi } = delaySeconds;
  return hi === null
    ? `over ${formatSeconds(lo)}, still missing`
    : `between ${formatSeconds(lo)} and ${formatSeconds(hi)}`;
}

function hopText({ by, from, at, seconds }: Hop): string {
  const gap = seconds === null ? '' : `${seconds < 0 ? '' : '+'}${seconds} s`;
  return `    ${gap.padStart(8)}  ${at ?? 'no time'}  by ${by ?? 'unknown'}${from === null ? '' : ` from ${from}`}`;
}

/** Three digits that matter: `0.412 ms`, `41.2 ms`, `5.012 s`, `1 h 2 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 120) return `${seconds.toFixed(3)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Replies and hosts' names come from the network: they must not drive the terminal. */
function clean(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replaceAll(/\p{Cc}/gu, ' '))
    .join('\n');
}
