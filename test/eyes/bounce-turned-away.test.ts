/** Our own 451 turns a bounce away: until it comes again nobody knows why the message is missing (domain/bounce-gap.ts). */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { bounceOf } from '../fakes/fate.ts';
import { agent } from './agent.ts';

it('receive, bounced since our mailbox is full, the bounce refused by our full disk: truth our doing, claimed at least 3600 s, a breach', async () => {
  const made = await agent();
  const { clock, ledger, sink, injector } = made;
  const id = await made.probe('receive');
  await clock.advance(5);
  ledger.failure = new Error('disk full');
  expect(await sink.deliver(bounceOf(injector.sent[0]!, '5.2.2'))).toBe(451);
  ledger.failure = null;
  // The provider brings it again in two hours.
  await clock.advance(7000);
  const record = (await made.engine.probe(id))!.record;
  expect(exceedsMaximum(record, made.engine.recorder.state.absence)).toBe(false);
  await made.stop();
});
