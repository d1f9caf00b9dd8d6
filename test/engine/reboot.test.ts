/** Three faults: the wall clock was set ahead, the host reboots, and the clock is right again. Every probe here lives in the sound boot alone. */
import { expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import { bounceOf } from '../fakes/fate.ts';
import { running as agent } from '../fakes/running-agent.ts';

const AHEAD = 7200;

/** An agent that has proven absence while its clock was two hours ahead, and that comes up again with the right time. */
async function rebooted(path: 'send' | 'receive') {
  const made = await agent();
  const { clock, sink } = made;
  clock.stepWall(AHEAD);
  await made.probe(path);
  for (let minutes = 0; minutes < 5; minutes += 1) {
    sink.listener!.connected(`198.51.100.9:${minutes + 1}`, clock.now());
    sink.listener!.disconnected(`198.51.100.9:${minutes + 1}`);
    await clock.advance(60);
  }
  // Nothing is on its way any more when it goes down.
  if (path === 'receive') made.mailbox.deliver(made.injector.sent.at(-1)!);
  else await sink.deliver(made.submitter.sent.at(-1)!);
  await clock.advance(15);
  await made.stop();
  clock.reboot();
  clock.stepWall(-AHEAD);
  await clock.advance(30);
  await made.restart();
  await clock.advance(60);
  return made;
}

it('what was proven by a clock two hours ahead before a reboot proves nothing of a message to a mailbox after it', async () => {
  const made = await rebooted('receive');
  const id = await made.probe('receive');
  const record = made.engine.recorder.state.open.get(id)!;
  expect((await made.claim(id)).lo).toBeLessThan(2);
  expect(exceedsMaximum(record, made.engine.recorder.state.absence)).toBe(false);
  await made.stop();
});

it('nor of one that bounces, for good', async () => {
  const made = await rebooted('receive');
  const id = await made.probe('receive');
  await made.clock.advance(5);
  await made.sink.deliver(bounceOf(made.injector.sent.at(-1)!));
  await made.clock.advance(5);
  const record = (await made.engine.probe(id))!.record;
  expect((await made.claim(id)).outcome).toBe('failed');
  expect(exceedsMaximum(record, new Map())).toBe(false);
  await made.stop();
});

it('nor of one to the sink', async () => {
  const made = await rebooted('send');
  const { clock, sink } = made;
  // The doubt of the restart ends with one that passes promptly.
  await made.probe('send');
  await sink.deliver(made.submitter.sent.at(-1)!);
  const id = await made.probe('send');
  await clock.advance(1);
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});

/** A host whose hardware clock keeps local time, or none: from the boot until NTP sets it, the wall clock is hours ahead. */
async function rebootedAhead(seconds: number) {
  const made = await agent();
  const id = await made.probe('receive');
  await made.clock.advance(60);
  await made.stop();
  made.clock.reboot();
  made.clock.stepWall(seconds);
  await made.restart();
  return { made, id };
}

it('a clock that is 8 h ahead from the boot until NTP sets it makes no breach of a message that was on its way', async () => {
  const { made, id } = await rebootedAhead(8 * 3600);
  await made.clock.advance(15);
  made.mailbox.deliver(made.injector.sent[0]!);
  await made.clock.advance(15);
  made.clock.stepWall(-8 * 3600);
  await made.clock.advance(60);
  expect((await made.claim(id)).lo).toBeLessThanOrEqual(90);
  await made.stop();
});

it('one that is 30 days ahead loses none for good', async () => {
  const { made, id } = await rebootedAhead(30 * 86_400);
  await made.clock.advance(15);
  made.clock.stepWall(-30 * 86_400);
  await made.clock.advance(90);
  made.mailbox.deliver(made.injector.sent[0]!);
  await made.clock.advance(60);
  expect((await made.claim(id)).outcome).toBe('delivered');
  await made.stop();
});

it('a message accepted by a clock that was ahead, and seen after a reboot by the right one, may have taken as long as it did', async () => {
  const made = await agent();
  made.clock.stepWall(AHEAD);
  await made.clock.advance(60);
  const id = await made.probe('receive');
  await made.stop();
  made.clock.reboot();
  made.clock.stepWall(-AHEAD);
  await made.clock.advance(4200);
  made.mailbox.deliver(made.injector.sent[0]!);
  await made.restart();
  await made.clock.advance(60);
  const claim = await made.claim(id);
  expect(claim.outcome).toBe('delivered');
  expect(claim.hi).toBeGreaterThanOrEqual(4200);
  await made.stop();
});

/** One whose clock stood still while it was without power for ten minutes (no battery), until NTP sets it after twenty. */
async function withoutBattery(again: (made: Awaited<ReturnType<typeof agent>>) => Promise<void> = async () => {}) {
  const made = await agent();
  const { clock } = made;
  await clock.advance(3600);
  const id = await made.probe('receive');
  await made.stop();
  await clock.advance(600);
  clock.reboot();
  clock.stepWall(-600);
  await made.restart();
  made.mailbox.deliver(made.injector.sent.at(-1)!);
  await clock.advance(20);
  const early = await made.claim(id);
  await clock.advance(1180);
  clock.stepWall(600);
  await again(made);
  await clock.advance(2500);
  const late = await made.claim(id);
  await made.stop();
  return { early, late };
}

it('what comes out while the clock is behind has no upper bound until it is set, and is then told by it', async () => {
  const { early, late } = await withoutBattery();
  expect(early).toMatchObject({ outcome: 'delivered', hi: Number.POSITIVE_INFINITY });
  expect(late.outcome).toBe('delivered');
  expect(late.hi).toBeGreaterThanOrEqual(606);
  expect(late.hi).toBeLessThan(640);
});

it('be it by another process than the one that saw it', async () => {
  const { late } = await withoutBattery(async (made) => {
    await made.stop();
    await made.restart();
  });
  expect(late.hi).toBeGreaterThanOrEqual(606);
  expect(late.hi).toBeLessThan(640);
});

it('a message that was tried in vain while the host was off is not charged with that, though the clock stood still', async () => {
  const made = await agent();
  const { clock, sink } = made;
  await clock.advance(3600);
  const id = await made.probe('send');
  await clock.advance(20);
  await made.stop();
  await clock.advance(3600);
  clock.reboot();
  // It came up with an earlier time than that of its last heartbeat.
  clock.stepWall(-7200);
  await made.restart();
  for (let minutes = 0; minutes < 60; minutes += 1) {
    sink.listener!.connected(`198.51.100.9:${minutes + 1}`, clock.now());
    sink.listener!.disconnected(`198.51.100.9:${minutes + 1}`);
    if (minutes === 1) clock.stepWall(7200);
    await clock.advance(60);
  }
  await sink.deliver(made.submitter.sent.at(-1)!);
  expect((await made.claim(id)).lo).toBeLessThan(30);
  await made.stop();
});
