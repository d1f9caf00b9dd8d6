/** Checks a bundle by itself: signature, chain, the report recomputed, and the anchors. Reads nothing but the file. */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import {
  type BundleChain,
  type BundleManifest,
  firstDifference,
  parseEntryLine,
} from '../../domain/evidence/bundle.ts';
import { type ChainHead, GENESIS } from '../../domain/evidence/chain.ts';
import { isFromBefore } from '../../domain/evidence/checkpoint.ts';
import type { Matter } from '../../domain/report/report.ts';
import { monthRange, parseMonth } from '../../domain/time/calendar.ts';
import type { SignatureCheck } from '../../ports.ts';
import { type Anchors, checkAnchors } from './anchors.ts';
import { type Line, readLines, textOf } from './bundle-lines.ts';
import { type Opening, openManifest, type Part } from './bundle-manifest.ts';
import { LedgerError, messageOf } from './failure.ts';
import { Projection } from './projection.ts';
import { judgeAll, openScratch } from './scratch.ts';
import { rebuild } from './store.ts';
import { CheckpointWatch, whyBad } from './verify.ts';

export interface BundleVerification {
  /** Whether all of it holds. */
  readonly ok: boolean;
  /** What it says it is; null where its first line cannot be read. */
  readonly bundle: Pick<
    BundleManifest,
    'agent' | 'version' | 'month' | 'exportedAt' | 'configuration' | 'publicKey' | 'chain'
  > | null;
  readonly signature: Part;
  /** Whether the chain itself says that the key is the agent's. */
  readonly key: Part;
  readonly chain: Part;
  readonly verdict: Part;
  /** Null where the chain does not hold. */
  readonly anchors: Anchors | null;
}
export interface BundleCheck {
  /** Base64 of the SPKI DER that it must be signed by; null takes the bundle's own word for it. */
  readonly key: string | null;
  readonly signatures: SignatureCheck;
  /** This program's version. */
  readonly version: string;
}

/** Rejects with LedgerError NOT_A_BUNDLE, or with the system's error where the file cannot be read. */
export async function verifyBundle(file: string, check: BundleCheck): Promise<BundleVerification> {
  if (statSync(file).isDirectory())
    throw new LedgerError('NOT_A_BUNDLE', `${file} must be a bundle, is a folder: a ledger is verified by --data`);
  const lines = readLines(file);
  const db = openScratch();
  try {
    const [first, second] = [await nextOf(lines), await nextOf(lines)];
    const { manifest, signature } = openManifest(file, first, second, check.key);
    if (manifest === null) return unread(signature);
    const problem = await load(db, lines, manifest.chain);
    const { agent, version, month, exportedAt, configuration, publicKey, chain: entries } = manifest;
    const bundle = { agent, version, month, exportedAt, configuration, publicKey, chain: entries };
    if (problem !== null) {
      const unknown = { ok: false, says: 'not looked for: the chain does not hold' };
      return {
        ok: false,
        bundle,
        signature,
        key: unknown,
        chain: { ok: false, says: problem },
        verdict: unknown,
        anchors: null,
      };
    }
    const { firstSeq, lastSeq, head } = manifest.chain;
    const chain = { ok: true, says: `holds, entries ${firstSeq} to ${lastSeq}, head ${head}` };
    const key = findKey(db, publicKey);
    const verdict = recompute(db, manifest, check.version);
    const anchors = checkAnchors(db, { ...manifest.chain, keys: manifest.keys }, check.signatures);
    const ok = [signature, key, verdict, anchors].every((part) => part.ok);
    return { ok, bundle, signature, key, chain, verdict, anchors };
  } finally {
    await lines.return(undefined);
    db.close();
  }
}

/** What a bundle says of itself, and nothing of it is checked; null where it says nothing. Rejects as `verifyBundle` does. */
export async function readManifest(file: string): Promise<BundleManifest | null> {
  const lines = readLines(file);
  try {
    return openManifest(file, await nextOf(lines), await nextOf(lines), null).manifest;
  } finally {
    await lines.return(undefined);
  }
}

async function nextOf(lines: AsyncGenerator<Line>): Promise<Line | undefined> {
  const line = await lines.next();
  return line.done === true ? undefined : line.value;
}

function unread(signature: Opening['signature']): BundleVerification {
  const unknown = { ok: false, says: 'not looked for: there is no manifest' };
  return { ok: false, bundle: null, signature, key: unknown, chain: unknown, verdict: unknown, anchors: null };
}

