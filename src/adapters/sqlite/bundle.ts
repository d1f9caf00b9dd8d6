/** Writes a bundle: a month's report, signed, and the entries it follows from. */
import type { DatabaseSync } from 'node:sqlite';
import { BUNDLE_FORMAT, type BundleChain, type BundleManifest, entryLine } from '../../domain/bundle.ts';
import { monthRange } from '../../domain/calendar.ts';
import { GENESIS } from '../../domain/chain.ts';
import { judgeProvider } from '../../domain/judge.ts';
import type { Matter } from '../../domain/report.ts';
import type { Signer } from '../../ports.ts';
import { keysSeen } from './anchors.ts';
import { eventChunks, type Head, inTransaction, openReadOnly, readHead, toEventRow } from './database.ts';
import { ledgerError } from './failure.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { Store } from './store.ts';

export interface BundleRequest extends Pick<BundleManifest, 'agent' | 'version' | 'month' | 'configuration'> {
  /** At least one, all of `month` and of the same moment. */
  readonly matters: readonly Matter[];
}

/** Milliseconds. What a month's verdict looks back to: availability to the good check before, a day of round trips at most. */
const LOOK_BACK_MS = 2 * 86_400_000;
const LAST_CHECKPOINT = `SELECT seq FROM events
  WHERE type = 'ledger.checkpoint' AND type IN (${RARE_TYPES_SQL}) AND wall_ms <= ? ORDER BY seq DESC LIMIT 1`;

/**
 * Gives `write` line after line, each with its line feed, and waits for each: the manifest, its signature, and every entry from the
 * last checkpoint before the month, or from the first one, to the head that the report is as of. A daemon may go on writing.
 * Resolves with what was written first; rejects with LedgerError, or with what `write` rejects with.
 */
export async function writeBundle(
  place: string,
  request: BundleRequest,
  signer: Signer,
  write: (line: string) => void | Promise<void>,
): Promise<BundleManifest> {
  const db = openReadOnly(place);
  try {
    // One read, so that report and head are of the same moment. What comes before the head stays as it is.
    const manifest = reading(place, () =>
      inTransaction(db, 'DEFERRED', () => makeManifest(db, place, request, signer)),
    );
    const line = JSON.stringify(manifest);
    await write(`${line}\n${signer.sign(Buffer.from(line))}\n`);
    const { firstSeq, lastSeq } = manifest.chain;
    const chunks = eventChunks(db, firstSeq - 1, lastSeq);
    while (true) {
      const chunk = reading(place, () => chunks.next());
      if (chunk.done === true) return manifest;
      await write(chunk.value.map((row) => `${entryLine(row)}\n`).join(''));
    }
  } finally {
    db.close();
  }
}

function reading<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ledgerError('export the ledger', place, error);
  }
}

function makeManifest(db: DatabaseSync, place: string, request: BundleRequest, signer: Signer): BundleManifest {
  const { agent, version, month, configuration, matters } = request;
  const store = new Store(db, place);
  const report = matters.map((matter) => judgeProvider(matter, store).report);
  const chain = chainOf(db, matters, readHead(db));
  return {
    format: BUNDLE_FORMAT,
    agent,
    version,
    month,
    exportedAt: new Date(matters[0]?.nowMs ?? 0).toISOString(),
    configuration,
    contracts: Object.fromEntries(matters.map(({ provider, contract }) => [provider, contract])),
    report,
    chain,
    keys: keysSeen(db, chain.firstSeq - 1),
    publicKey: signer.publicKey,
  };
}

function chainOf(db: DatabaseSync, matters: readonly Matter[], head: Head): BundleChain {
  const beginsMs = Math.min(
    ...matters.map(({ month, contract }) => monthRange(month, contract.timeZone).fromMs - LOOK_BACK_MS),
  );
  const checkpoint = db.prepare(LAST_CHECKPOINT).get(beginsMs);
  const firstSeq = checkpoint === undefined ? 1 : Number(checkpoint['seq']);
  const before = db.prepare('SELECT seq, text, hash FROM events WHERE seq = ?').get(firstSeq - 1);
  const previousHash = before === undefined ? GENESIS : toEventRow(before).hash;
  return { firstSeq, previousHash, lastSeq: head.seq, head: head.hash };
}
