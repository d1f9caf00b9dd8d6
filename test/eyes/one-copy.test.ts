/** One message, wherever the mailbox shows it, and whenever it hands it out. */
import { expect, it } from 'vitest';
import { agent } from './agent.ts';

it('receive, moved by a rule once it was seen: truth one copy, claimed a duplicate', async () => {
  const made = await agent();
  const id = await made.probe('receive');
  const uid = made.mailbox.deliver(made.injector.sent[0]!);
  await made.clock.advance(0.6);
  expect((await made.claim(id)).outcome).toBe('delivered');
  made.mailbox.expunge('INBOX', uid, 'Lists');
  await made.clock.advance(300);
  expect((await made.engine.probe(id))!.record.duplicates).toEqual([]);
  await made.stop();
});

it('receive, announced after 10 s and handed out after 20 min: truth delivered, claimed missing for good', async () => {
  const made = await agent();
  const id = await made.probe('receive');
  await made.clock.advance(10);
  const readableUs = made.clock.passedUs + 1200e6;
  made.mailbox.deliver(made.injector.sent[0]!, 'INBOX', true, () => made.clock.passedUs >= readableUs);
  await made.clock.advance(7200);
  expect((await made.claim(id)).outcome).toBe('delivered');
  await made.stop();
});
