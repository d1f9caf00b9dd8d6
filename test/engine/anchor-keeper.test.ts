/** What came back signed is kept with its keys: seldom, only if it holds, and without anybody waiting for DNS. */
import { expect, test } from 'vitest';
import type { DkimKeySeen, LedgerEvent } from '../../src/domain/event.ts';
import { type AnchorKeeper, createAnchorKeeper } from '../../src/engine/anchor-keeper.ts';
import type { Recorder } from '../../src/engine/recorder.ts';
import type { SignatureCheck } from '../../src/ports.ts';
import { probe } from '../domain/month-case.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const HASH = 'ab'.repeat(32);
const MESSAGE = { header: 'DKIM-Signature: v=1\r\nFrom: a@acme.example\r\n', body: `Hello\r\nLedger: 7 ${HASH}\r\n` };
/** A signature of `acme.example` holds with the key `good`. */
const check: SignatureCheck = (_message, keysOf) => {
  const keys = keysOf('acme.example', 'one');
  const problem = keys.includes('good') ? null : keys.length === 0 ? 'its key is not known' : 'broken';
  return [{ domain: 'acme.example', selector: 'one', signedMs: null, problem }];
};

class World {
  readonly clock = new VirtualClock();
  readonly recorded: LedgerEvent[] = [];
  readonly lookups: string[] = [];
  readonly stopping = new AbortController();
  record: string | null = 'good';
  readonly keeper: AnchorKeeper;

  constructor(seen: readonly DkimKeySeen[] = []) {
    const recorder = { record: async (events: readonly LedgerEvent[]) => void this.recorded.push(...events) };
    const find = async (domain: string, selector: string): Promise<string | null> => {
      this.lookups.push(`${selector}@${domain}`);
      await this.clock.sleep(2000);
      return this.record;
    };
    const parts = { recorder: recorder as unknown as Recorder, clock: this.clock, log: silentLog };
    this.keeper = createAnchorKeeper(seen, { check, lookup: { find } }, parts, this.stopping.signal);
  }

  async capture(message = MESSAGE, provider = 'acme'): Promise<readonly string[]> {
    const before = this.recorded.length;
    this.keeper.captured(probe('p', 0, { provider }), message);
    expect(this.recorded).toHaveLength(before);
    await this.clock.advance(3);
    return this.recorded.slice(before).map(({ type }) => type);
  }
}

test('a signed message is kept as it came, with its key before it', async () => {
  const world = new World();
  expect(await world.capture()).toEqual(['dkim.key-seen', 'anchor.signed']);
  expect(world.recorded).toMatchObject([
    { domain: 'acme.example', selector: 'one', record: 'good' },
    { probe: 'p', provider: 'acme', head: { seq: 7, hash: HASH }, ...MESSAGE },
  ]);
});

test('one anchor of each provider is enough for ten minutes', async () => {
  const world = new World();
  await world.capture();
  expect(await world.capture()).toEqual([]);
  expect(await world.capture(MESSAGE, 'other')).toEqual(['anchor.signed']);
  await world.clock.advance(580);
  expect(await world.capture()).toEqual([]);
  await world.clock.advance(20);
  expect(await world.capture()).toEqual(['anchor.signed']);
});

test('a key is kept once, by whichever run, and again when it is another', async () => {
  const seen = { type: 'dkim.key-seen', domain: 'acme.example', selector: 'one', record: 'good' } as const;
  const world = new World([{ ...seen, at: new VirtualClock().now() }]);
  expect(await world.capture()).toEqual(['anchor.signed']);
  world.record = 'newer';
  await world.clock.advance(600);
  expect(await world.capture()).toEqual(['dkim.key-seen', 'anchor.signed']);
  expect(world.lookups).toEqual(['one@acme.example', 'one@acme.example']);
});

test('what does not hold, or has no key, is no anchor', async () => {
  const world = new World();
  world.record = null;
  expect(await world.capture()).toEqual([]);
  world.record = 'another';
  await world.clock.advance(600);
  expect(await world.capture()).toEqual([]);
});

test('what is not signed, is too long, or names no entry is not even asked about', async () => {
  const world = new World();
  await world.capture({ ...MESSAGE, header: 'From: a@acme.example\r\n' });
  await world.capture({ ...MESSAGE, body: MESSAGE.body + 'x'.repeat(33_000) });
  await world.capture({ ...MESSAGE, body: 'Hello\r\n' });
  expect(world.lookups).toEqual([]);
  await world.clock.advance(600);
  expect(await world.capture()).toEqual(['dkim.key-seen', 'anchor.signed']);
});

test('nothing is recorded once the agent stops', async () => {
  const world = new World();
  const captured = world.capture();
  world.stopping.abort();
  expect(await captured).toEqual([]);
});
