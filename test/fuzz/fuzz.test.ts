/** A short run of every surface, and the fuzzer's own tests: what is wrong, hangs or takes all memory is found. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runRound } from './round.ts';
import type { Fuzz } from './surface.ts';
import { SURFACES, TABLE } from './surfaces.ts';

/** Part of a round: seconds for all of them together. */
const SHARE = 0.2;
/** Another one at each change of a surface would be no better: long runs draw theirs. */
const SEED = 20_261_112;
const ROUND_MS_MAX = 60_000;
const PLANTED = new URL('planted.ts', import.meta.url).href;

test.each(Object.entries(SURFACES))(
  'the surface %s takes whatever it is given',
  async (surface, { roundCount }) => {
    const count = Math.ceil(roundCount * SHARE);
    const result = await runRound({ table: TABLE, surface, seed: SEED, count }, { hangMs: ROUND_MS_MAX });
    expect(result).toMatchObject({ tried: count, findings: [] });
  },
  2 * ROUND_MS_MAX,
);

test('what a surface must not do is found, and told with the smallest input', async () => {
  const { findings } = await runRound({ table: PLANTED, surface: 'wrong', seed: 1, count: 100 });
  expect(findings).toEqual(['Error: too large on 100']);
});

test('the same seed tries the same', async () => {
  const { SURFACES: planted } = await import('./planted.ts');
  const fuzz = planted['wrong']?.fuzz as Fuzz;
  expect(await fuzz(7, 3)).toEqual(await fuzz(7, 3));
});

test('what hangs is ended, and told with the command that runs it again', async () => {
  const { findings } = await runRound({ table: PLANTED, surface: 'hangs', seed: 1, count: 1 }, { hangMs: 3000 });
  expect(findings).toEqual(['no end after 3 s: npm run fuzz -- --surface hangs --seed 1 --count 1']);
});

test('what takes all memory is ended, and told', async () => {
  const { findings } = await runRound({ table: PLANTED, surface: 'hoards', seed: 1, count: 1 }, { heapMb: 32 });
  expect(findings).toEqual([expect.stringMatching(/memory limit.*: npm run fuzz/)]);
});

test('what goes on holding more is told, what keeps level is not', async () => {
  const { findings } = await runRound({ table: PLANTED, surface: 'leaks', seed: 1, count: 1000 });
  expect(findings).toEqual([expect.stringMatching(/^memory grew from [\d.]+ to [\d.]+ MB$/)]);
  const level = await runRound({ table: TABLE, surface: 'tokens', seed: SEED, count: 1000 });
  expect(level.findings).toEqual([]);
  expect(level.held).not.toBeNull();
});

test.each([
  ['--surface', 'nothing'],
  ['--count', '0'],
  ['--minutes', 'many'],
  ['--seed', '-1'],
  ['--colour', 'blue'],
])('%s %s is refused with the usage', (...args) => {
  const { status, stderr } = spawnSync(process.execPath, ['test/fuzz/fuzz.ts', ...args], { encoding: 'utf8' });
  expect(status).toBe(3);
  expect(stderr).toContain('npm run fuzz -- [--surface NAME]');
  expect(stderr).toContain(args[0]);
});
