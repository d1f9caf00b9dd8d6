/** How the page stays true: what it calls live, lost and stale when the stream, the asking or both do not work. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { follow } from '../../src/page/live.ts';
import { healthy } from '../e2e/sample-status.ts';

/** The browser's, as far as the page uses it. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static last: FakeSource;
  /** Whether a new one is refused, as by a 503. */
  static refused = false;
  readyState = 0;

  constructor() {
    super();
    FakeSource.last = this;
    queueMicrotask(() => (FakeSource.refused ? this.fail(FakeSource.CLOSED) : this.dispatchEvent(new Event('open'))));
  }
  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
}

let answers: boolean;
const ask = vi.fn<typeof fetch>(async () => {
  if (!answers) throw new TypeError('fetch failed');
  return Response.json(healthy());
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', ask);
  ask.mockClear();
  FakeSource.refused = false;
  answers = true;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function links(): string[] {
  const told: string[] = [];
  const link = (next: string): void => {
    if (told.at(-1) !== next) told.push(next);
  };
  follow({ status: () => {}, probe: () => {}, link });
  return told;
}
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

it('stays live by asking where the stream is refused', async () => {
  FakeSource.refused = true;
  const told = links();
  await seconds(120);
  expect(told).toEqual(['lost', 'live']);
  expect(ask.mock.calls.length).toBeGreaterThan(8);
  expect(ask.mock.calls.length).toBeLessThan(13);
  FakeSource.refused = false;
  await seconds(10);
  const asked = ask.mock.calls.length;
  await seconds(15);
  expect(ask.mock.calls.length, 'the stream is there again').toBe(asked);
});

it('is lost when the stream breaks, stale fifteen seconds after it was heard last, and live again when it answers', async () => {
  const told = links();
  await seconds(5);
  [FakeSource.refused, answers] = [true, false];
  FakeSource.last.fail(FakeSource.CLOSED);
  await seconds(9);
  expect(told).toEqual(['live', 'lost']);
  await seconds(3);
  expect(told).toEqual(['live', 'lost', 'stale']);
  answers = true;
  await seconds(20);
  expect(told).toEqual(['live', 'lost', 'stale', 'live']);
});

it('asks when nothing comes for long, and says that no answer comes', async () => {
  const told = links();
  await seconds(19);
  expect(ask).not.toHaveBeenCalled();
  answers = false;
  await seconds(3);
  expect(told).toEqual(['live', 'stale']);
});
