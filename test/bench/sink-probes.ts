/** Real probes beside mail that loads the sink, and how fast the sink takes them where many come at once. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { assess } from '../../src/domain/delay/delay.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Provider } from '../servers/provider.ts';
import { atMost, quantile, type Row, row } from './bench-row.ts';
import { type Line, orderPaced, type Pace, recordsOf, untilSettled } from './plain-agent.ts';

export interface Scene {
  readonly provider: Provider;
  /** The running agent's, and its ledger's folder. */
  readonly url: string;
  readonly dataFolder: string;
  readonly line: Line;
  /** Starts smtp-source with these options and more messages than it will ever send. */
  readonly startLoad: (options: readonly string[]) => ChildProcess;
}

/**
 * Options of smtp-source: a message a second on each of 50 kept connections, or as fast as ten of them go. It comes from the provider's
 * own address, where there are places for 100.
 */
const LOADS = [
  { name: 'beside 50 messages a second', options: ['-d', '-s', '50', '-w', '1'], mark: atMost(5) },
  { name: 'beside 10 sessions at full speed', options: ['-d', '-s', '10'], mark: null },
] as const;
const ROUNDS = 2;
const PROBES: Pace = { perSecond: 4, seconds: 8 };
/** Every connection is there by then. */
const LOADING_MS = 2000;

/** Offered while the queue is held, so that Postfix has all of them to bring at once; a line takes 20 handovers at a time. */
const BURST: Pace = { perSecond: 30, seconds: 10 };

/** Upper ends of `send`: what a probe may have taken at most, its real delay included. */
export async function besideLoad(scene: Scene): Promise<readonly Row[]> {
  const alone: number[] = [];
  const loaded = LOADS.map((load) => ({ ...load, all: [] as number[], more: [] as number[] }));
  await upperEnds(scene);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await upperEnds(scene);
    alone.push(...before);
    for (const { options, all, more } of loaded) {
      const source = scene.startLoad(options);
      await pause(LOADING_MS);
      const ends = await upperEnds(scene);
      source.kill('SIGKILL');
      await pause(LOADING_MS);
      all.push(...ends);
      more.push(median(ends) - median(before));
    }
  }
  return [
    row('send, at most, alone', 'ms', alone),
    ...loaded.flatMap(({ name, all, more, mark }) => [
      row(`send, at most, ${name}`, 'ms', all),
      row(`${name}: medians apart`, 'ms', more, mark),
    ]),
  ];
}

/** Milliseconds, of probes that all came out. */
async function upperEnds(scene: Scene): Promise<readonly number[]> {
  const { ids } = await orderPaced(scene.url, [scene.line], PROBES);
  const records = await settledOf(scene, ids);
  return records.map((record) => assess(record, new Map()).delay!.hi * 1000);
}

/** Probes a second from the first captured to the last. */
export async function ownMail(scene: Scene): Promise<readonly Row[]> {
  await scene.provider.holdQueue();
  const { ids } = await orderPaced(scene.url, [scene.line], BURST);
  scene.provider.releaseQueue();
  const records = await settledOf(scene, ids);
  const seconds = records.map(({ capture }) => capture!.latest.monoUs / 1e6).toSorted((one, other) => one - other);
  return [row('probes held up and let go at once', '1/s', [records.length / (seconds.at(-1)! - seconds[0]!)])];
}

async function settledOf({ dataFolder }: Scene, ids: readonly string[]): Promise<readonly ProbeRecord[]> {
  const pending = await untilSettled(dataFolder);
  const wanted = new Set(ids);
  const records = (await recordsOf(dataFolder)).filter(({ id, capture }) => wanted.has(id) && capture !== null);
  if (records.length === ids.length) return records;
  throw new Error(`${ids.length} probes must come to the sink, ${records.length} did and ${pending} are pending`);
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((one, other) => one - other),
    0.5,
  );
}
