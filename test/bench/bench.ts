/**
 * `npm run bench [-- --only NAME,NAME] [--json FILE]`: what the agent costs and how far its figures are from the truth, beside yardsticks
 * in the same run. Prints a table for each bench, then those marks that were missed; ends with 0 all the same, for a mark is no test.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Bench, isMet, type Row, tableOf } from './bench-row.ts';
import { LEDGER } from './ledger.ts';
import { describeMachine, machineLine } from './machine.ts';
import { MAILBOXES } from './mailboxes.ts';
import { PEERS } from './peers.ts';
import { PROFILE } from './profile.ts';
import { RATE } from './rate.ts';
import { SCRAPE } from './scrape.ts';
import { SINK } from './sink.ts';
import { START } from './start.ts';
import { WIRE } from './wire.ts';

const BENCHES: readonly Bench[] = [START, SCRAPE, LEDGER, WIRE, PEERS, SINK, RATE, MAILBOXES, PROFILE];

const { only, json } = readArguments();
const machine = describeMachine();
print(machineLine(machine));
const measured: { readonly bench: string; readonly seconds: number; readonly rows: readonly Row[] }[] = [];
for (const bench of only) {
  print(`\n${bench.name}: ${bench.about}`);
  const from = performance.now();
  const rows = await bench.run((line) => print(`  ... ${line}`));
  const seconds = (performance.now() - from) / 1000;
  measured.push({ bench: bench.name, seconds, rows });
  for (const line of tableOf(rows)) print(`  ${line}`);
  print(`  (${seconds.toFixed(0)} s)`);
}
const missed = measured.flatMap(({ bench, rows }) =>
  rows.filter((row) => isMet(row) === false).map(({ what }) => `${bench}: ${what}`),
);
print(missed.length === 0 ? '\nevery mark is met' : `\nmissed: ${missed.join('; ')}`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, measured }, null, 2)}\n`);

function readArguments(): { readonly only: readonly Bench[]; readonly json: string | undefined } {
  const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
  const names = values.only?.split(',') ?? BENCHES.map(({ name }) => name);
  const only = names.map((name) => {
    const bench = BENCHES.find((each) => each.name === name);
    if (bench !== undefined) return bench;
    throw new Error(`--only takes ${BENCHES.map((each) => each.name).join(', ')}, was given ${name}`);
  });
  return { only, json: values.json };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
