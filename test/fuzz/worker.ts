/** The thread in which a round runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { growthOf, watchMemory } from './memory.ts';
import type { Round } from './round.ts';
import type { Surface, Watched } from './surface.ts';

const { table, surface, seed, count } = workerData as Round;
const { SURFACES } = (await import(table)) as { SURFACES: Readonly<Record<string, Surface>> };
const chosen = SURFACES[surface];
if (chosen === undefined) throw new Error(`there is no surface ${surface}`);
const memory = watchMemory(count);
let longestMs = 0;
const { tried, findings } = await chosen.fuzz(seed, count, (ms = 0) => {
  longestMs = Math.max(longestMs, ms);
  memory.tried();
});
const held = memory.held();
const growth = held === null ? null : growthOf(held);
parentPort?.postMessage({
  tried,
  findings: growth === null ? findings : [...findings, growth],
  held,
  longestMs,
} satisfies Watched);
