/** A recorder on a ledger, with the health it tells of. */
import { createHealth, type Health } from '../../src/engine/health.ts';
import { createRecorder, ledgerPart, type Recorder } from '../../src/engine/recorder.ts';
import type { Clock, Ledger, Log, Observer } from '../../src/ports.ts';
import { CountingObserver, silentLog } from './fake-provider.ts';
import { VirtualClock } from './virtual-clock.ts';

export async function startRecorder(
  ledger: Ledger,
  parts: { readonly observer?: Observer; readonly log?: Log; readonly clock?: Clock } = {},
): Promise<{ readonly recorder: Recorder; readonly health: Health }> {
  const { observer = new CountingObserver(), log = silentLog, clock = new VirtualClock() } = parts;
  const health = createHealth(clock, observer, log);
  return {
    recorder: createRecorder(ledger, await ledger.snapshot(), { observer, part: ledgerPart(health), log }),
    health,
  };
}
