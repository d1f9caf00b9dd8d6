/** `npm run crash -- --kills N [--seed S] [--minutes M]`: the crash loop for as long as one likes; exit code 0 only if nothing is wrong. */
import { parseArgs } from 'node:util';
import { crashLoop } from './crash-loop.ts';
import { startProvider } from './provider.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, minutes: { type: 'string' } },
});
const kills = Number(values.kills);
const minutes = Number(values.minutes ?? Number.POSITIVE_INFINITY);
if (!Number.isSafeInteger(kills) || kills < 1)
  throw new Error(`--kills must be a whole number from 1, is ${values.kills}`);
if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, is ${values.minutes}`);
const seed = values.seed ?? String(Date.now());

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const provider = await startProvider();
try {
  say(`seed ${seed}`);
  const report = await crashLoop(provider, { kills, seed, minutes, onKill: say });
  say(JSON.stringify(report, null, 2));
  if (report.findings.length > 0) process.exitCode = 1;
} finally {
  await provider.stop();
}
