/**
 * `npm run flood [-- --probes 20 --connections 2000 --slow 200 --strangers]`: measured delays through a real Postfix without and with a flood at the
 * sink, in one run. `--strangers` leaves the provider's networks out of the configuration. Ends with 1 where a probe was late,
 * did not arrive, or its interval does not hold what Postfix logged.
 */
import { parseArgs } from 'node:util';
import { MAIL_SERVERS } from './available.ts';
import { type Measured, runFlood } from './flood-run.ts';
import { mebibytes } from './soak-figures.ts';

const LIMIT_SECONDS = 60;

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: '20' },
    connections: { type: 'string', default: '2000' },
    slow: { type: 'string', default: '200' },
    strangers: { type: 'boolean', default: false },
  },
});
const found = MAIL_SERVERS.check();
if (!found.available) throw new Error(`the flood needs ${MAIL_SERVERS.name}: ${found.reason}`);
const { quiet, flooded, flood, residentBytes } = await runFlood({
  probes: Number(values.probes),
  connections: Number(values.connections),
  slow: Number(values.slow),
  networks: values.strangers ? [] : ['127.0.0.1/32'],
});
print(
  `                 ${['lo ms', 'hi ms', 'width ms', 'hi at worst', 'width at worst'].map((name) => name.padStart(15)).join('')}`,
);
row('without a flood', quiet);
row('in a flood', flooded);
print(
  `the flood       ${flood.connected} connections, ${flood.greeted} greeted, ${flood.ended} sent away, ${flood.held} held at the end`,
);
print(`memory          ${mebibytes(residentBytes.before)} to ${mebibytes(residentBytes.after)}`);
const wrong = [...quiet, ...flooded].filter((measured) => !isRight(measured));
for (const measured of wrong) print(`WRONG: ${JSON.stringify(measured)}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function isRight({ outcome, delay, truth }: Measured): boolean {
  return outcome === 'delivered' && delay.hi < LIMIT_SECONDS && delay.lo <= truth.hi && delay.hi >= truth.lo;
}

/** Medians, and the worst. */
function row(name: string, measured: readonly Measured[]): void {
  const of = (pick: (delay: Measured['delay']) => number): number[] =>
    measured.map(({ delay }) => pick(delay) * 1000).toSorted((a, b) => a - b);
  const [lo, hi, width] = [of((it) => it.lo), of((it) => it.hi), of((it) => it.hi - it.lo)];
  const shown = [middle(lo), middle(hi), middle(width), hi.at(-1) ?? NaN, width.at(-1) ?? NaN];
  print(`${name.padEnd(17)}${shown.map((ms) => ms.toFixed(1).padStart(15)).join('')}`);
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
