/** The result of spot checks as a Nagios plugin prints it: one line with performance data. */
import { judgeSpot, type ProbeView, SPOT_LIMITS } from '../domain/probe-view.ts';

const STATUS = { 'in-time': 'OK', late: 'WARNING', missing: 'CRITICAL', failed: 'CRITICAL' } as const;
const GRAVITY = ['OK', 'WARNING', 'CRITICAL'] as const;

export function formatNagios(views: readonly ProbeView[]): string {
  const worst =
    views.map((view) => STATUS[judgeSpot(view)]).toSorted((a, b) => GRAVITY.indexOf(b) - GRAVITY.indexOf(a))[0] ??
    'CRITICAL';
  const inTime = views.filter((view) => judgeSpot(view) === 'in-time').length;
  const troubles = views
    .filter((view) => judgeSpot(view) !== 'in-time')
    .map((view) => `${view.provider}/${view.path} ${view.error ?? judgeSpot(view)}`);
  const said = [`${inTime} of ${views.length} probes delivered in time`, ...troubles]
    .join('; ')
    .replaceAll(/[|\p{Cc}]/gu, ' ');
  return `MAILFLOW ${worst} - ${said} | ${views.map(performance).join(' ')}\n`;
}

/** `'label'=value[unit];warn;crit;min`; `U` where there is no value. */
function performance({ provider, path, delaySeconds }: ProbeView): string {
  const value = delaySeconds?.hi === null || delaySeconds === null ? 'U' : `${delaySeconds.hi}s`;
  return `'${provider} ${path}'=${value};${SPOT_LIMITS.averageSeconds};${SPOT_LIMITS.maximumSeconds};0`;
}
