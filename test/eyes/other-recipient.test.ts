/** A report may speak of a recipient that is none of the probe's: an archive that the provider copies to, an address that a mailbox forwards to. */
import { expect, it } from 'vitest';
import { bounceOf } from '../fakes/fate.ts';
import { agent } from './agent.ts';

it('send: the copy to the provider’s archive bounces after 5 s, the probe is transferred after 60 s: truth delivered, claimed failed', async () => {
  const made = await agent();
  const id = await made.probe('send');
  const message = made.submitter.sent[0]!;
  await made.clock.advance(5);
  made.mailbox.deliver(bounceOf({ ...message, recipient: 'archive@acme.example' }, '5.1.1'));
  await made.clock.advance(60);
  await made.sink.deliver(message);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered' });
  await made.stop();
});

it('receive: a copy that the mailbox forwards bounces before the next look: truth delivered, claimed failed', async () => {
  const made = await agent();
  const id = await made.probe('receive');
  const message = made.injector.sent[0]!;
  await made.sink.deliver(bounceOf({ ...message, recipient: 'left-the-company@else.example' }, '5.1.1'));
  made.mailbox.deliver(message);
  await made.clock.advance(60);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered' });
  await made.stop();
});
