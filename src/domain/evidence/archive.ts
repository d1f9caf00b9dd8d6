/** What is left of entries that were archived: few, and held together by one hash, for the chain no longer does. */
import type { LedgerArchived, LedgerEvent } from '../event.ts';
import type { RawEntry } from './bundle.ts';
import { chainHash, GENESIS } from './chain.ts';

/** What later months and years ask for: who the agent was, how months were closed, what was excluded, and keys of anchors. */
export const KEPT_TYPES = [
  'agent.started',
  'exclusion.added',
  'exclusion.retracted',
  'month.closed',
  'dkim.key-seen',
  'ledger.archived',
] as const satisfies readonly LedgerEvent['type'][];

/** Lower-case hex SHA-256 over the entries in their order: each one's number, hash and text. */
export function keptHash(entries: Iterable<RawEntry>): string {
  let last = GENESIS;
  for (const { seq, hash, text } of entries) last = chainHash(last, `${seq} ${hash} ${text}`);
  return last;
}

/** From which entry on something that says so is no archive: what it names has to have all from `afterSeq` on. Null if it has. */
export function missingIn(
  { bundles, upTo }: Pick<LedgerArchived, 'bundles' | 'upTo'>,
  afterSeq: number,
): number | null {
  let covered = afterSeq;
  for (const { firstSeq, lastSeq } of bundles) {
    if (firstSeq > covered + 1) return covered + 1;
    covered = Math.max(covered, lastSeq);
  }
  // With the checkpoint that the ledger begins with from then on, so that it can be proven.
  return covered > upTo.seq ? null : covered + 1;
}