/** Takes the entries in, each checked before it is. Resolves with what is wrong first, null if nothing is. */
async function load(db: DatabaseSync, lines: AsyncGenerator<Line>, chain: BundleChain): Promise<string | null> {
  const insert = db.prepare('INSERT INTO events (seq, text, hash) VALUES (?, ?, ?)');
  let head: ChainHead = { seq: chain.firstSeq - 1, hash: chain.previousHash };
  if (chain.firstSeq === 1 && head.hash !== GENESIS) return `entry 1 must follow ${GENESIS}, follows ${head.hash}`;
  db.exec('BEGIN');
  for await (const { number, bytes, whole } of lines) {
    if (head.seq >= chain.lastSeq) return `line ${number} must not be there: the last entry is ${chain.lastSeq}`;
    const text = textOf(bytes);
    const entry = text === null ? null : parseEntryLine(text);
    if (entry === null || !whole) return `entry ${head.seq + 1} (line ${number}): the line is no entry`;
    const reason = whyBad(head, entry);
    if (reason !== null) return `entry ${head.seq + 1} (line ${number}): ${reason}`;
    try {
      insert.run(entry.seq, entry.text, Buffer.from(entry.hash, 'hex'));
    } catch (error) {
      return `entry ${entry.seq} (line ${number}): it cannot be taken in: ${messageOf(error)}`;
    }
    head = entry;
  }
  db.exec('COMMIT');
  if (head.seq !== chain.lastSeq) return `entry ${head.seq + 1} is missing, the last one must be ${chain.lastSeq}`;
  return head.hash === chain.head ? null : `the last entry's hash must be ${chain.head}, is ${head.hash}`;
}

/** Starts of the agent with their keys, as the chain has them. */
function findKey(db: DatabaseSync, publicKey: string): Part {
  const starts = db.prepare("SELECT seq, text FROM events WHERE type = 'agent.started' ORDER BY seq").all();
  let known = false;
  for (const { seq, text } of starts) {
    const event = decodeEvent(String(text));
    if (event.type !== 'agent.started' || typeof event.identity?.publicKey !== 'string') continue;
    known = true;
    // Whoever made the bundle may have put anything there.
    const agent = typeof event.identity.agent === 'string' ? event.identity.agent : 'without a name';
    if (event.identity.publicKey === publicKey)
      return { ok: true, says: `stands in the chain, entry ${String(seq)}, agent ${agent}` };
  }
  return known
    ? { ok: false, says: "the chain's agent was started with another key" }
    : { ok: true, says: 'does not stand in the chain: no start of the agent within the bundle names one' };
}

/** The report as the entries give it, held against the one that was signed. */
function recompute(db: DatabaseSync, manifest: BundleManifest, version: string): Part {
  const { report, version: by } = manifest;
  const versions = by === version ? '' : ` (written by version ${by}, this is ${version})`;
  try {
    const matters = mattersOf(manifest);
    const leftOut = whatIsLeftOut(db, manifest.chain, matters);
    if (leftOut !== null) return { ok: false, says: leftOut };
    db.exec('BEGIN');
    const checkpoints = new CheckpointWatch();
    rebuild(db, new Projection(db), checkpoints.look);
    db.exec('COMMIT');
    if (checkpoints.wrong !== null) return { ok: false, says: `${checkpoints.wrong}${versions}` };
    const computed = judgeAll(db, matters);
    const difference = firstDifference(report, computed, 'report');
    if (difference !== null) {
      const [is, be] = [difference.one, difference.other].map(shown);
      return { ok: false, says: `${difference.path} is ${is}, by the entries it is ${be}${versions}` };
    }
    const names = computed.map((each) => (each as { provider: string }).provider).join(', ');
    return { ok: true, says: `recomputed from the entries, the report of ${manifest.month} is the same: ${names}` };
  } catch (error) {
    // Whoever made the bundle may have put anything into it.
    return {
      ok: false,
      says: `cannot be recomputed: ${messageOf(error)}${versions}`,
    };
  }
}

/**
 * A bundle begins with the ledger's first entry, or with a checkpoint from before the month: otherwise its keeper could leave out what
 * went wrong in the month's first days. Null if this one does.
 */
function whatIsLeftOut(db: DatabaseSync, { firstSeq }: BundleChain, matters: readonly Matter[]): string | null {
  if (firstSeq === 1) return null;
  const monthMs = Math.min(...matters.map(({ month, contract }) => monthRange(month, contract.timeZone).fromMs));
  const row = db.prepare('SELECT text FROM events WHERE seq = ?').get(firstSeq);
  const first = row === undefined ? null : decodeEvent(String(row['text']));
  if (first?.type === 'ledger.checkpoint' && isFromBefore(first, monthMs)) return null;
  return `entry ${firstSeq} must be the ledger's first one or a checkpoint from before the month: what was left out may bear on it`;
}

/** Throws an Error that says what is wrong. */
function mattersOf({ contracts, month: text, exportedAt }: BundleManifest): readonly Matter[] {
  const month = parseMonth(text);
  if (!month.ok) throw new Error(`the month ${month.problem}`);
  if (Object.keys(contracts).length === 0) throw new Error('it names no provider');
  return Object.entries(contracts).map(([provider, contract]) => ({
    provider,
    contract,
    month: month.month,
    nowMs: Date.parse(exportedAt),
  }));
}

/** Characters of a value: enough to see what differs. */
const SHOWN_LENGTH_MAX = 200;

function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}
