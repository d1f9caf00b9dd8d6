/** A report may speak of a recipient that is none of the probe's: an archive that the provider copies to, an address that a mailbox forwards to. */
import { expect, it } from 'vitest';
import { bounceOf } from '../fakes/fate.ts';
import { running } from '../fakes/running-agent.ts';

it('says nothing of a probe to the sink where the copy to the provider’s archive bounced', async () => {
  const made = await running();
  const id = await made.probe('send');
  const message = made.submitter.sent[0]!;
  await made.clock.advance(5);
  made.mailbox.deliver(bounceOf({ ...message, recipient: 'archive@acme.example' }, '5.1.1'));
  await made.clock.advance(60);
  await made.sink.deliver(message);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered' });
  await made.stop();
});

it('says nothing of a probe to a mailbox where the copy that it forwards bounced', async () => {
  const made = await running();
  const id = await made.probe('receive');
  const message = made.injector.sent[0]!;
  await made.sink.deliver(bounceOf({ ...message, recipient: 'left-the-company@else.example' }, '5.1.1'));
  made.mailbox.deliver(message);
  await made.clock.advance(60);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered' });
  await made.stop();
});
