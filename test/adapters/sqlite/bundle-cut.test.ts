/** A bundle that leaves out what went wrong in its month does not verify, whatever its keeper's clock was set to. */
import { expect, test } from 'vitest';
import { decodeEvent } from '../../../src/domain/codec.ts';
import { chainHash } from '../../../src/domain/evidence/chain.ts';
import { at, DAY, delivered, HOUR } from '../../domain/november.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { bundleOf, forged, verified } from './bundle-case.ts';
import { opened, temporaryFolder } from './support.ts';

test('a bundle that begins in the middle of the month, with a checkpoint written while the clock was set back to October, does not verify', async () => {
  // Two messages of the 5th and 6th were two hours late, a breach. On the 20th the keeper sets the clock back for a minute.
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([...delivered('late', 5 * DAY, 2 * HOUR), ...delivered('later', 6 * DAY, 2 * HOUR)]);
  await ledger.append([{ type: 'absence.proven', at: at(7 * DAY), channel: 'mailbox:acme', until: at(7 * DAY) }]);
  const checkpoint = await ledger.checkpoint(at(20 * DAY, -23 * DAY));
  await ledger.append(Array.from({ length: 20 }, (_, each) => delivered(`fine ${each}`, 21 * DAY + each * 600)).flat());
  await ledger.close();

  const whole = await bundleOf(folder);
  expect(await verified(whole)).toMatchObject({ ok: true });
  const cut = checkpoint.seq - 1;
  let texts: readonly string[] = [];
  forged(whole, ({ events }) => {
    texts = [...events];
  });
  const rest = new MemoryLedger();
  await rest.append(texts.slice(cut).map(decodeEvent));
  const { report } = await rest.judge(await matterIn(whole));
  expect(report.clauses.find(({ id }) => id === '2b')?.verdict).toBe('MET');

  const file = forged(whole, (parts) => {
    const previousHash = texts.slice(0, cut).reduce(chainHash, parts.manifest.chain.previousHash);
    parts.manifest = {
      ...parts.manifest,
      report: [JSON.parse(JSON.stringify(report))],
      chain: { ...parts.manifest.chain, firstSeq: checkpoint.seq, previousHash },
    };
    parts.events = texts.slice(cut);
  });
  expect((await verified(file)).ok).toBe(false);
});

async function matterIn(file: string) {
  let contract: unknown;
  forged(file, ({ manifest }) => {
    contract = manifest.contracts['acme'];
  });
  return { provider: 'acme', contract, month: '2026-11', nowMs: Date.UTC(2026, 11, 10) } as Parameters<
    MemoryLedger['judge']
  >[0];
}
