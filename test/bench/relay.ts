/** A way to a server that notes when each of its words passes by, and cannot read them. */
import type { HostPort } from '../../src/domain/settings.ts';
import { type Passage, startPassage } from './passage.ts';

export interface Relay extends Passage {
  /** How many came so far, those that are gone included. */
  readonly connections: number;
  /** Monotonic microseconds when the server last said something before `untilUs` to the client at that port; undefined if it never did. */
  lastWordUs(port: number, untilUs: number): number | undefined;
}

export async function startRelay(to: HostPort): Promise<Relay> {
  const words = new Map<number, number[]>();
  let connections = 0;
  const passage = await startPassage(to, (near, far) => {
    const heard: number[] = [];
    connections += 1;
    words.set(near.remotePort!, heard);
    far.on('data', () => heard.push(Number(process.hrtime.bigint() / 1000n)));
  });
  return {
    ...passage,
    get connections() {
      return connections;
    },
    lastWordUs: (port, untilUs) => words.get(port)?.findLast((us) => us <= untilUs),
  };
}
