/** Writes a bundle: a month's report, signed, and the entries it follows from. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import {
  BUNDLE_FORMAT,
  type BundleChain,
  type BundleManifest,
  entryLine,
  firstDifference,
} from '../../domain/evidence/bundle.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
import { canBegin } from '../../domain/evidence/checkpoint.ts';
import { isMeasured, judgeProvider } from '../../domain/report/judge.ts';
import { type Matter, type ProviderReport, rangeOf } from '../../domain/report/report.ts';
import { DAY_MS } from '../../domain/time/calendar.ts';
import { isoText } from '../../domain/time/instant.ts';
import type { Signer } from '../../ports.ts';
import { keysSeen } from './anchors.ts';
import { readBeginning, refuseArchived, refuseCutSince } from './beginning.ts';
import { eventChunks, inTransaction, openReadOnly, readHead, toEventRow } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { Projection } from './projection.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { judgeAll, openScratch } from './scratch.ts';
import { rebuild, Store } from './store.ts';
import { CheckpointWatch } from './verify.ts';

export interface BundleRequest extends Pick<BundleManifest, 'agent' | 'version' | 'month' | 'configuration'> {
  /** At least one, all of `month` and of the same moment. */
  readonly matters: readonly Matter[];
  /** For an archive. */
  readonly span?: Span;
}
export interface Span {
  /** A bundle begins with this entry or before it. */
  readonly firstSeq: number;
  /** Ascending. It ends with the first of them that is enough for the same report, or with the ledger. */
  readonly lastSeqs: readonly number[];
}

/** Days before a month that a bundle begins at the latest: what most verdicts look back to. It takes more where they look further. */
const LOOK_BACK_DAYS = 2;
const LOOK_BACK_GROWTH = 8;
const CHECKPOINTS = `SELECT seq, text FROM events
  WHERE type = 'ledger.checkpoint' AND type IN (${RARE_TYPES_SQL}) AND wall_ms <= ? ORDER BY seq DESC`;

/**
 * Gives `write` line after line, each with its line feed, and waits for each: the manifest, its signature, and every entry from the
 * checkpoint before the month from which they give that very report, or from the first one, to the head that it is as of. A daemon
 * may go on writing.
 * Resolves with what was written first; rejects with LedgerError, or with what `write` rejects with.
 */
