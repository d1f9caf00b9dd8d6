/** Counts from a ledger's events, without the domain's own fold, what became of every probe. */
import { exportLedger } from '../../src/app.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { ABORTED } from '../../src/domain/probe.ts';
import type { Tally } from './soak-figures.ts';

interface Fate {
  captures: number;
  handover: 'accepted' | 'cut-off' | 'failed' | null;
}

export async function tallyOf(dataFolder: string): Promise<Tally> {
  const fates = new Map<string, Fate>();
  let invented = 0;
  await exportLedger(dataFolder, (line) => {
    const { event } = JSON.parse(line) as { event: LedgerEvent };
    if (event.type === 'probe.planned') {
      fates.set(event.probe, { captures: 0, handover: null });
      return;
    }
    if (event.type === 'transfer.captured' || event.type === 'message.seen' || event.type === 'probe.duplicated') {
      const fate = fates.get(event.probe);
      if (fate === undefined) invented += 1;
      else fate.captures += 1;
    } else if (event.type === 'probe.interrupted') {
      const fate = fates.get(event.probe);
      if (fate !== undefined) fate.handover ??= 'cut-off';
    } else if (event.type === 'probe.handed-over') {
      const fate = fates.get(event.probe);
      const { handover } = event;
      const cutOff = handover.kind === 'unreachable' && handover.code === ABORTED;
      if (fate !== undefined) fate.handover = handover.kind === 'accepted' ? 'accepted' : cutOff ? 'cut-off' : 'failed';
    }
  });
  const all = [...fates.values()];
  const missing = all.filter(({ captures }) => captures === 0);
  return {
    planned: all.length,
    delivered: all.length - missing.length,
    lost: missing.filter(({ handover }) => handover === 'accepted').length,
    failed: missing.filter(({ handover }) => handover !== 'accepted').length,
    cutOff: missing.filter(({ handover }) => handover === 'cut-off').length,
    duplicates: all.reduce((sum, { captures }) => sum + Math.max(0, captures - 1), 0),
    invented,
  };
}
