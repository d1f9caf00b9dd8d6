/** Clock: the one that tests move on, and the host's. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeClock } from './clock.ts';

describe('the virtual clock', () => {
  describeClock(() => {
    const clock = new VirtualClock();
    return {
      clock,
      async until(work) {
        const done = work.then(() => true);
        while (!(await Promise.race([done, clock.advance(0.0005).then(() => false)])));
        return work;
      },
    };
  });

  it('keeps no sleep that was cut short', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = clock.sleep(1000, abort.signal);
    abort.abort();
    await sleeping;
    expect(clock.sleeping).toBe(0);
  });
});

describe("the host's clock", () => {
  describeClock(() => {
    const clock = systemClock();
    onTestFinished(() => clock.close());
    return { clock, until: (work) => work };
  });
});
