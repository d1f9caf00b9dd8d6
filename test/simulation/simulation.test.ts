/** A few worlds of a month each: nothing that the agent says of them is untrue, and the same seed is the same world. */
import { expect, it } from 'vitest';
import type { FaultKind } from './fault.ts';
import { createOracle } from './oracle.ts';
import { simulate } from './world.ts';

/** Repeatable: a seed that fails is replayed by `npm run simulate -- --seed N --only KIND,KIND`. */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
/** Kinds of fault of which no simulation finds anything any more; of the others some findings are not yet explained. */
const SETTLED: readonly FaultKind[] = [
  'slow mail',
  'very slow mail',
  'lost mail',
  'duplicated mail',
  'bounced mail',
  'refused mail',
  'greylisting',
  'cut-through',
  'dropped connection',
  'junk folder',
  'outage',
  'failing transfers',
  'kill',
  'stop',
  'strangers',
  'spot checks',
  'exclusions',
];

it('says nothing of a month that is not so, and loses and invents no probe', async () => {
  for (const seed of SEEDS) {
    const { wrong, probes } = await simulate({ seed, months: 1, weather: 'stormy', only: SETTLED }, createOracle);
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(probes).toBeGreaterThan(0);
  }
}, 240_000);

it('makes the same world of the same seed, byte for byte, with every kind of fault', async () => {
  const traces: string[] = [];
  for (let count = 0; count < 2; count += 1) {
    const lines: string[] = [];
    const onLine = (line: string): void => void lines.push(line);
    const { trace } = await simulate({ seed: 3, months: 1, weather: 'stormy', onLine }, createOracle);
    traces.push(`${trace}\n${lines.join('\n')}`);
  }
  expect(traces[1]).toBe(traces[0]);
}, 120_000);
