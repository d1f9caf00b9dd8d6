/** Bundles of any history, judged by a whole contract: whatever went before, what is written holds. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readContract } from '../../../src/adapters/config-file/contract.ts';
import { writeBundle } from '../../../src/adapters/sqlite/bundle.ts';
import { LedgerError } from '../../../src/adapters/sqlite/failure.ts';
import { historyOf, step } from './any-history.ts';
import { SIGNER, verified } from './bundle-case.ts';
import { opened, temporaryFolder } from './support.ts';

/** Entries lie hours apart, so that a history goes over weeks and checkpoints come days before a month. */
const SLOWER = 60;

/** A history may end in a month of which it knows nothing; then there is nothing to write. */
function nullIfUnmeasured(error: unknown): null {
  if (error instanceof LedgerError && error.code === 'MISSING') return null;
  throw error;
}

it('holds whatever the history, with checks, exclusions, outages and checkpoints, and however late it begins', async () => {
  const read = await readContract(
    new URL('../../../config/contracts/enterprise-mail-sla.yml', import.meta.url).pathname,
  );
  if (!read.ok) throw new Error('the contract cannot be read');
  const { terms: contract } = read;
  const slow = step.map((one) => ({ ...one, laterSeconds: one.laterSeconds * SLOWER }));
  let later = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(slow, { minLength: 60, maxLength: 120 }),
      fc.integer({ min: 3, max: 9 }),
      async (steps, every) => {
        const folder = temporaryFolder();
        const ledger = await opened(folder);
        const events = historyOf(steps);
        for (const [index, event] of events.entries()) {
          await ledger.append([event]);
          if (index % every === 0) await ledger.checkpoint(event.at);
        }
        const nowMs = events.at(-1)!.at.wallMs + 1000;
        const month = new Date(nowMs).toISOString().slice(0, 7);
        const matters = ['acme', 'Ünïcode "quoted"'].map((provider) => ({ provider, contract, month, nowMs }));
        const request = { agent: 'test', version: '1.2.3', month, configuration: '', matters };
        let text = '';
        const manifest = await writeBundle(folder, request, SIGNER, (line) => void (text += line)).catch(
          nullIfUnmeasured,
        );
        await ledger.close();
        if (manifest === null) return;
        const file = join(temporaryFolder(), 'month.bundle');
        writeFileSync(file, text);
        const result = await verified(file);
        expect([result.verdict, result.chain]).toMatchObject([{ ok: true }, { ok: true }]);
        if (manifest.chain.firstSeq > 1) later += 1;
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
  // Otherwise it would say nothing of what checkpoints remember.
  expect(later).toBeGreaterThan(5);
}, 120_000);
