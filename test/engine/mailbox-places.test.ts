/** Where a mailbox's numbering tells nothing of what came and went, no absence is claimed; and what can be read is. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

let world: FakeWorld;
let engine: Engine;

beforeEach(async () => {
  world = fakeWorld();
  world.mailbox.create('Junk');
  engine = await world.start({ reachability: 'assumed' });
  await world.clock.advance(60);
});

afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
});

/** A message that has been on its way for half a minute. */
async function sent() {
  const starting = engine.check('acme', 'receive');
  await world.clock.advance(30);
  const id = await starting;
  return { id, message: world.injector.sent.at(-1)! };
}

async function loAfter(seconds: number, id: string): Promise<number> {
  await world.clock.advance(seconds);
  return (await engine.probe(id))!.assessment.delay!.lo;
}

it('claims no absence since the last look before a folder was numbered anew', async () => {
  const { id, message } = await sent();
  world.mailbox.expunge('INBOX', world.mailbox.deliver(message));
  world.mailbox.renumber('INBOX');
  expect(await loAfter(7200, id)).toBeLessThanOrEqual(30);
});

it('claims none since the last look before a folder went away with what was in it', async () => {
  const { id, message } = await sent();
  world.mailbox.deliver(message, 'Junk');
  world.mailbox.drop('Junk');
  expect(await loAfter(7200, id)).toBeLessThanOrEqual(30);
});

it('keeps no bookmark that would have a restart forget the folder before that doubt is durable', async () => {
  const { id, message } = await sent();
  const append = world.ledger.append.bind(world.ledger);
  world.ledger.append = async () => {
    throw new Error('disk full');
  };
  world.mailbox.deliver(message, 'Junk');
  world.mailbox.drop('Junk');
  await world.clock.advance(15);
  const folders = async () => [...(await world.ledger.bookmarks('acme')).keys()];
  expect(await folders()).toContain('Junk');
  world.ledger.append = append;
  await world.clock.advance(60);
  expect(world.ledger.events('mailbox.unproven')).not.toEqual([]);
  expect(await folders()).toEqual(['INBOX']);
  expect(await loAfter(7200, id)).toBeLessThanOrEqual(30);
});

it('claims none of a message that lies in a folder which is hidden for a while', async () => {
  const junk = world.mailbox.folders.get('Junk')!;
  world.mailbox.folders.delete('Junk');
  await world.clock.advance(60);
  const { id, message } = await sent();
  world.mailbox.stored.push({ folder: 'Junk', uid: junk.uidNext, text: message.text, isReadable: () => true });
  await world.clock.advance(3000);
  world.mailbox.folders.set('Junk', { ...junk, uidNext: junk.uidNext + 1 });
  await world.clock.advance(60);
  const { assessment } = (await engine.probe(id))!;
  expect(assessment.outcome).toBe('delivered');
  expect(assessment.delay!.lo).toBeLessThanOrEqual(30);
});

it('reads what comes after a store was set back, and claims no absence of what that took away', async () => {
  for (let count = 0; count < 5; count += 1) world.mailbox.deliver({ text: 'From: somebody@else.example\r\n\r\n' });
  await world.clock.advance(60);
  const { id, message } = await sent();
  const inbox = world.mailbox.folders.get('INBOX')!;
  world.mailbox.stored.splice(1);
  world.mailbox.folders.set('INBOX', { ...inbox, uidNext: 2 });
  world.mailbox.deliver(message);
  await world.clock.advance(15);
  const { assessment } = (await engine.probe(id))!;
  expect(assessment.outcome).toBe('delivered');
  expect(assessment.delay!.lo).toBeLessThanOrEqual(30.1);
});

it('looks no more often for it', async () => {
  await sent();
  world.mailbox.renumber('INBOX');
  const before = world.mailbox.looks;
  await world.clock.advance(60);
  expect(world.mailbox.looks - before).toBeLessThan(15);
});

