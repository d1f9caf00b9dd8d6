/** Tells the log of scheduled probes that do not get through: once when that begins on a route, and when it is over. */
import { exceedsMaximum } from '../domain/delay/delay.ts';
import { ABORTED } from '../domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../domain/record.ts';
import type { TimelineState } from '../domain/timeline.ts';
import type { Log } from '../ports.ts';
import type { RecorderListener } from './recorder.ts';

/** Of one route. States: going well ⇄ troubled; each kind of trouble is told once until a probe gets through in time. */
interface Trouble {
  failed: boolean;
  late: boolean;
}

/** To be subscribed to the recorder whose state this is. */
export function probeNews(state: TimelineState, log: Log): RecorderListener {
  const troubles = new Map<string, Trouble>();
  /** Open ones that were told as late: what is still missing is no news, whatever gets through meanwhile. */
  const late = new Set<string>();
  const tell = (record: ProbeRecord): void => {
    if (record.kind !== 'scheduled') return;
    const { id: probe, provider, path } = record;
    const key = `${path} ${provider}`;
    const trouble = troubles.get(key) ?? { failed: false, late: false };
    troubles.set(key, trouble);
    const outcome = outcomeOf(record);
    const exceeds = exceedsMaximum(record, state.absence);
    const isLate = exceeds && !late.has(record.id);
    if (outcome !== 'pending') late.delete(record.id);
    else if (isLate) late.add(record.id);
    const isBad = endedBadly(record);
    if (isLate && !trouble.late) log.warn('a probe has exceeded the maximum delay', { provider, path, probe, outcome });
    if (isBad && !trouble.failed)
      log.warn('a probe did not get through', { provider, path, probe, outcome, ...whyOf(record) });
    trouble.late ||= isLate;
    trouble.failed ||= isBad;
    if (outcome !== 'delivered' || exceeds || !(trouble.failed || trouble.late)) return;
    log.info('probes get through again', { provider, path });
    troubles.delete(key);
  };
  return (entries, changed) => {
    for (const record of changed) tell(record);
    // It changes no record, but what is known of those that are missing.
    if (entries.some(({ event }) => event.type === 'absence.proven'))
      for (const record of state.open.values()) if (exceedsMaximum(record, state.absence)) tell(record);
  };
}

/** What our own stop cut off is no news; what a server refused is, be it that we were too many for it. */
function endedBadly(record: ProbeRecord): boolean {
  const { handover } = record;
  if (handover?.kind === 'unreachable' && handover.code === ABORTED) return false;
  const outcome = outcomeOf(record);
  return outcome === 'failed' || outcome === 'lost' || (outcome === 'unmeasured' && handover?.kind === 'refused');
}

/** The server's reply, or the notice's; without the instants. */
function whyOf({ handover, notice }: ProbeRecord): Readonly<Record<string, unknown>> {
  if (notice !== null) return { notice };
  if (handover === null || handover.kind === 'accepted') return {};
  return { handover: Object.fromEntries(Object.entries(handover).filter(([, value]) => typeof value !== 'object')) };
}
