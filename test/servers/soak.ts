/**
 * The long run: `npm run soak -- --minutes 60 [--per-second 4]`. Prints a line every half minute, then the figures, and ends
 * with 1 when memory or descriptors grew beyond their bounds, or any probe was lost, failed, doubled or invented.
 */
import { parseArgs } from 'node:util';
import { MAIL_SERVERS } from './available.ts';
import { complaintsOf, mebibytes, type Sample } from './soak-figures.ts';
import { type SoakResult, soak } from './soak-run.ts';

const SAMPLE_SECONDS = 30;
const COLUMNS: readonly (readonly [string, (sample: Sample) => string])[] = [
  ['minutes', ({ seconds }) => (seconds / 60).toFixed(1)],
  ['probes', ({ probes }) => String(probes)],
  ['pending', ({ pending }) => String(pending)],
  ['resident', ({ residentBytes }) => mebibytes(residentBytes)],
  ['fds', ({ descriptors }) => String(descriptors)],
  ['threads', ({ threads }) => String(threads)],
  ['cpu s', ({ cpuSeconds }) => cpuSeconds.toFixed(1)],
  ['ledger', ({ ledgerBytes }) => mebibytes(ledgerBytes)],
  ['lag ms', ({ lagSeconds }) => (lagSeconds * 1000).toFixed(1)],
  ['sink conns', ({ sinkConnections }) => String(sinkConnections)],
  ['messages', ({ messages }) => String(messages)],
];
const WIDTH = 11;

const { minutes, perSecond } = readArguments();
const found = MAIL_SERVERS.check();
if (!found.available) throw new Error(`the long run needs ${MAIL_SERVERS.name}: ${found.reason}`);
line(COLUMNS.map(([name]) => name));
const result = await soak({
  minutes,
  perSecond,
  sampleSeconds: SAMPLE_SECONDS,
  onSample: (sample) => line(COLUMNS.map(([, shown]) => shown(sample))),
});
report(result);
const complaints = complaintsOf(result.figures, result.tally);
for (const complaint of complaints) print(`FAILED: ${complaint}`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function readArguments(): { readonly minutes: number; readonly perSecond: number } {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '60' }, 'per-second': { type: 'string', default: '4' } },
  });
  const given = { minutes: Number(values.minutes), perSecond: Number(values['per-second']) };
  for (const [name, value] of Object.entries(given))
    if (!(value > 0)) throw new Error(`${name} must be a number above 0, is ${value}`);
  return given;
}

function report({ figures, tally }: SoakResult): void {
  const slope = figures.residentSlope === null ? 'not known' : `${mebibytes(figures.residentSlope)} an hour`;
  print('');
  print(`probes       ${tally.planned} planned (${figures.probesPerSecond.toFixed(2)}/s): ${tally.delivered} delivered, \
${tally.failed} failed (${tally.cutOff} cut off by the stop), ${tally.lost} lost, ${tally.duplicates} twice, ${tally.invented} invented`);
  print(`memory       ${mebibytes(figures.residentFirst)} to ${mebibytes(figures.residentLast)}, slope ${slope}`);
  print(`descriptors  ${figures.descriptorsFirst} to ${figures.descriptorsLast}`);
  print(`threads      ${figures.threadsFirst} to ${figures.threadsLast}`);
  print(`ledger       ${Math.round(figures.ledgerBytesPerProbe)} bytes a probe`);
  print(`processor    ${figures.cpuMsPerProbe.toFixed(1)} ms a probe`);
  print(`event loop   ${(figures.lagSecondsMax * 1000).toFixed(1)} ms late at worst, as seen every 5 s`);
  print(`mailboxes    at most ${figures.messagesMax} messages`);
}

function line(cells: readonly string[]): void {
  print(cells.map((cell) => cell.padStart(WIDTH)).join(' '));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
