/** Control: the one that answers as told, and TCP to real listeners. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createControl } from '../../src/adapters/smtp-client/control.ts';
import { startMute } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';
import { FakeControl } from '../fakes/fake-checker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeControl } from './control.ts';

describe('the control that answers as told', () => {
  describeControl(async (reachable) => {
    const control = new FakeControl(new VirtualClock());
    control.answer = reachable !== 'none';
    control.answerByName = false;
    return { control, expire: (work) => work };
  });
});

describe('the control over TCP', () => {
  it('looks up the name of a host that has one', async () => {
    const host = await startMute();
    onTestFinished(() => host.close());
    const control = createControl([{ ...host.at, host: 'localhost' }], new VirtualClock());
    expect(await control.healthy(true, new AbortController().signal)).toBe(true);
  });

  describeControl(async (reachable) => {
    const hosts: HostPort[] = [];
    for (const index of [0, 1]) {
      const host = await startMute();
      const there = reachable === 'all' || (reachable === 'one' && index === 1);
      if (there) onTestFinished(() => host.close());
      else await host.close();
      hosts.push(host.at);
    }
    return { control: createControl(hosts, new VirtualClock()), expire: (work) => work };
  });
});
