/** Reports on mail: of whom they speak, and when they count. */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { bounceOf, noticeOf } from '../fakes/fate.ts';
import { running } from '../fakes/running-agent.ts';

it('say nothing of a probe to the sink where the copy to the provider’s archive bounced', async () => {
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

it('say nothing of a probe to a mailbox where the copy that it forwards bounced', async () => {
  const made = await running();
  const id = await made.probe('receive');
  const message = made.injector.sent[0]!;
  await made.sink.deliver(bounceOf({ ...message, recipient: 'left-the-company@else.example' }, '5.1.1'));
  made.mailbox.deliver(message);
  await made.clock.advance(60);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered' });
  await made.stop();
});

it('count though the ledger refused them, and the sink asked for them again', async () => {
  const made = await running();
  const { clock, ledger, sink, injector } = made;
  const id = await made.probe('receive');
  await clock.advance(5);
  ledger.failure = new Error('disk full');
  // Our mailbox is full.
  expect(await sink.deliver(bounceOf(injector.sent[0]!, '5.2.2'))).toBe(451);
  ledger.failure = null;
  await clock.advance(7000);
  const { record, assessment } = (await made.engine.probe(id))!;
  expect(assessment.outcome).toBe('unmeasured');
  expect(exceedsMaximum(record, made.engine.recorder.state.absence)).toBe(false);
  await made.stop();
});

it('reports that take turns are recorded as they grow graver, and not each time', async () => {
  const made = await running();
  await made.probe('receive');
  const [sent] = made.injector.sent;
  for (let count = 0; count < 50; count += 1)
    await made.sink.deliver(noticeOf(sent!, count % 2 === 0 ? 'relayed' : 'delayed'));
  expect(made.ledger.events('probe.notified').map(({ status }) => status.action)).toEqual(['relayed', 'delayed']);
  await made.stop();
});
