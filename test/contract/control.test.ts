/** Control: the one that answers as told, the simulated one, and TCP to real listeners. */
import { describe, onTestFinished } from 'vitest';
import { createControl } from '../../src/adapters/smtp-client/control.ts';
import { startMute } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';
import { FakeControl } from '../fakes/fake-checker.ts';
import { simulatedControl } from '../fakes/simulated-checker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeControl } from './control.ts';
import { passing } from './passing.ts';

describe('the control that answers as told', () => {
  describeControl(
    async (reachable, given) => {
      const clock = new VirtualClock();
      const control = new FakeControl(clock);
      control.answer = reachable === 'all' || reachable === 'one';
      control.answerByName = given === 'names';
      if (reachable === 'silent') control.latencyMs = 5000;
      return { control, clock, expire: (work) => passing(clock, work) };
    },
    { given: ['addresses', 'names'], silent: true },
  );
});

describe('the simulated control', () => {
  describeControl(
    async (reachable) => {
      const clock = new VirtualClock();
      const isDown = reachable === 'none' || reachable === 'silent';
      const reach = { outage: () => null, breaks: () => 0, lineDown: () => isDown };
      return { control: simulatedControl(reach, clock), clock, expire: (work) => passing(clock, work) };
    },
    // Its hosts have names, which are never hard to find there; what keeps them away is our own line, which says nothing.
    { given: ['names'], silent: true },
  );
});

describe('the control over TCP', () => {
  describeControl(
    async (reachable, given) => {
      const hosts: HostPort[] = [];
      for (const index of [0, 1]) {
        const host = await startMute();
        const there = reachable === 'all' || (reachable === 'one' && index === 1);
        if (there) onTestFinished(() => host.close());
        else await host.close();
        hosts.push(given === 'names' ? { ...host.at, host: 'localhost' } : host.at);
      }
      const clock = new VirtualClock();
      return { control: createControl(hosts, clock), clock, expire: (work) => work };
    },
    // On loopback a port is open or closed, and never silent.
    { given: ['addresses', 'names'], silent: false },
  );
});
