/** The result of spot checks as a Nagios plugin prints it: one line with performance data. */
import { judgeSpot, type ProbeView, SPOT_LIMITS } from '../domain/probe-view.ts';
import { plain } from './plain.ts';

const STATUS = { 'in-time': 'OK', late: 'WARNING', missing: 'CRITICAL', failed: 'CRITICAL' } as const;
const GRAVITY = ['OK', 'WARNING', 'CRITICAL'] as const;
/** Characters of one trouble: a server reads the first 4 KB of a plugin's output, and the performance data comes last. */
const TROUBLE_LENGTH_MAX = 200;

export function formatNagios(views: readonly ProbeView[]): string {
  const worst = GRAVITY[Math.max(...views.map((view) => GRAVITY.indexOf(STATUS[judgeSpot(view)])))] ?? 'CRITICAL';
  const troubled = views.filter((view) => judgeSpot(view) !== 'in-time');
  const said = [
    `${views.length - troubled.length} of ${views.length} probes delivered in time`,
    ...troubled.map((view) => `${view.provider}/${view.path} ${view.error ?? judgeSpot(view)}`),
  ];
  return `MAILFLOW ${worst} - ${said.map(fit).join('; ')} | ${views.map(performance).join(' ')}\n`;
}

/** For a check that could not be made (exit code 3), which is nobody's delay. */
export function nagiosUnknown(reason: string): string {
  return `MAILFLOW UNKNOWN - ${fit(reason)}\n`;
}

/** The bar parts text from performance data. */
function fit(text: string): string {
  return plain(text.replaceAll('|', ' '), TROUBLE_LENGTH_MAX);
}

/** `'label'=value[unit];warn;crit;min`; `U` where there is no value. */
function performance({ provider, path, delaySeconds }: ProbeView): string {
  const label = fit(`${provider} ${path}`).replaceAll(/['=]/g, '_');
  const hi = delaySeconds?.hi ?? null;
  return `'${label}'=${hi === null ? 'U' : `${hi}s`};${SPOT_LIMITS.averageSeconds};${SPOT_LIMITS.maximumSeconds};0`;
}
