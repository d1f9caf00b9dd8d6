/** Floods in a mailbox, and servers that make up its numbers: what is ours is still found, nothing is claimed of the rest, memory has a bound. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

/** More than is read after one look. */
const FLOOD = 25_000;
const FETCH_MAX = 200;
const STRANGER = { text: 'From: someone@else.example\r\nMessage-ID: <x@else.example>\r\n\r\nhello' };

let world: FakeWorld;
let engine: Engine;
let widest: number;

beforeEach(async () => {
  world = fakeWorld();
  world.mailbox.create('Junk');
  widest = 0;
  const fetch = world.mailbox.fetch.bind(world.mailbox);
  world.mailbox.fetch = (folder, from, to) => {
    widest = Math.max(widest, to - from);
    return fetch(folder, from, to);
  };
  engine = await world.start();
  await world.clock.advance(60);
});

afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

async function sent() {
  const starting = engine.check('acme', 'receive');
  await world.clock.advance(0.01);
  const id = await starting;
  return { id, message: world.injector.sent.at(-1)! };
}
const sight = async (id: string) => (await engine.probe(id))!;

it('finds probes below and beside 25,000 messages of others, and deletes none of those', async () => {
  const [buried, beside] = [await sent(), await sent()];
  for (let each = 0; each < FLOOD; each += 1) world.mailbox.deliver(STRANGER);
  world.mailbox.deliver(buried.message);
  world.mailbox.deliver(beside.message, 'Junk');
  // So that the third part is read a second after the look that announced it: by then it had been there long.
  world.mailbox.latencyMs = 5;
  await world.clock.advance(120);
  for (const { id } of [buried, beside]) expect((await sight(id)).assessment.outcome).toBe('delivered');
  expect((await sight(buried.id)).assessment.delay!.lo).toBeLessThan(0.1);
  expect(world.mailbox.stored.filter(({ text }) => text === STRANGER.text)).toHaveLength(FLOOD);
  expect(widest).toBe(FETCH_MAX);
});

it('claims no absence while it is behind, and reads the other folders', async () => {
  const [missing, beside] = [await sent(), await sent()];
  const inbox = world.mailbox.folders.get('INBOX')!;
  world.mailbox.folders.set('INBOX', { ...inbox, uidNext: 2 ** 32 - 1 });
  world.mailbox.deliver(beside.message, 'Junk');
  await world.clock.advance(1);
  const proven = world.ledger.events('absence.proven').length;
  await world.clock.advance(2);
  expect((await sight(beside.id)).assessment.outcome).toBe('delivered');
  expect(world.ledger.events('absence.proven')).toHaveLength(proven);
  expect((await sight(missing.id)).assessment.outcome).toBe('pending');
});

it('asks for what is missing in a flood again in small parts', async () => {
  await sent();
  world.mailbox.deliver(STRANGER, 'INBOX', false, () => false);
  for (let each = 0; each < 1000; each += 1) world.mailbox.deliver(STRANGER, 'INBOX', false, () => each !== 999);
  await world.clock.advance(60);
  expect(widest).toBe(FETCH_MAX);
});

it('lets others have their turn between messages that take long to read', async () => {
  await sent();
  const { clock, mailbox } = world;
  let readUs = 0;
  const now = clock.now.bind(clock);
  clock.now = () => ({ ...now(), monoUs: now().monoUs + readUs });
  const fetch = mailbox.fetch.bind(mailbox);
  mailbox.fetch = async (...range) => {
    const fetched = await fetch(...range);
    const messages = fetched.messages.map((message) => ({
      ...message,
      get header() {
        readUs += 20_000;
        return message.header;
      },
    }));
    return { ...fetched, messages };
  };
  let turns = 0;
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    if (ms === 1) turns += 1;
    return sleep(ms, signal);
  };
  for (let each = 0; each < 30; each += 1) mailbox.deliver({ text: `Return-Path: <>\r\n${STRANGER.text}` });
  await clock.advance(60);
  expect(turns).toBe(30);
});
