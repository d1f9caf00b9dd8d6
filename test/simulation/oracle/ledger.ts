/** The ledger against itself and against the books: nothing lost, nothing invented, nothing twice, nothing rewritten. */

import { isDeepStrictEqual } from 'node:util';
import { eventChunks } from '../../../src/adapters/sqlite/database.ts';
import { compareRows, whyBad } from '../../../src/adapters/sqlite/verify.ts';
import { decodeEvent } from '../../../src/domain/codec.ts';
import { LOST_AFTER } from '../../../src/domain/contract.ts';
import type { ClosedClause, MonthClosed } from '../../../src/domain/event.ts';
import { type ChainHead, GENESIS } from '../../../src/domain/evidence/chain.ts';
import { outcomeOf } from '../../../src/domain/record.ts';
import { summariseReport } from '../../../src/domain/report/standing.ts';
import { monthRange } from '../../../src/domain/time/calendar.ts';

import type { WorldView } from '../simulation.ts';
import type { Findings } from './findings.ts';
import { nameOf } from './probes.ts';

/** What happened in the world that left no fact, and facts without anything that happened. */
export function holdPlans(view: WorldView, findings: Findings): void {
  const { db } = view.ledger;
  const plans = new Map<string, number>();
  const rows = db.prepare(`SELECT json_extract(text, '$.probe') AS probe FROM events WHERE type = 'probe.planned'`);
  for (const row of rows.iterate()) plans.set(String(row['probe']), (plans.get(String(row['probe'])) ?? 0) + 1);
  for (const [id, count] of plans) findings.hold(count === 1, () => `probe ${id} is planned ${count} times`);
  let records = 0;
  for (const record of view.ledger.records()) {
    records += 1;
    findings.hold(plans.has(record.id), () => `${nameOf(record)} has a record and was never planned`);
  }
  findings.hold(records === plans.size, () => `${plans.size} probes were planned, ${records} have a record`);
  for (const id of view.books.messages.keys())
    findings.hold(plans.has(id), () => `probe ${id} was sent, and the ledger knows nothing of it`);
}

export function holdChain(view: WorldView, findings: Findings): void {
  let head: ChainHead = { seq: 0, hash: GENESIS };
  for (const rows of eventChunks(view.ledger.db, 0)) {
    for (const row of rows) {
      const reason = whyBad(head, row);
      if (reason !== null) return findings.say(`entry ${head.seq + 1} of the ledger: ${reason}`);
      head = { seq: row.seq, hash: row.hash };
    }
  }
  const compared = compareRows(view.ledger.db);
  if (!compared.ok) findings.say(`what is derived from the events is not what they give: ${compared.difference}`);
}

/** The totals that outlive restarts, counted once more. */
export function holdTallies(view: WorldView, findings: Findings): void {
  const counts = new Map<string, number>();
  const count = (key: string, by = 1): void => void counts.set(key, (counts.get(key) ?? 0) + by);
  for (const record of view.ledger.records())
    if (record.kind === 'scheduled') count(`${record.provider} ${record.path} ${outcomeOf(record)}`);
  const slots = view.ledger.db.prepare(
    `SELECT json_extract(text, '$.provider') AS provider, json_extract(text, '$.path') AS path FROM events
     WHERE type = 'slot.unmeasured'`,
  );
  for (const { provider, path } of slots.iterate()) count(`${String(provider)} ${String(path)} unmeasured`);
  const tallies = view.ledger.db.prepare('SELECT provider, path, outcome, count FROM tallies').all();
  const told = new Map(
    tallies.map((row) => [
      `${String(row['provider'])} ${String(row['path'])} ${String(row['outcome'])}`,
      Number(row['count']),
    ]),
  );
  for (const key of new Set([...counts.keys(), ...told.keys()])) {
    const [is, be] = [told.get(key) ?? 0, counts.get(key) ?? 0];
    findings.hold(is === be, () => `the total of ${key} is ${is}, the records have ${be}`);
  }
}

/**
 * Each month is closed once, and what was said of it is what is said again by the same facts, whatever became of probes that were planned
 * after it. To the byte, unless one of the month itself was pending then.
 */
