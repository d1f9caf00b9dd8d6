/** Months on the disk: as they run, beside a daemon that writes, and what is asked about those that are over. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContractTerms } from '../../../src/domain/contract-terms.ts';
import { type Closing, closingOf } from '../../../src/domain/report/closing.ts';
import type { Matter } from '../../../src/domain/report/report.ts';
import { summariseReport } from '../../../src/domain/report/standing.ts';
import { anyHistory, at } from '../../domain/any-history.ts';
import { CLAUSE } from '../../domain/month-case.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { opened, temporaryFolder } from './support.ts';

const CONTRACT: ContractTerms = {
  name: 'test',
  title: { en: 'Test', zh: '测试' },
  timeZone: 'Asia/Shanghai',
  finalAfterSeconds: 432_000,
  clauses: [
    { ...CLAUSE, id: '2a' },
    { ...CLAUSE, id: '2b', path: 'receive', maximumSeconds: 600 },
  ],
};
const matterAt = (nowMs: number, month = '2026-11'): Matter => ({ provider: 'acme', contract: CONTRACT, month, nowMs });
const NOVEMBER = { fromMs: Date.parse('2026-10-31T16:00:00Z'), toMs: Date.parse('2026-11-30T16:00:00Z') };

test('any history, asked about by a reader between any two appends, stands as all of it judged from scratch', async () => {
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 25 }), next: fc.boolean() }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(anyHistory, cuts, async (history, split) => {
      const folder = temporaryFolder();
      const daemon = await opened(folder);
      const reader = await opened(folder, 'reader');
      const memory = new MemoryLedger();
      for (let from = 0, turn = 0; from < history.length; turn += 1) {
        const { size = 1, next = false } = split[turn % split.length] ?? {};
        const events = history.slice(from, from + size);
        from += size;
        const [entries] = await Promise.all([daemon.append(events), memory.append(events)]);
        const matter = matterAt(events.at(-1)?.at.wallMs ?? 0, next ? '2026-12' : '2026-11');
        const { seq, hash } = entries.at(-1) ?? { seq: 0, hash: '' };
        const scratch = await daemon.judge(matter);
        expect(await reader.standing(matter)).toEqual({
          clauses: summariseReport(scratch.report),
          head: { seq, hash },
        });
        expect(await memory.standing(matter)).toEqual({
          clauses: summariseReport(scratch.report),
          head: { seq, hash },
        });
        expect(await reader.closing(matter)).toEqual<Closing>(closingOf(scratch, { seq, hash }));
        const late = { provider: 'acme', ...NOVEMBER, afterSeq: Math.floor(seq / 2) };
        expect(await reader.lateProbes(late)).toBe(await memory.lateProbes(late));
      }
      await reader.close();
      await daemon.close();
    }),
    { numRuns: 8 },
  );
}, 120_000);

test('the earliest entry tells when the ledger begins: the first may be of a clock ahead of time', async () => {
  const ledger = await opened(temporaryFolder());
  expect(await ledger.firstMs()).toBeNull();
  await ledger.append([
    { type: 'agent.stopped', at: at(5) },
    { type: 'agent.stopped', at: at(7) },
  ]);
  expect(await ledger.firstMs()).toBe(at(5).wallMs);
  await ledger.append([{ type: 'agent.stopped', at: at(3) }]);
  expect(await ledger.firstMs()).toBe(at(3).wallMs);
});
