/**
 * What does not fit into `npm run bench`: opening, verifying and judging a month of a ledger of ten or fifty million events, beside the same
 * month in a ledger of its own.
 * As a program: `node test/bench/large-ledger.ts FOLDER [DAYS [EVERY-SECONDS]]`, by default 600 days of a probe a minute on three paths, some 10
 * million events and 11 GB; 2,900 days are 50 million. What was filled is kept, and only measured again.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { MONTH, PROVIDER, secondsToJudge, verified } from './ledger.ts';
import { fillLedger, QUIET } from './ledger-of.ts';

const RUNS = 3;

const [folder = '', days = '600', every = '60'] = process.argv.slice(2);
if (folder === '') throw new Error('a folder must be given');
const { fromMs, toMs } = monthRange(MONTH, CONTRACT.timeZone);
const [all, alone] = [join(folder, 'all'), join(folder, 'month')];
const lengths = [
  [all, Number(days)],
  [alone, Math.round((toMs - fromMs) / 86_400_000)],
] as const;
for (const [place, length] of lengths) {
  if (existsSync(place)) continue;
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const { seconds, result } = await timed(() =>
    fillLedger(place, PROVIDER, { toMs, days: length, everySeconds: Number(every) }),
  );
  tell(`${place} filled: ${result.events} events in ${seconds.toFixed(0)} s`);
}
tell(`${(statSync(join(all, 'ledger.db')).size / 1e9).toFixed(1)} GB`);
let events = 0;
for (const role of ['reader', 'daemon'] as const)
  for (let run = 0; run < RUNS; run += 1) {
    const { seconds, result } = await timed(() => openLedger(all, { role, log: QUIET }));
    events = (await result.snapshot()).head.seq;
    await result.close();
    tell(`opened as ${role}: ${seconds.toFixed(2)} s, ${events} events`);
  }
for (let run = 0; run < RUNS; run += 1) {
  const [one, both] = [await secondsToJudge(alone, toMs), await secondsToJudge(all, toMs)];
  tell(`the month judged: ${both.toFixed(2)} s, alone ${one.toFixed(2)} s, ratio ${(both / one).toFixed(2)}`);
}
const { seconds } = await timed(() => verified(all));
tell(`verified: ${seconds.toFixed(0)} s, ${(events / seconds).toFixed(0)} events a second`);

async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> {
  const from = performance.now();
  const result = await work();
  return { seconds: (performance.now() - from) / 1000, result };
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
