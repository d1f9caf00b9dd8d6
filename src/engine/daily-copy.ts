/** Which of our own messages stays in a mailbox though the others are deleted: one a day, for the provider's store is no book of ours. */

import type { ProbeRecord } from '../domain/record.ts';
import { utcDay } from '../domain/time/calendar.ts';
import type { Ledger } from '../ports.ts';

/** Three paths at a probe a minute are 4,320 a day. Where there are more, a restart keeps one message more. */
const RECENT_MAX = 5000;

export interface DailyCopy {
  /** Whether this probe's message stays: it is the first to have been seen of those planned on its day, in UTC. */
  stays(record: ProbeRecord): boolean;
}

/** Takes up what earlier runs have kept, as far as the ledger's last probes tell. */
export async function openDailyCopy(provider: string, ledger: Pick<Ledger, 'recent'>): Promise<DailyCopy> {
  const firsts = new Map<number, string>();
  const stays = ({ id, planned }: ProbeRecord): boolean => {
    const day = utcDay(planned.wallMs);
    if (!firsts.has(day)) firsts.set(day, id);
    return firsts.get(day) === id;
  };
  const seenMs = ({ capture }: ProbeRecord): number => capture?.latest.wallMs ?? 0;
  const seen = (await ledger.recent(RECENT_MAX)).filter(
    (record) => record.provider === provider && record.path !== 'send' && record.capture !== null,
  );
  for (const record of seen.toSorted((one, other) => seenMs(one) - seenMs(other))) stays(record);
  return { stays };
}
