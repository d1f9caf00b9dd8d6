/** A provider with several outgoing hosts, each of which remembers by itself that our sink was down. */
import { expect, it } from 'vitest';
import { assess } from '../../src/domain/delay/delay.ts';
import { running as agent } from '../fakes/running-agent.ts';

it('of a provider with two hosts, that one sends promptly does not show that the other no longer remembers our closed sink', async () => {
  const made = await agent();
  const { clock, sink, submitter } = made;
  // By host B. Our sink fails for five seconds, and B tries just then: it remembers the sink as down for 20 minutes.
  await made.probe('send');
  const byB = submitter.sent.at(-1)!;
  sink.listener!.failed(new Error('sink cannot accept: ENOBUFS'));
  await clock.advance(30);
  // By host A, which never noticed: at once.
  await made.probe('send');
  await sink.deliver(submitter.sent.at(-1)!);
  // By host B again, which does not try before its memory ends, and then sends both.
  const id = await made.probe('send');
  for (let minutes = 0; minutes < 15; minutes += 1) {
    sink.connect('198.51.100.9')?.close();
    await clock.advance(60);
  }
  await sink.deliver(byB);
  await sink.deliver(submitter.sent.at(-1)!);
  const sight = (await made.engine.probe(id))!;
  expect(assess(sight.record, new Map()).delay!.lo).toBe(0);
  await made.stop();
});
