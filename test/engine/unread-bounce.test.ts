/** Bounces that tell too little, or that could not reach us: the message may have been over long ago, so it is no breach. */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import type { OutgoingMessage } from '../../src/ports.ts';
import { bounceOf } from '../fakes/fate.ts';
import { type RunningAgent, running } from '../fakes/running-agent.ts';

/** Minutes pass, and somebody else shows in each that the sink can be reached. */
async function pass({ sink, clock }: RunningAgent, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    sink.connect('198.51.100.9')?.close();
    await clock.advance(60);
  }
}

async function isBreach({ engine }: RunningAgent, id: string): Promise<boolean> {
  const sight = await engine.probe(id);
  if (sight === null) throw new Error(`no probe ${id}`);
  return exceedsMaximum(sight.record, engine.recorder.state.absence);
}

function inOwnWords({ sender, text }: OutgoingMessage, said: string) {
  const copy = '------ This is a copy of the message, including all the headers. ------';
  const header = ['From: postmaster@acme.example', 'Return-Path: <>', 'Subject: mail', ''];
  return { sender: '', recipient: sender, envelopeId: '', text: [...header, said, '', copy, text].join('\r\n') };
}

it.each([
  ['send', 'Your message could not be delivered. The recipient does not exist.'],
  ['receive', 'Your message could not be delivered. The recipient does not exist.'],
  ['receive', Buffer.from('您的邮件无法送达，该收件人不存在，系统退信。').toString('latin1')],
] as const)(
  'on %s a mailer’s own words of which nobody can tell what they say end what is proven',
  async (path, said) => {
    const made = await running();
    const id = await made.probe(path);
    await made.clock.advance(5);
    if (path === 'send') made.mailbox.deliver(inOwnWords(made.submitter.sent[0]!, said));
    else await made.sink.deliver(inOwnWords(made.injector.sent[0]!, said));
    await pass(made, 90);
    expect(await isBreach(made, id)).toBe(false);
    expect((await made.engine.probe(id))?.record.notice).toMatchObject({ action: 'unclear' });
    await made.stop();
  },
);

it.each([true, false])(
  'a bounce that our own limits turned away may be missing (with a message to the sink: %s)',
  async (send) => {
    const made = await running();
    const id = await made.probe('receive');
    if (send) await made.probe('send');
    await pass(made, 1);
    const [at, peer] = [made.clock.now(), '192.0.2.1:25001'];
    made.sink.listener!.connected(peer, at);
    made.sink.listener!.turnedAway(peer, at);
    made.sink.listener!.disconnected(peer);
    await pass(made, 65);
    expect(await isBreach(made, id)).toBe(false);
    await made.sink.deliver(bounceOf(made.injector.sent[0]!));
    await pass(made, 2);
    expect(await isBreach(made, id)).toBe(false);
    await made.stop();
  },
);

it('a bounce that comes again and again while the ledger refuses is kept once', async () => {
  const made = await running();
  await made.probe('receive');
  made.ledger.failure = new Error('disk full');
  for (let count = 0; count < 100; count += 1) await made.sink.deliver(bounceOf(made.injector.sent[0]!));
  made.ledger.failure = null;
  await made.clock.advance(120);
  expect(made.ledger.events('probe.notified')).toHaveLength(1);
  await made.stop();
});
