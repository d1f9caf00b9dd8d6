/** The thread in which a round runs. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Round } from './round.ts';
import type { Surface } from './surface.ts';

const { table, surface, seed, count } = workerData as Round;
const { SURFACES } = (await import(table)) as { SURFACES: Readonly<Record<string, Surface>> };
const chosen = SURFACES[surface];
if (chosen === undefined) throw new Error(`there is no surface ${surface}`);
parentPort?.postMessage(await chosen.fuzz(seed, count));
