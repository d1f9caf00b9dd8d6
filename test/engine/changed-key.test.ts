/** The agent is started with another token key while mail is on its way. */
import { expect, it } from 'vitest';
import { spanBetween } from '../../src/domain/time/instant.ts';
import { type Engine, startEngine } from '../../src/engine/engine.ts';
import { engineOptions, NO_DKIM, seededRandom } from '../fakes/agent.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { type RunningAgent, running } from '../fakes/running-agent.ts';

async function restarted(made: RunningAgent, key: number): Promise<Engine> {
  const { clock, ledger, sink, mailbox, submitter, injector, observer } = made;
  await made.stop();
  const options = engineOptions({ submitter, injector, mailbox, routes: [], reachability: 'assumed' });
  return startEngine(
    { ...options, key: new Uint8Array(32).fill(key) },
    { ledger, sink, clock, random: seededRandom(2), dkim: NO_DKIM, observer, log: silentLog },
  );
}

it.each([
  ['receive', 8, true],
  ['send', 8, true],
  ['internal', 8, true],
  ['receive', 7, false],
  ['send', 7, false],
] as const)(
  'what is on its way on %s may have come since it was planned, with key %i: %s',
  async (path, key, expected) => {
    const made = await running();
    const id = await made.probe(path);
    await made.clock.advance(30);
    made.engine = await restarted(made, key);
    const { unseenSince, planned } = (await made.engine.probe(id))!.record;
    expect(unseenSince !== null && spanBetween(planned, unseenSince).hi < 1).toBe(expected);
    await made.stop();
  },
);
