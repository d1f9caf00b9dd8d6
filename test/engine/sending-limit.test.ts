/** The day's limit of messages, as the schedule and who asks meet it. */
import { expect, test } from 'vitest';
import { createSendingCount, type PlannedCount, type SendingLimit } from '../../src/domain/sending-limit.ts';
import { SendingLimitReached } from '../../src/ports.ts';
import { errorOf } from '../adapters/http/served.ts';
import { fakeWorld } from '../fakes/agent.ts';

const DAY = 86_400;
const ROUTE = { provider: 'acme', path: 'send', every: 60, minGap: 60, maxGap: 60 } as const;

async function running(
  limit: SendingLimit,
  routes: readonly (typeof ROUTE)[] = [],
  planned: readonly PlannedCount[] = [],
) {
  const world = fakeWorld();
  const engine = await world.start({ routes, sending: createSendingCount(limit, planned) });
  const close = async (): Promise<void> => {
    const stopped = engine.stop();
    await world.clock.advance(5);
    await stopped;
  };
  return { world, engine, close };
}

test('a slot beyond the limit is unmeasured by our own doing, nothing is sent, and health says why until the next day', async () => {
  const { world, engine, close } = await running({ perDay: 3, scheduled: 3 }, [ROUTE]);
  await world.clock.advance(6 * ROUTE.every + 1);
  expect(world.ledger.events('probe.planned')).toHaveLength(3);
  expect(world.submitter.sent).toHaveLength(3);
  const { reason } = world.ledger.events('slot.unmeasured')[0]!;
  expect(world.ledger.events('slot.unmeasured')).toHaveLength(3);
  expect(reason).toBe('the messages of the day are sent');
  expect(engine.health()).toMatchObject({
    ready: false,
    parts: { sending: "the day's messages are sent (sending.messages_per_day): again at 00:00 UTC" },
  });
  expect(world.observer.counts.get('scheduled message refused')).toBe(3);
  await world.clock.advance(DAY);
  expect(world.ledger.events('probe.planned')).toHaveLength(6);
  await close();
});

test('a spot check beyond the share of them is refused with the seconds to wait, and the schedule goes on', async () => {
  const { world, engine, close } = await running({ perDay: 4, scheduled: 2 }, [ROUTE]);
  for (let count = 0; count < 2; count += 1) await engine.check('acme', 'internal');
  const refusal = await errorOf(engine.check('acme', 'internal'));
  expect(refusal).toBeInstanceOf(SendingLimitReached);
  expect(refusal).toMatchObject({
    message: expect.stringMatching(/^the day's share of spot checks is sent/) as unknown,
  });
  const { wallMs } = world.clock.now();
  expect((refusal as SendingLimitReached).retryAfterSeconds).toBeCloseTo(DAY - ((wallMs / 1000) % DAY), 0);
  await world.clock.advance(2 * ROUTE.every + 1);
  expect(world.ledger.events('probe.planned').map(({ kind }) => kind)).toEqual([
    'spot',
    'spot',
    'scheduled',
    'scheduled',
  ]);
  expect(engine.health().parts['sending']).toBeNull();
  await close();
});

test('what the ledger refused counts for nothing', async () => {
  const { world, engine, close } = await running({ perDay: 1, scheduled: 0 });
  world.ledger.failure = new Error('disk full');
  expect(await errorOf(engine.check('acme', 'send'))).toMatchObject({ name: 'LedgerRefused' });
  world.ledger.failure = null;
  await engine.check('acme', 'send');
  expect(await errorOf(engine.check('acme', 'send'))).toBeInstanceOf(SendingLimitReached);
  await close();
});

test('no more are handed over at once on a route than there is room for, whoever asks', async () => {
  const { world, engine, close } = await running({ perDay: 1000, scheduled: 0 });
  world.submitter.answers.push(...Array.from({ length: 30 }, () => ({ kind: 'hang' }) as const));
  for (let count = 0; count < 20; count += 1) await engine.check('acme', 'send');
  expect(await errorOf(engine.check('acme', 'send'))).toMatchObject({ name: 'TooBusy' });
  expect(world.ledger.events('probe.planned')).toHaveLength(20);
  await close();
});
