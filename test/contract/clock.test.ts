/** Clock: the one that tests move on, those of a simulated host and of a process on it, and the host's. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Mortal } from '../fakes/mortal.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { Host } from '../simulation/host.ts';
import { type ClockUnderTest, describeClock } from './clock.ts';

/** Waits while the world's clock goes on in steps that are shorter than any sleep. */
function untilIn(world: VirtualClock): ClockUnderTest['until'] {
  return async (work) => {
    const done = work.then(() => true);
    while (!(await Promise.race([done, world.advance(0.0005).then(() => false)])));
    return work;
  };
}

describe('the virtual clock', () => {
  describeClock(() => {
    const clock = new VirtualClock();
    return { clock, until: untilIn(clock) };
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

describe('the clock of a simulated host', () => {
  describeClock(() => {
    const world = new VirtualClock();
    return { clock: new Host(world, 1_800_000_000_000, []), until: untilIn(world) };
  });
});

describe('the clock of a simulated process', () => {
  describeClock(() => {
    const world = new VirtualClock();
    const { clock } = new Mortal(new Host(world, 1_800_000_000_000, []), 25);
    return { clock, until: untilIn(world) };
  });

  it('tells nothing while the process stands still, nor do its ports, and all of it afterwards', async () => {
    const world = new VirtualClock();
    const host = new Host(world, 0, []);
    const mortal = new Mortal(host, 0);
    const port = mortal.port({
      ask: () => host.sleep(20),
      fail: () => host.sleep(20).then(() => Promise.reject(new Error('no'))),
    });
    const heard: string[] = [];
    void mortal.clock.sleep(10).then(() => heard.push('timer'));
    void port.ask().then(() => heard.push('answer'));
    void port.fail().catch(() => heard.push('failure'));
    void mortal.hold(100);
    await world.advance(0.099);
    expect(heard).toEqual([]);
    await world.advance(0.002);
    expect(heard.toSorted()).toEqual(['answer', 'failure', 'timer']);
  });
});

describe("the host's clock", () => {
  describeClock(() => {
    const clock = systemClock();
    onTestFinished(() => clock.close());
    return { clock, until: (work) => work };
  });
});
