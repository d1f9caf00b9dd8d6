/** The configuration is changed, and the agent started anew, while mail is on its way. */
import { expect, it } from 'vitest';
import { startEngine } from '../../src/engine/engine.ts';
import { engineOptions, NO_DKIM, seededRandom } from '../fakes/agent.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { agent } from './agent.ts';

it('receive, another token key, in the mailbox at once: truth a minute at most, claimed at least 3600 s, a breach', async () => {
  const made = await agent();
  const { clock, ledger, sink, mailbox, submitter, injector, observer } = made;
  const id = await made.probe('receive');
  const options = engineOptions({ submitter, injector, mailbox, routes: [], reachability: 'inbound' });
  await made.stop();
  made.engine = await startEngine(
    { ...options, key: new Uint8Array(32).fill(8) },
    { ledger, sink, clock, random: seededRandom(2), dkim: NO_DKIM, observer, log: silentLog },
  );
  await clock.advance(30);
  mailbox.deliver(injector.sent[0]!);
  await clock.advance(9 * 3600);
  expect((await made.claim(id)).lo).toBeLessThanOrEqual(60);
  await made.stop();
});