it('reads what is handed out only long after it was announced, and claims no absence of it meanwhile', async () => {
  const { id, message } = await sent();
  const readableUs = world.clock.passedUs + 1200e6;
  world.mailbox.deliver(message, 'INBOX', true, () => world.clock.passedUs >= readableUs);
  await world.clock.advance(1000);
  const later = await sent();
  await world.clock.advance(60);
  // What was sent since is not held up by it.
  expect(await loAfter(60, later.id)).toBeGreaterThan(60);
  await world.clock.advance(7200);
  const { assessment } = (await engine.probe(id))!;
  expect(assessment.outcome).toBe('delivered');
  expect(assessment.delay!.lo).toBeLessThanOrEqual(30);
});

it('claims none of what was gone before it could be read, where the connection was lost in the next folder', async () => {
  const { id, message } = await sent();
  const fetch = world.mailbox.fetch.bind(world.mailbox);
  let isLost = false;
  world.mailbox.fetch = (folder, from, to) => {
    if (folder.path === 'Junk' && from < to && !isLost) {
      world.mailbox.disconnect();
      isLost = true;
    }
    return fetch(folder, from, to);
  };
  world.mailbox.expunge('INBOX', world.mailbox.deliver(message));
  world.mailbox.deliver({ text: 'From: somebody@else.example\r\n\r\n' }, 'Junk');
  expect(await loAfter(7200, id)).toBeLessThanOrEqual(30);
  expect(isLost).toBe(true);
});

/** An hour with a hole a minute, as where folders share their numbers, and a message that comes at once each time. */
async function hourOfHoles() {
  for (let minute = 0; minute < 60; minute += 1) {
    const starting = engine.check('acme', 'receive');
    await world.clock.advance(1);
    await starting;
    const inbox = world.mailbox.folders.get('INBOX')!;
    world.mailbox.folders.set('INBOX', { ...inbox, uidNext: inbox.uidNext + 10 });
    world.mailbox.deliver(world.injector.sent.at(-1)!);
    await world.clock.advance(59);
  }
}

it('asks for no more from hour to hour where numbers have holes again and again, and lets the bookmark follow', async () => {
  const fetch = world.mailbox.fetch.bind(world.mailbox);
  let asked = 0;
  world.mailbox.fetch = (folder, from, to) => {
    asked += to - from;
    return fetch(folder, from, to);
  };
  await hourOfHoles();
  const first = asked;
  await hourOfHoles();
  expect(asked - first).toBeLessThan(1.2 * first);
  const bookmark = (await world.ledger.bookmarks('acme')).get('INBOX')!;
  expect(bookmark.uidNext).toBeGreaterThan(world.mailbox.folders.get('INBOX')!.uidNext - 30 * 11);
});

it.each([60, 1500])('reads there too what is handed out %d s after it was announced', async (seconds) => {
  await hourOfHoles();
  const { id, message } = await sent();
  const readableUs = world.clock.passedUs + seconds * 1e6;
  world.mailbox.deliver(message, 'INBOX', true, () => world.clock.passedUs >= readableUs);
  await hourOfHoles();
  await hourOfHoles();
  const { assessment } = (await engine.probe(id))!;
  expect(assessment.outcome).toBe('delivered');
  expect(assessment.delay!.lo).toBeLessThanOrEqual(30);
  expect(assessment.delay!.hi).toBeLessThanOrEqual(seconds < 600 ? 2 * seconds + 30 : 3600 + 1800);
});

it('records that places tell nothing once, and not at each look of a server that makes up folders', async () => {
  const look = world.mailbox.look.bind(world.mailbox);
  let count = 0;
  world.mailbox.look = async () => {
    const { sentAt, folders } = await look();
    count += 1;
    return { sentAt, folders: [...folders, { path: `f${count}`, role: 'other', uidValidity: '1', uidNext: 1 }] };
  };
  await sent();
  const before = world.ledger.events('mailbox.unproven').length;
  await world.clock.advance(600);
  expect(count).toBeGreaterThan(20);
  expect(world.ledger.events('mailbox.unproven').length - before).toBeLessThan(3);
});
