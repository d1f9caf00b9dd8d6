/** A message that bounced is a connectivity failure, not a delay (measurement.md): also where the bounce is heard late. */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { MailboxError } from '../../src/ports.ts';
import { bounceOf } from '../fakes/fate.ts';
import { agent } from './agent.ts';

it('send: bounced after 60 s while our login to the mailbox failed for 2 h: truth under way for 60 s, claimed at least 3600 s, a breach', async () => {
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
