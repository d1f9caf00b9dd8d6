/** A message that bounced is a connectivity failure, not a delay (measurement.md): also where the bounce is heard late. */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { MailboxError } from '../../src/ports.ts';
import { bounceOf } from '../fakes/fate.ts';
import { running as agent } from '../fakes/running-agent.ts';

it('a message on its way to the sink is no breach while nobody can look whether it has bounced', async () => {
  const made = await agent();
  made.mailbox.failure = new MailboxError('AUTHENTICATIONFAILED', 'our password has expired');
  const id = await made.probe('send');
  await made.clock.advance(60);
  made.mailbox.deliver(bounceOf(made.submitter.sent[0]!));
  for (let minutes = 0; minutes < 120; minutes += 1) {
    made.sink.connect('198.51.100.9')?.close();
    await made.clock.advance(60);
  }
  made.mailbox.failure = null;
  await made.clock.advance(120);
  const { record, assessment } = (await made.engine.probe(id))!;
  expect(assessment.outcome).toBe('failed');
  expect(exceedsMaximum(record, new Map())).toBe(false);
  await made.stop();
});
