/** What an exclusion would change, told before it is entered, is what it changes once it is. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import { previewExclusion } from '../../../src/domain/report/exclusion-preview.ts';
import { type FactSource, judgeProvider } from '../../../src/domain/report/judge.ts';
import { summariseReport } from '../../../src/domain/report/standing.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { anyHistory, at } from '../any-history.ts';
import { delivered, exclusion } from '../month-case.ts';

const anyExclusion: fc.Arbitrary<Exclusion> = fc
  .record({
    provider: fc.constantFrom('acme', 'other'),
    path: fc.constantFrom(null, ...PATHS),
    from: fc.integer({ min: -44_000, max: 1000 }),
    length: fc.integer({ min: 1, max: 20_000 }),
    kind: fc.constantFrom('agreed-maintenance', 'adjustment', 'foreign-system'),
  })
  .map(({ from, length, ...rest }) => ({
    ...{ id: 'a'.repeat(16), by: 'Li Wei', evidence: '', note: '', ...rest },
    ...{ fromMs: at(from).wallMs, toMs: at(from + length).wallMs },
  }));

const NONE = { submission: 0, mx: 0, mailbox: 0 };
const MATTER = { provider: 'acme', contract: CONTRACT, month: '2026-11', nowMs: at(30_000).wallMs };

test('the month as it would be is as it is once the exclusion was entered, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(anyHistory, anyExclusion, async (history, entered) => {
      const ledger = new MemoryLedger();
      await ledger.append(history);
      const clauses = () => summariseReport(judgeProvider(MATTER, ledger).report);
      const before = clauses();
      const preview = previewExclusion(MATTER, ledger, { kind: 'added', exclusion: entered });
      await ledger.append([{ type: 'exclusion.added', at: at(30_000), exclusion: entered }]);
      expect([preview.month, preview.now, preview.then]).toEqual(['2026-11', before, clauses()]);
      const back = previewExclusion(MATTER, ledger, { kind: 'retracted', exclusion: entered });
      expect([back.now, back.then]).toEqual([clauses(), before]);
    }),
  );
});

test('it changes the clauses of its provider and its path alone', () => {
  // 600 s each.
  const facts = { unmeasured: 0, exclusions: [], absence: new Map(), head: { seq: 1, hash: '' } };
  const source: FactSource = {
    month: ({ path }) => ({ ...facts, records: [delivered('p', 0, 600, { path })] }),
    availability: () => ({ ...facts, runs: [], roundTrips: [], served: [], unmeasured: NONE, endpoints: [] }),
  };
  const averages = (change: Partial<Exclusion>) =>
    previewExclusion(MATTER, source, { kind: 'added', exclusion: { ...exclusion(0, 700), ...change } })
      .then.filter(({ id }) => id.startsWith('2'))
      .map(({ figures }) => Math.round(figures['averageSeconds']?.[0] ?? Number.NaN));
  expect(averages({ provider: 'other' })).toEqual([600, 600]);
  expect(averages({ path: 'send' })).toEqual([0, 600]);
  expect(averages({ path: 'internal' })).toEqual([600, 600]);
  expect(averages({})).toEqual([0, 0]);
});
