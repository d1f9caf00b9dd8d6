/** The header of a breach or a spot check, from either end of a path to whoever asks for that one probe, and to nobody else. */
import { afterEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

let world: FakeWorld;
let engine: Engine;

async function begin(routes: Parameters<FakeWorld['start']>[0] = {}): Promise<void> {
  world = fakeWorld();
  engine = await world.start(routes);
  await world.clock.advance(0.1);
}
/** Of what is sent, as it comes out with a line more. */
const stamped = <M extends { readonly text: string }>(message: M): M => ({
  ...message,
  text: `Received: by out.acme.example\r\n${message.text}`,
});
const headerOf = (text: string): string => text.slice(0, text.indexOf('\r\n\r\n') + 2);

afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
});

it.each(['send', 'receive', 'internal'] as const)(
  'is kept of a spot check on %s, and read from the ledger alone',
  async (path) => {
    await begin();
    const starting = engine.check('acme', path);
    await world.clock.advance(1);
    const id = await starting;
    expect(await engine.header(id)).toBeNull();
    const [sent] = path === 'receive' ? world.injector.sent : world.submitter.sent;
    const out = stamped(sent!);
    if (path === 'send') await world.sink.deliver(out);
    else world.mailbox.deliver(out, 'INBOX', true);
    await world.clock.advance(1);
    const kept = await engine.header(id);
    expect(kept!.cut).toBe(false);
    expect(headerOf(`${kept!.text}\r\n\r\n`)).toBe(headerOf(out.text));
    expect(JSON.stringify((await engine.probe(id))!.record)).not.toContain('X-Mailflow-Probe');
    expect(await engine.header('a'.repeat(16))).toBeNull();
  },
);

it('is kept of a scheduled probe that came too late, and of no other', async () => {
  await begin({ routes: [{ provider: 'acme', path: 'send', every: 3000, minGap: 2900, maxGap: 3100 }] });
  await world.clock.advance(7000);
  const [late, early] = [world.submitter.sent[0]!, world.submitter.sent.at(-1)!];
  await world.sink.deliver(stamped(early));
  await world.sink.deliver(stamped(late));
  const [quick, slow] = world.ledger.events('transfer.captured');
  expect(await engine.header(quick!.probe)).toBeNull();
  expect(quick).not.toHaveProperty('keptHeader');
  expect((await engine.header(slow!.probe))!.text).toMatch(/^Received: by out\.acme\.example/);
});

it('is told to nobody before the outcome is known: until then a report that bears its token would be news', async () => {
  await begin();
  let answer = (): void => {};
  const send = world.submitter.send.bind(world.submitter);
  world.submitter.send = async (...args) => {
    const handover = await send(...args);
    await new Promise<void>((resolve) => (answer = resolve));
    return handover;
  };
  const starting = engine.check('acme', 'send');
  await world.clock.advance(1);
  const id = await starting;
  await world.sink.deliver(world.submitter.sent[0]!);
  expect(world.ledger.events('transfer.captured')[0]).toHaveProperty('keptHeader');
  expect(await engine.header(id)).toBeNull();
  answer();
  await world.clock.advance(1);
  expect(await engine.header(id)).not.toBeNull();
});
