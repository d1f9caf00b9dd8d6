/** Checkpoints on the disk: always the state of the entry before, whoever writes beside, and found where they are not. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareProjection, rebuildProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { checkpointOf } from '../../../src/domain/evidence/checkpoint.ts';
import { emptyTimeline, foldEvent } from '../../../src/domain/timeline.ts';
import { historyOf, step } from './any-history.ts';
import { at, checked, delivered, factsOf, handedOver, opened, planned, tamper, temporaryFolder } from './support.ts';

test('a checkpoint remembers the state before it in any history, by turns of a daemon and a visitor', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 60 }), async (steps) => {
      const events = historyOf(steps);
      const folder = temporaryFolder();
      const daemon = await opened(folder);
      const visitor = await opened(folder, 'visitor');
      const size = Math.ceil(events.length / 4);
      for (const [turn, ledger] of [daemon, visitor, daemon, visitor].entries()) {
        const appending = ledger.append(events.slice(turn * size, (turn + 1) * size));
        await Promise.all([appending, ledger.checkpoint(at(turn))]);
      }
      expect(await compareProjection(folder)).toMatchObject({ ok: true });
      expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: events.length + 4 });
      await Promise.all([daemon.close(), visitor.close()]);
    }),
    { numRuns: 15 },
  );
}, 180_000);

test('one that does not is found and named', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([planned('p', 0), checked(1)]);
  await ledger.checkpoint(at(2));
  await ledger.append([checkpointOf(emptyTimeline(), at(3)), checked(4)]);
  await ledger.checkpoint(at(5));
  expect(await compareProjection(folder)).toEqual({
    ok: false,
    difference: expect.stringMatching(/^checkpoint 4: checks is \[\], by the events before it \[\{/),
  });
});

test('a ledger that begins with one holds its open probes as rows, in the order of planning', async () => {
  const state = emptyTimeline();
  for (const event of [planned('one', 0), planned('two', 1), planned('three', 2), checked(3)]) foldEvent(state, event);
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([checkpointOf(state, at(9)), handedOver('two', 10), ...delivered('four', 20), checked(63)]);
  expect((await ledger.recent(9)).map(({ id }) => id)).toEqual(['four', 'three', 'two', 'one']);
  expect((await ledger.snapshot()).tallies).toMatchObject([
    { outcome: 'delivered', count: 1 },
    { outcome: 'pending', count: 3 },
  ]);
  const range = { provider: 'acme', fromMs: at(0).wallMs, toMs: at(99).wallMs, finalMs: at(99).wallMs };
  expect(factsOf(ledger).availability(range).runs).toMatchObject([{ fromMs: at(3).wallMs, toMs: at(63).wallMs }]);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 4 });
  await ledger.close();
  await rebuildProjection(folder);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 4 });
});

test('a checkpoint that the disk refuses leaves nothing behind', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([planned('p', 0)]);
  tamper(folder, (db) =>
    db.exec("CREATE TRIGGER full BEFORE INSERT ON timeline WHEN NEW.seq = 2 BEGIN SELECT raise(ABORT, 'full'); END"),
  );
  await expect(ledger.checkpoint(at(1))).rejects.toThrow('append a checkpoint');
  expect(await ledger.marked(['ledger.checkpoint'])).toEqual([]);
  tamper(folder, () => {});
  expect(await ledger.checkpoint(at(2))).toMatchObject({ seq: 2 });
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 1 });
});