export function holdClosings(view: WorldView, findings: Findings): readonly MonthClosed[] {
  const closings = closingsIn(view);
  const seen = new Set<string>();
  for (const closed of closings) {
    const { provider, month, report, asOf, summary } = closed;
    const name = `${provider} ${month}`;
    findings.hold(!seen.has(name), () => `${name} is closed twice`);
    seen.add(name);
    const pending = summary.some(({ figures }) => (figures['pending']?.[1] ?? 0) > 0);
    if (pending || exclusionsSince(view, provider, asOf.seq) || rewoundSince(view, closed)) continue;
    const { report: now, sha256 } = view.ledger.judge(provider, month);
    if (sha256 === report) continue;
    const after = summariseReport(now);
    for (const clause of summary) holdClosed(name, clause, after, findings);
    findings.hold(
      after.some((clause, index) => !isDeepStrictEqual(clause, summary[index])),
      () => `${name} was closed as ${report}, and is ${sha256} though no figure of it changed`,
    );
  }
  return closings;
}

/** What is closed is final, undecided verdicts too. */
function holdClosed(name: string, closed: ClosedClause, summaries: readonly ClosedClause[], findings: Findings): void {
  const after = summaries.find(({ id }) => id === closed.id);
  findings.hold(
    isDeepStrictEqual(after, closed),
    () =>
      `${name} clause ${closed.id} was closed as ${JSON.stringify(closed)}, is ${JSON.stringify(after)} by facts that did not change`,
  );
}

/** Whether the clock was put back to before the month was final once it was closed: what came by it is of the month, or beside it. */
function rewoundSince({ ledger, contracts }: WorldView, { provider, month, asOf }: MonthClosed): boolean {
  const terms = contracts.get(provider);
  if (terms === undefined) return false;
  const finalMs = monthRange(month, terms.timeZone).toMs + terms.finalAfterSeconds * 1000;
  const row = ledger.db
    .prepare('SELECT count(*) AS count FROM events WHERE seq > ? AND wall_ms < ?')
    .get(asOf.seq, finalMs);
  return Number(row?.['count']) > 0;
}

function closingsIn(view: WorldView): readonly MonthClosed[] {
  const rows = view.ledger.db.prepare(`SELECT text FROM events WHERE type = 'month.closed' ORDER BY seq`);
  return rows.all().map((row) => decodeEvent(String(row['text'])) as MonthClosed);
}

function exclusionsSince(view: WorldView, provider: string, seq: number): boolean {
  // A retraction names no provider.
  const rows = view.ledger.db.prepare(
    `SELECT json_extract(text, '$.exclusion.provider') AS provider FROM events
     WHERE type IN ('exclusion.added', 'exclusion.retracted') AND seq > ?`,
  );
  return rows.all(seq).some((row) => row['provider'] === null || row['provider'] === provider);
}

/** A handover may wait for its provider as long as a message may be missing, and for a few moments more. */
const OPEN_SLACK = 50;
/** Beside the engine's own loops, each open probe, session and check sleeps a few times at once. */
const SLEEPERS_PER_OPEN = 4;
const SLEEPERS_MAX = 400;
/** What strangers open at once, each for minutes at most; a provider comes with each message that is open. */
const SESSIONS_MAX = 200;

/** Ten deferrals and sixteen copies, each with an instant and a reply. */
const RECORD_MAX = 8000;

/** Nothing grows with time: a probe is open for five days at most, and all else depends on what is open. */
export function holdPeaks(view: WorldView, findings: Findings): void {
  const { openProbes, sleepers, sinkSessions } = view.peaks;
  const openMax = mostWithin(
    [...view.books.messages.values()].map(({ begunMs }) => begunMs),
    LOST_AFTER * 1000,
  );
  const limits = [
    ['open probes', openProbes, openMax + OPEN_SLACK],
    ['sleeps under way', sleepers, SLEEPERS_MAX + SLEEPERS_PER_OPEN * (openMax + OPEN_SLACK)],
    ['sessions at the sink', sinkSessions, SESSIONS_MAX + openMax],
    ['characters of a record', largestRecord(view), RECORD_MAX],
  ] as const;
  for (const [what, peak, max] of limits)
    findings.hold(peak <= max, () => `${peak} ${what} at once, ${max} are to be expected at most`);
}

function largestRecord({ ledger }: WorldView): number {
  return Number(ledger.db.prepare('SELECT max(length(record)) AS largest FROM probes').get()?.['largest'] ?? 0);
}

/** How many of the moments lie within a stretch that is so long. */
function mostWithin(moments: readonly number[], lengthMs: number): number {
  const ordered = [...moments].sort((one, other) => one - other);
  let [first, most] = [0, 0];
  for (const [index, moment] of ordered.entries()) {
    while (moment - (ordered[first] ?? moment) > lengthMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
