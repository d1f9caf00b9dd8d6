/** The port Control: whether any of a few neutral hosts takes a TCP connection. */
import { isIP } from 'node:net';
import type { HostPort } from '../../domain/settings.ts';
import type { Clock, Control } from '../../ports.ts';
import { connectFirst } from './connect.ts';
import { within } from './deadline.ts';
import { toFailure } from './failure.ts';
import { addressesOf } from './reach.ts';

/** Milliseconds: a name, and three SYNs (1 and 3 s after the first). A line that is slower is no sound one. */
const CONTROL_MS_MAX = 5000;

/** All of `hosts`, or those with a name, at once; the first that can be reached ends it. */
export function createControl(hosts: readonly HostPort[], clock: Clock): Control {
  return {
    async healthy(byName, signal) {
      const reached = new AbortController();
      const outer = AbortSignal.any([signal, reached.signal]);
      const asked = hosts.filter(({ host }) => !byName || isIP(host) === 0);
      const tries = asked.map(async (host) => {
        if (await canReach(host, clock, outer)) reached.abort();
      });
      await Promise.all(tries);
      return reached.signal.aborted;
    },
  };
}

async function canReach({ host, port }: HostPort, clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await within(clock, CONTROL_MS_MAX, signal, async (cut) => {
      const addresses = await addressesOf(host, clock, cut);
      (await connectFirst(addresses, port, clock, cut)).destroy();
    });
    return true;
  } catch (error) {
    toFailure(error);
    return false;
  }
}
