/** What waited in the kernel while others were accepted is not late by that. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AcceptQueue } from '../../../src/adapters/smtp-sink/accept-queue.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';

const at = (seconds: number): Instant => ({
  wallMs: seconds * 1000,
  monoUs: seconds * 1e6,
  suspendedMs: 0,
  errorUs: 0,
  boot: 'test',
});

test('a connection accepted in a row of turns may have come with the first of the row', async () => {
  const queue = new AcceptQueue();
  for (let second = 10; second < 20; second += 1) {
    expect(queue.accepted(at(second))).toEqual(at(10));
    await turn();
  }
});

test('a turn in which none is accepted shows that none waited', async () => {
  const queue = new AcceptQueue();
  queue.accepted(at(10));
  await turn();
  await turn();
  await turn();
  expect(queue.accepted(at(20))).toEqual(at(20));
});

test('the first of a row is taken for as early as its reading may be late', () => {
  expect(new AcceptQueue().accepted({ ...at(10), errorUs: 2e6 }).monoUs).toBe(8e6);
});
