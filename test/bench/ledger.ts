/** What the ledger costs: bytes a probe, durable appends, the walk of its chain, and a month's report beside the same month in a ledger of its own. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cutArchive } from '../../src/adapters/sqlite/archive.ts';
import { headAt } from '../../src/adapters/sqlite/bundle.ts';
import { openReadOnly } from '../../src/adapters/sqlite/database.ts';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { verifyLedger } from '../../src/adapters/sqlite/verify.ts';
import type { ChainHead } from '../../src/domain/evidence/chain.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import { seededRandom } from '../fakes/agent.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { atMost, type Bench, type Row, row } from './bench-row.ts';
import { deliveredProbe } from './generate-ledger.ts';
import { fillLedger, QUIET } from './ledger-of.ts';

const RUNS = 5;
export const PROVIDER = 'acme';
/** The last of the year that is filled. */
export const MONTH = '2026-10';
const EVERY_SECONDS = 300;
/** Appends under way at the same time, as of a busy agent: the worker commits what has come together. */
const AT_ONCE = 100;
const APPENDS = 2000;

export const LEDGER: Bench = {
  name: 'ledger',
  about:
    'bytes and time on the disk, with a year of a probe in five minutes on three paths, and with its last month alone',
  async run(tell) {
    const folder = mkdtempSync(join(tmpdir(), 'mailflow-bench-'));
    try {
      const [year, month] = [join(folder, 'year'), join(folder, 'month')];
      const { fromMs, toMs } = monthRange(MONTH, CONTRACT.timeZone);
      const days = Math.round((toMs - fromMs) / 86_400_000);
      const filled = await fillLedger(year, PROVIDER, { toMs, days: 365, everySeconds: EVERY_SECONDS });
      await fillLedger(month, PROVIDER, { toMs, days, everySeconds: EVERY_SECONDS });
      tell(
        `a year: ${filled.probes} probes, ${filled.events} events, ${(statSync(join(year, 'ledger.db')).size / 2 ** 20).toFixed(0)} MiB`,
      );
      return [
        await bytesOfProbe(join(folder, 'probes')),
        ...(await appendRates(join(folder, 'appends'))),
        ...(await verification(year, filled.events)),
        ...(await reports(year, month, toMs)),
        // Last, for of the year only three months are left by then.
        ...(await archived(year)),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Of delivered probes alone, all events and indexes. */
async function bytesOfProbe(folder: string): Promise<Row> {
  const days = 30;
  const { probes } = await fillLedger(folder, PROVIDER, {
    toMs: Date.UTC(2026, 9, 31),
    days,
    everySeconds: 300,
    checks: false,
  });
  return row(
    'bytes a probe, all events and indexes',
    'bytes',
    [statSync(join(folder, 'ledger.db')).size / probes],
    atMost(1024),
  );
}

/** Events that are durable when the append resolves. */
async function appendRates(folder: string): Promise<readonly Row[]> {
  await fillLedger(folder, PROVIDER, { toMs: Date.UTC(2026, 9, 2), days: 1, everySeconds: 300 });
  const ledger = await openLedger(folder, { role: 'daemon', log: QUIET });
  const random = seededRandom(7);
  const rates = { single: [] as number[], together: [] as number[] };
  const line = { provider: PROVIDER, path: 'send' } as const;
  let atMs = Date.UTC(2026, 9, 3);
  const next = () => deliveredProbe(line, (atMs += 1000), random);
  try {
    for (let run = 0; run < RUNS; run += 1) {
      rates.single.push(
        await rateOf(APPENDS / 10, async () => {
          for (let count = 0; count < APPENDS / 10; count += 1) await ledger.append(next().slice(0, 1));
        }),
      );
      rates.together.push(
        await rateOf(APPENDS * 3, async () => {
          for (let count = 0; count < APPENDS; count += AT_ONCE)
            await Promise.all(Array.from({ length: AT_ONCE }, () => ledger.append(next())));
        }),
      );
    }
  } finally {
    await ledger.close();
  }
  return [
    row('durable appends, one after the other', '1/s', rates.single),
    row(`durable events, ${AT_ONCE} probes at once`, '1/s', rates.together),
  ];
}

async function verification(folder: string, events: number): Promise<readonly Row[]> {
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run += 1) rates.push(await rateOf(events, () => verified(folder)));
  return [
    row('events verified', '1/s', rates),
    row(
      '10 million events at that rate',
      's',
      rates.map((rate) => 1e7 / rate),
    ),
  ];
}

/** Rejects with an Error if the chain does not hold. */
export async function verified(folder: string): Promise<void> {
  const { ok } = await verifyLedger(folder);
  if (!ok) throw new Error('the ledger must verify');
}

/** The month's judgement as a command or a page asks for it: from a ledger that is opened for it. */
async function reports(year: string, month: string, nowMs: number): Promise<readonly Row[]> {
  const times = { year: [] as number[], month: [] as number[] };
  for (let run = 0; run < RUNS; run += 1) {
    times.month.push(await secondsToJudge(month, nowMs));
    times.year.push(await secondsToJudge(year, nowMs));
  }
  return [
    row("a month's report, of a year's ledger", 's', times.year, atMost(2)),
    row(
      'over that of the month alone',
      'ratio',
      times.year.map((seconds, run) => seconds / times.month[run]!),
      atMost(1.2),
    ),
  ];
}

/** Of `MONTH`, by a reader that is opened for it. */
export async function secondsToJudge(folder: string, nowMs: number): Promise<number> {
  const from = performance.now();
  const reader = await openLedger(folder, { role: 'reader', log: QUIET });
  try {
    await reader.judge({ provider: PROVIDER, contract: CONTRACT, month: MONTH, nowMs });
    return (performance.now() - from) / 1000;
  } finally {
    await reader.close();
  }
}

/** Nine months go, while a daemon appends what one probe after the other has to tell. */
async function archived(folder: string): Promise<readonly Row[]> {
  const ledger = await openLedger(folder, { role: 'daemon', log: QUIET });
  const random = seededRandom(11);
  const waits: number[] = [];
  try {
    const checkpoints = await ledger.marked(['ledger.checkpoint']);
    const last = checkpoints.findLast(({ event }) => event.at.wallMs < Date.UTC(2026, 6, 29));
    if (last?.event.type !== 'ledger.checkpoint') throw new Error('the year must have a checkpoint a day');
    const { at } = last.event;
    const upTo = entryBefore(folder, last.seq);
    let isOver = false;
    const daemon = async (): Promise<void> => {
      for (let count = 0; !isOver; count += 1) {
        const from = performance.now();
        await ledger.append(deliveredProbe({ provider: PROVIDER, path: 'send' }, at.wallMs + count, random));
        waits.push(performance.now() - from);
      }
    };
    const appending = daemon();
    const from = performance.now();
    const bundle = { month: '2026-07', sha256: '', firstSeq: 1, lastSeq: upTo.seq + 1 };
    const asOf = (await ledger.snapshot()).head;
    const archive = {
      month: '2026-08',
      fromMs: Date.UTC(2026, 6, 31, 16),
      asOf,
      finalMs: 0,
      upTo,
      bundles: [bundle],
      months: [],
    };
    const gone = await cutArchive(
      folder,
      archive,
      () => at,
      () => pause(100),
    ).finally(() => {
      isOver = true;
    });
    const seconds = (performance.now() - from) / 1000;
    await appending;
    return [
      row('nine months archived: entries gone', '1/s', [gone / seconds]),
      row('appends of a daemon beside it', 'ms', waits),
      row('the longest of them', 'ms', [Math.max(...waits)], atMost(1000)),
    ];
  } finally {
    await ledger.close();
  }
}

function entryBefore(folder: string, seq: number): ChainHead {
  const db = openReadOnly(folder);
  try {
    return headAt(db, seq - 1);
  } finally {
    db.close();
  }
}

/** How many a second. */
async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return count / ((performance.now() - from) / 1000);
}
