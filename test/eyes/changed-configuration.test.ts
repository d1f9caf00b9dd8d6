/** The configuration is changed, and the agent started anew, while mail is on its way. */
import { expect, it } from 'vitest';
import { recipientRule } from '../../src/adapters/smtp-sink/recipients.ts';
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

it('fewer sink recipients: truth probe-7 is ours while a probe to it is on its way, claimed 550, which bounces it', () => {
  const now = recipientRule({ domain: 'sink.test', count: 4, senders: [] });
  // What a run before may have sent to.
  expect(now('probe-7@sink.test')).not.toBeNull();
});
