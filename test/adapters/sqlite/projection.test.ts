/** However events are split into appends and processes, the rows are those that a rebuild gives. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareProjection, rebuildProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { encode } from '../../../src/domain/codec.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import { storeTimeline } from '../../../src/domain/timeline.ts';
import type { Ledger } from '../../../src/ports.ts';
import { historyOf, step } from './any-history.ts';
import { opened, planned, rawly, temporaryFolder } from './support.ts';

const TABLES = ['probes', 'tallies', 'slots', 'runs', 'missed_checks', 'timeline'];
function rowsOf(folder: string): string {
  return rawly(folder, (db) =>
    JSON.stringify(TABLES.map((table) => db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all())),
  );
}

function stateIn(folder: string): unknown {
  return rawly(folder, (db) => db.prepare('SELECT state FROM timeline').get()?.['state']);
}

/** In appends of the given sizes, by turns through the two ledgers, some of them without waiting for the one before. */
async function appendSplit(
  ledgers: readonly [Ledger, Ledger],
  events: readonly LedgerEvent[],
  sizes: readonly number[],
): Promise<void> {
  let from = 0;
  let waiting: Promise<unknown>[] = [];
  for (let turn = 0; from < events.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const ledger = ledgers[Math.floor(turn / 3) % 2] ?? ledgers[0];
    waiting.push(ledger.append(events.slice(from, from + size)));
    from += size;
    // The order between two processes is theirs to settle: wait before the other one's turn.
    if (turn % 3 === 2) waiting = await Promise.all(waiting).then(() => []);
  }
  await Promise.all(waiting);
}

test('any history in any split of appends gives the rows of a rebuild', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), sizes, async (steps, split) => {
      const events = historyOf(steps);
      const folder = temporaryFolder();
      const daemon = await opened(folder);
      const visitor = await opened(folder, 'visitor');
      await appendSplit([daemon, visitor], events, split);
      expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: events.length });
      expect(await compareProjection(folder)).toMatchObject({ ok: true });
      const snapshot = await daemon.snapshot();
      expect(snapshot).toEqual(await visitor.snapshot());
      expect(stateIn(folder)).toBe(encode(storeTimeline(snapshot.state)));
      await daemon.close();
      await visitor.close();

      const whole = temporaryFolder();
      const once = await opened(whole);
      await once.append(events);
      await once.close();
      expect(rowsOf(whole)).toBe(rowsOf(folder));

      await rebuildProjection(folder);
      expect(rowsOf(whole)).toBe(rowsOf(folder));
    }),
    { numRuns: 20 },
  );
}, 180_000);

test('a probe planned twice by mistake moves with its route in the tallies', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([planned('p', 0)]);
  await ledger.append([planned('p', 1, { provider: 'other', kind: 'spot' })]);
  expect((await ledger.snapshot()).tallies).toEqual([]);
  await ledger.append([planned('p', 2, { path: 'receive' })]);
  expect((await ledger.snapshot()).tallies).toMatchObject([{ provider: 'acme', path: 'receive', count: 1 }]);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 1 });
});

test('the tallies are the sum of the rows and of the unmeasured slots', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const folder = temporaryFolder();
      const ledger = await opened(folder);
      const events = historyOf(steps);
      await ledger.append(events);
      const { tallies } = await ledger.snapshot();
      await ledger.close();
      const scheduled = rawly(folder, (db) =>
        db.prepare("SELECT count(*) AS n, coalesce(sum(breached), 0) AS b FROM probes WHERE kind = 'scheduled'").get(),
      );
      const slots = events.filter(({ type }) => type === 'slot.unmeasured').length;
      expect(tallies.reduce((sum, { count }) => sum + count, 0)).toBe(Number(scheduled?.['n']) + slots);
      expect(tallies.reduce((sum, { breaches }) => sum + breaches, 0)).toBe(Number(scheduled?.['b']));
      expect(tallies.every(({ count, breaches }) => count > 0 && breaches >= 0 && breaches <= count)).toBe(true);
    }),
    { numRuns: 10 },
  );
}, 180_000);
