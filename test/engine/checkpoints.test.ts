/** One checkpoint for each UTC day on which the agent runs. */
import { expect, test } from 'vitest';
import type { Instant } from '../../src/domain/time/instant.ts';
import { keepCheckpoints } from '../../src/engine/checkpoints.ts';
import type { Recorder } from '../../src/engine/recorder.ts';
import { at, planned, quiet } from '../adapters/sqlite/support.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';

const on = (day: number, time: string): Instant => ({
  ...at(0),
  wallMs: Date.parse(`2026-11-${String(day).padStart(2, '0')}T${time}Z`),
});

async function begun(ledger: MemoryLedger): Promise<{ keep: (now: Instant) => Promise<void>; recorder: Recorder }> {
  const { recorder } = await startRecorder(ledger, { log: quiet });
  return { keep: keepCheckpoints(ledger, recorder), recorder };
}
const kept = (ledger: MemoryLedger) => ledger.events('ledger.checkpoint').map(({ at: { wallMs } }) => wallMs);

test('the first is made at once, the next ones after midnight UTC', async () => {
  const ledger = new MemoryLedger();
  const { keep, recorder } = await begun(ledger);
  const [first, midnight] = [on(3, '08:00:00'), on(4, '00:00:00')];
  for (const now of [first, on(3, '08:00:01'), on(3, '23:59:59.999'), midnight, on(4, '00:00:01')]) await keep(now);
  expect(kept(ledger)).toEqual([first.wallMs, midnight.wallMs]);
  const { seq, hash } = ledger.entries.at(-1)!;
  expect(recorder.head).toEqual({ seq, hash });
});

test('after a restart on the same day none is made', async () => {
  const ledger = new MemoryLedger();
  await (await begun(ledger)).keep(on(3, '08:00:00'));
  const { keep } = await begun(ledger);
  await keep(on(3, '09:00:00'));
  expect(kept(ledger)).toHaveLength(1);
  await keep(on(5, '09:00:00'));
  expect(kept(ledger)).toHaveLength(2);
});

test('one that the ledger refuses is made at the next beat, after what was kept meanwhile', async () => {
  const ledger = new MemoryLedger();
  const { keep, recorder } = await begun(ledger);
  ledger.failure = new Error('disk full');
  await recorder.note(planned('p', 0));
  await expect(keep(on(3, '08:00:00'))).rejects.toThrow('disk full');
  ledger.failure = null;
  await keep(on(3, '08:00:01'));
  expect(ledger.entries.map(({ event }) => event.type)).toEqual(['probe.planned', 'ledger.checkpoint']);
  expect(ledger.events('ledger.checkpoint')[0]?.open).toMatchObject([{ id: 'p' }]);
});
