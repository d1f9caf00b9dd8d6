/** A mailbox that fails and a ledger that hangs under the running agent: how often they are tried, and what is told. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { MailboxError } from '../../src/ports.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';
import { silentLog } from '../fakes/fake-provider.ts';

let world: FakeWorld;
let engine: Engine;
let opened: number[];

beforeEach(() => {
  world = fakeWorld();
  opened = [];
  const open = world.mailbox.open.bind(world.mailbox);
  world.mailbox.open = (onHint) => {
    opened.push(world.clock.now().monoUs / 1e6);
    return open(onHint);
  };
});
afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(10);
  await stopped;
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

it('asks a mailbox that is away ever more rarely, at least once a minute, and not in step with other agents', async () => {
  world.mailbox.failure = new MailboxError('ECONNREFUSED', 'nobody there');
  engine = await world.start();
  await world.clock.advance(3600);
  const gaps = opened.slice(1).map((at, index) => at - opened[index]!);
  expect(opened.length).toBeLessThan(140);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.5);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60);
  expect(new Set(gaps.slice(-20).map((gap) => gap.toFixed(2))).size).toBeGreaterThan(15);
  world.mailbox.failure = null;
  await world.clock.advance(60);
  expect(engine.health().ready).toBe(true);
});

it('logs in no more often to a mailbox that ends every session after one good look', async () => {
  let looks = 0;
  world.mailbox.failing = () => {
    looks += 1;
    // An open and a look, then a failure.
    return looks % 3 === 0 ? new MailboxError('CLOSED', 'bye') : null;
  };
  engine = await world.start();
  const id = await engine.check('acme', 'receive');
  await world.clock.advance(3600);
  expect(await engine.probe(id)).not.toBeNull();
  expect(opened.length).toBeGreaterThan(60);
  expect(opened.length).toBeLessThan(140);
});

it('comes back at once to a mailbox whose session held for a while', async () => {
  engine = await world.start();
  for (let round = 0; round < 20; round += 1) {
    await world.clock.advance(300);
    world.mailbox.failure = new MailboxError('CLOSED', 'bye');
    await world.clock.advance(61);
    world.mailbox.failure = null;
    const before = opened.length;
    await world.clock.advance(60);
    expect(opened.length).toBeGreaterThanOrEqual(before);
    expect(engine.health().parts['mailbox acme']).toBeNull();
  }
  expect(world.ledger.events('mailbox.failed')).toHaveLength(20);
  expect(world.ledger.events('mailbox.restored')).toHaveLength(20);
});

it('says of a ledger that neither takes nor refuses that it does not answer, until it does', async () => {
  engine = await world.start();
  await world.clock.advance(5);
  let release: () => void = () => {};
  const beat = world.ledger.beat.bind(world.ledger);
  world.ledger.beat = async (at) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return beat(at);
  };
  await world.clock.advance(20);
  expect(engine.health().parts['ledger']).toBeNull();
  await world.clock.advance(30);
  expect(engine.health().parts['ledger']).toMatch(/^no answer for \d+ s$/);
  world.ledger.beat = beat;
  release();
  await world.clock.advance(2);
  expect(engine.health().parts['ledger']).toBeNull();
});

/** A message a minute that comes at once. */
async function messages(count: number) {
  for (let each = 0; each < count; each += 1) {
    const starting = engine.check('acme', 'receive');
    await world.clock.advance(1);
    await starting;
    world.mailbox.deliver(world.injector.sent.at(-1)!);
    await world.clock.advance(59);
  }
}

it.each(['NO', 'BAD'])('goes on watching a mailbox that refuses to delete with %s, and says so once', async (code) => {
  const warned: string[] = [];
  engine = await world.start({ log: { ...silentLog, warn: (message) => void warned.push(message) } });
  world.mailbox.remove = async () => {
    throw new MailboxError(code, 'command refused: you may not delete');
  };
  await messages(10);
  expect(opened).toHaveLength(1);
  expect(world.ledger.events('mailbox.failed')).toHaveLength(0);
  expect(warned).toEqual([
    'the server refused to delete probes, so they stay in the mailbox: empty it by hand now and then',
  ]);
  const bookmark = (await world.ledger.bookmarks('acme')).get('INBOX')!;
  expect(bookmark.uidNext).toBe(world.mailbox.folders.get('INBOX')!.uidNext);
});

it('deletes on the next connection what it was deleting when one was lost', async () => {
  engine = await world.start();
  await messages(1);
  const remove = world.mailbox.remove.bind(world.mailbox);
  let isLost = false;
  world.mailbox.remove = async (folder, uids) => {
    if (!isLost) world.mailbox.disconnect();
    isLost = true;
    return remove(folder, uids);
  };
  await messages(2);
  expect(opened).toHaveLength(2);
  // The first of a day stays.
  expect(world.mailbox.stored.map(({ uid }) => uid)).toEqual([1]);
});
