/** The simulated host's clock, where it is no plain clock. */
import { expect, it } from 'vitest';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { Host } from './host.ts';

it('ends a sleep of the boot before when it is due, though the monotonic clock began anew', async () => {
  const world = new VirtualClock();
  const host = new Host(world, 0, []);
  await world.advance(1000);
  void host.sleep(60_000);
  host.reboot();
  await world.advance(61);
  expect(host.sleeping).toBe(0);
});

it('lets a sleep last longer by the time for which the host was suspended', async () => {
  const world = new VirtualClock();
  const host = new Host(world, 0, []);
  void host.sleep(60_000);
  host.suspend();
  await world.advance(600);
  host.resume();
  await world.advance(59);
  expect(host.sleeping).toBe(1);
  await world.advance(2);
  expect(host.sleeping).toBe(0);
});