export async function writeBundle(
  place: string,
  request: BundleRequest,
  signer: Signer,
  write: (line: string) => void | Promise<void>,
): Promise<BundleManifest> {
  const db = openReadOnly(place);
  // In the order in which `contracts` is read again: JSON objects have names that are numbers first.
  const matters = Object.values(Object.fromEntries(request.matters.map((matter) => [matter.provider, matter])));
  try {
    const manifest = reading(place, () =>
      makeManifest(db, { ...request, matters }, judgeNow(db, place, matters), signer),
    );
    const line = JSON.stringify(manifest);
    await write(`${line}\n${signer.sign(Buffer.from(line))}\n`);
    const { firstSeq, lastSeq } = manifest.chain;
    const chunks = eventChunks(db, firstSeq - 1, lastSeq);
    while (true) {
      const chunk = reading(place, () => chunks.next());
      reading(place, () => refuseCutSince(db, firstSeq));
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

/**
 * Where a bundle says something else than one about the same month would say now: `report[0].clauses[2].verdict`; null if it says the
 * same. Rejects with LedgerError.
 */
export async function differenceNow(
  place: string,
  { contracts, report }: BundleManifest,
  matters: readonly Matter[],
): Promise<string | null> {
  const db = openReadOnly(place);
  try {
    // In its own order: the configuration may have another by now, and objects in JSON have names that are numbers first.
    const ordered = Object.keys(contracts).flatMap((name) => matters.filter(({ provider }) => provider === name));
    const now = { contracts: contractsOf(matters), report: reading(place, () => judgeNow(db, place, ordered)).report };
    return firstDifference({ contracts, report }, JSON.parse(JSON.stringify(now)))?.path ?? null;
  } finally {
    db.close();
  }
}

/** What each provider is judged by. */
function contractsOf(matters: readonly Matter[]): BundleManifest['contracts'] {
  return Object.fromEntries(matters.map(({ provider, contract }) => [provider, contract]));
}

function makeManifest(db: DatabaseSync, request: BundleRequest, judged: Judged, signer: Signer): BundleManifest {
  const { agent, version, month, configuration, matters, span } = request;
  const { report } = judged;
  const { head, ...chain } = chainOf(db, matters, judged, span);
  return {
    format: BUNDLE_FORMAT,
    agent,
    version,
    month,
    exportedAt: isoText(matters[0]?.nowMs ?? 0),
    configuration,
    contracts: contractsOf(matters),
    report,
    chain: { ...chain, lastSeq: head.seq, head: head.hash },
    keys: keysSeen(db, chain.firstSeq - 1),
    publicKey: signer.publicKey,
  };
}

export interface Judged {
  readonly report: readonly ProviderReport[];
  readonly head: ChainHead;
}

/** Call within a transaction. */
export function judgeHere(db: DatabaseSync, place: string, matters: readonly Matter[]): Judged {
  for (const matter of matters) refuseArchived(db, matter);
  const store = new Store(db, place);
  return { report: matters.map((matter) => judgeProvider(matter, store).report), head: readHead(db) };
}

/** One read, so that report and head are of the same moment. What comes before the head stays as it is. */
function judgeNow(db: DatabaseSync, place: string, matters: readonly Matter[]): Judged {
  return inTransaction(db, 'DEFERRED', () => {
    const judged = judgeHere(db, place, matters);
    if (judged.report.some(isMeasured)) return judged;
    const names = matters.map(({ provider }) => provider).join(', ');
    const rule = `a bundle's month must be one with a probe or a check of ${names} in the ledger`;
    throw new LedgerError('MISSING', `${rule}, is ${matters[0]?.month}`);
  });
}

/**
 * Where the entries have to begin. Some of a report may come from long before its month, the last good check before an outage of
 * weeks for one: so it is made again from the entries alone, further and further back, until it is the same.
 */
export function chainOf(
  db: DatabaseSync,
  matters: readonly Matter[],
  judged: Judged,
  span?: Span,
): Pick<BundleChain, 'firstSeq' | 'previousHash'> & { readonly head: ChainHead } {
  const monthMs = Math.min(...matters.map((matter) => rangeOf(matter).fromMs));
  const beginning = readBeginning(db);
  const ends = (span?.lastSeqs ?? []).filter((seq) => seq < judged.head.seq).map((seq) => headAt(db, seq));
  let tried: number | null = null;
  for (let days = LOOK_BACK_DAYS; ; days *= LOOK_BACK_GROWTH) {
    const firstSeq = checkpointBefore(db, monthMs - days * DAY_MS, monthMs, span?.firstSeq) ?? beginning.seq;
    if (firstSeq !== tried) {
      let difference: string | null = null;
      for (const head of [...ends, judged.head]) {
        difference = differenceFrom(db, firstSeq, matters, { ...judged, head });
        if (difference !== null) continue;
        const previousHash = firstSeq === beginning.seq ? beginning.previousHash : headAt(db, firstSeq - 1).hash;
        return { firstSeq, previousHash, head };
      }
      if (firstSeq === beginning.seq)
        throw new LedgerError('DAMAGED', `the entries must give what the ledger has, do not: ${difference}`);
    }
    tried = firstSeq;
  }
}

export function headAt(db: DatabaseSync, seq: number): ChainHead {
  const row = db.prepare('SELECT seq, text, hash FROM events WHERE seq = ?').get(seq);
  if (row === undefined) throw new LedgerError('DAMAGED', `entry ${seq} must be in the ledger, is missing`);
  return { seq, hash: toEventRow(row).hash };
}

/** The last checkpoint written by then that remembers nothing of the month itself, and is no later than an entry; null if there is none. */
function checkpointBefore(
  db: DatabaseSync,
  writtenMs: number,
  monthMs: number,
  seqMax = Number.MAX_SAFE_INTEGER,
): number | null {
  for (const row of db.prepare(CHECKPOINTS).iterate(writtenMs)) {
    if (Number(row['seq']) > seqMax) continue;
    const event = decodeEvent(String(row['text']));
    if (event.type === 'ledger.checkpoint' && canBegin(event, monthMs)) return Number(row['seq']);
  }
  return null;
}

/** Where the entries from `firstSeq` on give another report, or a checkpoint among them is not what they give; null if neither. */
function differenceFrom(
  db: DatabaseSync,
  firstSeq: number,
  matters: readonly Matter[],
  { report, head }: Judged,
): string | null {
  const scratch = openScratch();
  try {
    const checkpoints = new CheckpointWatch();
    scratch.exec('BEGIN');
    rebuild(db, new Projection(scratch), checkpoints.look, firstSeq - 1, head.seq);
    if (head.seq > 0) copyEntry(db, scratch, head.seq);
    scratch.exec('COMMIT');
    const computed = judgeAll(scratch, matters);
    return checkpoints.wrong ?? firstDifference(JSON.parse(JSON.stringify(report)), computed, 'report')?.path ?? null;
  } finally {
    scratch.close();
  }
}

/** A projection is as of a ledger's last entry. */
function copyEntry(from: DatabaseSync, to: DatabaseSync, seq: number): void {
  const row = from.prepare('SELECT text, hash FROM events WHERE seq = ?').get(seq);
  to.prepare('INSERT INTO events (seq, text, hash) VALUES (?, ?, ?)').run(
    seq,
    row?.['text'] ?? null,
    row?.['hash'] ?? null,
  );
}
