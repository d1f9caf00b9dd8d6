/** The provider knows the token of a message that it was given, also on `receive`: what it says at our sink must not end that message's delay. */
import { expect, it } from 'vitest';
import { agent } from './agent.ts';

it('receive, there after 2 h, its ENVID named at our sink after 5 s: truth 7200 s, claimed at most 7 s, so met', async () => {
  const made = await agent();
  const id = await made.probe('receive');
  const message = made.injector.sent[0]!;
  await made.clock.advance(5);
  const session = made.sink.connect()!;
  session.mail({ sender: 'anyone@acme.example', recipients: [], envelopeId: message.envelopeId });
  session.close();
  await made.clock.advance(7200);
  made.mailbox.deliver(message);
  await made.clock.advance(60);
  const claim = await made.claim(id);
  expect(claim.outcome).toBe('delivered');
  expect(claim.hi).toBeGreaterThanOrEqual(7200);
  await made.stop();
});
