/** How parts tell that they fail and work again: to health, to the log and to the metrics. */
import { beforeEach, expect, test } from 'vitest';
import { createHealth, type Health } from '../../src/engine/health.ts';
import type { Log, Observer } from '../../src/ports.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const WORDS = { fails: 'the sink fails', works: 'the sink works again' };
let clock: VirtualClock;
let told: unknown[];
let metrics: string[];
let health: Health;

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  metrics = [];
  const tell = (level: string) => (message: string, fields?: object) => void told.push([level, message, fields]);
  const log: Log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
  const observer = {
    partFailed: (part: string) => metrics.push(`${part} failed`),
    partStands: (part: string, _: unknown, working: boolean) => metrics.push(`${part} ${working ? 'up' : 'down'}`),
  } as unknown as Observer;
  health = createHealth(clock, observer, log);
});

test('a part that has to do something first is not ready, and nothing is said of it', () => {
  const mailbox = health.part('mailbox', 'acme', WORDS, 'not yet looked at');
  expect(health.view()).toEqual({ ready: false, parts: { 'mailbox acme': 'not yet looked at' } });
  expect(mailbox.failing).toBe(false);
  mailbox.works();
  expect(health.view()).toEqual({ ready: true, parts: { 'mailbox acme': null } });
  expect(told).toEqual([]);
  expect(metrics).toEqual(['mailbox down', 'mailbox up']);
});

test('a failure that lasts is counted every time, told once and then once an hour, and so is its end', async () => {
  const sink = health.part('sink', null, WORDS);
  for (let second = 0; second < 2 * 3600; second += 1) {
    sink.failed(`refused ${second}`);
    await clock.advance(1);
  }
  expect(health.view().parts).toEqual({ sink: 'refused 7199' });
  expect(told).toEqual([
    ['error', 'the sink fails', { problem: 'refused 0' }],
    ['error', 'the sink fails', { problem: 'refused 3602', failures: 3603 }],
  ]);
  sink.works();
  sink.works();
  expect(told.slice(2)).toEqual([['info', 'the sink works again', { failures: 7200 }]]);
  expect(metrics.filter((line) => line === 'sink failed')).toHaveLength(7200);
  expect(metrics.filter((line) => line !== 'sink failed')).toEqual(['sink up', 'sink down', 'sink up']);
});

test('a failure after a recovery is a new one, and one part says nothing of another', () => {
  const [sink, judge] = [health.part('sink', null, WORDS), health.part('judge', 'acme', { ...WORDS, level: 'warn' })];
  for (let round = 0; round < 2; round += 1) {
    sink.failed('refused');
    sink.works();
  }
  judge.failed('no room');
  expect(told).toHaveLength(5);
  expect(told.at(-1)).toEqual(['warn', 'the sink fails', { provider: 'acme', problem: 'no room' }]);
  expect(health.view()).toEqual({ ready: false, parts: { sink: null, 'judge acme': 'no room' } });
});
