/** What every Clock must keep. */
import { expect, it } from 'vitest';
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Clock } from '../../src/ports.ts';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets time pass until `work` is done; a clock that runs by itself just waits. */
  readonly until: <T>(work: Promise<T>) => Promise<T>;
}

/** A minute: a sleep that is not cut short would outlast the test. */
const LONG_MS = 60_000;

export function describeClock(make: () => ClockUnderTest): void {
  const elapsedMs = (from: Instant, to: Instant): number => (to.monoUs - from.monoUs) / 1000;

  it('never goes back, within one boot, and knows its error', async () => {
    const { clock, until } = make();
    let before = clock.now();
    for (let reading = 0; reading < 200; reading += 1) {
      if (reading % 50 === 0) await until(clock.sleep(1));
      const now = clock.now();
      expect(now.monoUs).toBeGreaterThanOrEqual(before.monoUs);
      expect(now.boot).toBe(before.boot);
      expect(now.errorUs).toBeGreaterThanOrEqual(0);
      expect(now.suspendedMs).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(now.monoUs) && Number.isInteger(now.errorUs) && Number.isInteger(now.wallMs)).toBe(true);
      before = now;
    }
  });

  it.each([-5, 0, 0.4, 1, 7.3, 25])('sleeps for %s ms at least, by its own reading', async (ms) => {
    const { clock, until } = make();
    const from = clock.now();
    await until(clock.sleep(ms));
    // Readings are cut to the microsecond.
    expect(elapsedMs(from, clock.now())).toBeGreaterThanOrEqual(ms - 0.001);
  });

  it('lets the shorter of two sleeps end first, whichever began first', async () => {
    const { clock, until } = make();
    const ended: string[] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      ended.push(name);
    };
    await until(Promise.all([sleep('long', 60), sleep('short', 5)]));
    expect(ended).toEqual(['short', 'long']);
  });

  it('wakes early, and without an error, when the signal is aborted', async () => {
    const { clock } = make();
    const abort = new AbortController();
    const from = clock.now();
    const sleeping = clock.sleep(LONG_MS, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleeping).resolves.toBeUndefined();
    expect(elapsedMs(from, clock.now())).toBeLessThan(LONG_MS);
  });

  it('does not sleep at all where the signal is aborted already', async () => {
    const { clock } = make();
    const from = clock.now();
    await expect(clock.sleep(LONG_MS, AbortSignal.abort())).resolves.toBeUndefined();
    expect(elapsedMs(from, clock.now())).toBeLessThan(LONG_MS);
  });

  it('takes no notice of a signal that is aborted after the sleep', async () => {
    const { clock, until } = make();
    const abort = new AbortController();
    await until(clock.sleep(1, abort.signal));
    abort.abort();
    await expect(until(clock.sleep(1))).resolves.toBeUndefined();
  });
}
