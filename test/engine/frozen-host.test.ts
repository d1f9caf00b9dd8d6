/** A virtual machine is stopped and goes on (snapshot, live migration): its monotonic and boot clocks stand still, and NTP then sets the wall clock. */
import { expect, it } from 'vitest';
import { spanBetween } from '../../src/domain/time/instant.ts';
import { at } from '../domain/month-case.ts';
import { running as agent } from '../fakes/running-agent.ts';

const FROZEN = 1800;

it('a span may have lasted for as long as the wall clock says once it is set', () => {
  const to = at(5);
  const { hi } = spanBetween(at(0), { ...to, wallMs: to.wallMs + FROZEN * 1000 });
  expect(hi).toBeGreaterThanOrEqual(FROZEN + 5);
});

it('a message that came while the host was frozen may have taken all that time', async () => {
  const made = await agent();
  const id = await made.probe('receive');
  await made.clock.advance(5);
  // The guest stands still for half an hour; at its end the message comes in, and NTP sets the clock.
  made.mailbox.deliver(made.injector.sent.at(-1)!);
  made.clock.stepWall(FROZEN);
  await made.clock.advance(60);
  expect((await made.claim(id)).hi).toBeGreaterThanOrEqual(FROZEN);
  await made.stop();
});

it('a message that was tried in vain while the host was frozen is not charged with the wait for its retry', async () => {
  const made = await agent();
  const id = await made.probe('send');
  await made.clock.advance(5);
  // Tried 10 minutes later, when nobody answered at the sink; the provider comes again after half an hour.
  made.clock.stepWall(FROZEN);
  for (let minutes = 0; minutes < 30; minutes += 1) {
    made.sink.listener!.connected(`198.51.100.9:${minutes + 1}`, made.clock.now());
    made.sink.listener!.disconnected(`198.51.100.9:${minutes + 1}`);
    await made.clock.advance(60);
  }
  await made.sink.deliver(made.submitter.sent.at(-1)!);
  expect((await made.claim(id)).lo).toBeLessThan(600);
  await made.stop();
});

it('nor with a freeze of seconds, in which it was tried in vain', async () => {
  const made = await agent();
  const id = await made.probe('send');
  await made.clock.advance(2);
  made.clock.stepWall(4);
  await made.clock.advance(60);
  await made.sink.deliver(made.submitter.sent.at(-1)!);
  expect((await made.claim(id)).lo).toBeLessThan(5);
  await made.stop();
});
