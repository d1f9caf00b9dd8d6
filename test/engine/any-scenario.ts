/** Scenarios drawn at random: mostly short delays, everything that can go wrong now and then. */
import fc from 'fast-check';
import type { Fate } from '../fakes/simulated-provider.ts';
import type { Disturbance, PlannedProbe, Scenario } from './scenario.ts';

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
/** Mostly short, up to three hours. */
const delayMs = fc.oneof(ms(5000), ms(5000), ms(120_000), ms(2_000_000), ms(3 * 3_600_000));
const folder = fc.constantFrom('INBOX', 'INBOX', 'Junk', 'Lists');

const fate: fc.Arbitrary<Fate> = fc.record({
  connectMs: ms(2000),
  receiveMs: fc.oneof(ms(50), ms(5000)),
  replyMs: fc.oneof(ms(50), ms(5000)),
  deferrals: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, ms(2)),
  answer: fc.oneof(
    { weight: 8, arbitrary: fc.constant('accept') },
    { weight: 1, arbitrary: fc.constantFrom('refuse', 'lose', 'drop', 'hang') },
  ),
  then: fc.oneof(
    { weight: 8, arbitrary: fc.record({ what: fc.constant('delivered'), afterMs: delayMs }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('bounced'), afterMs: delayMs }) },
    { weight: 1, arbitrary: fc.constant({ what: 'never' }) },
  ),
  attempts: fc.array(
    fc.record({
      reaches: fc.constantFrom('connect', 'mail', 'rcpt', 'envid'),
      mailAfterMs: ms(2000),
      endsAfterMs: fc.oneof(ms(2000), ms(300_000)),
      nextAfterMs: fc.oneof(ms(5000), ms(2_400_000)),
      overlaps: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  mailAfterMs: ms(2000),
  endsAfterMs: fc.oneof(ms(2000), ms(120_000)),
  keepsOpen: fc.boolean(),
  folder,
  announced: fc.boolean(),
  movedAfterMs: fc.option(ms(5000), { freq: 4 }),
  copies: fc.array(fc.record({ afterMs: delayMs, folder }), { maxLength: 1 }),
});

const probe: fc.Arbitrary<PlannedProbe> = fc.record({
  atMs: fc.oneof(ms(10_000), ms(4_000_000)),
  path: fc.constantFrom('send', 'send', 'receive', 'internal'),
  fate,
});

const forMs = fc.oneof(ms(5000), ms(120_000), ms(2_400_000));
const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  fc.record({ atMs: ms(8_000_000), what: fc.constantFrom('stop', 'kill', 'reboot'), forMs }),
  fc.record({ atMs: ms(8_000_000), what: fc.constant('mailbox fails'), forMs }),
  fc.record({
    atMs: ms(8_000_000),
    what: fc.constant('stranger'),
    forMs,
    does: fc.constantFrom('scan', 'name a recipient', 'forge'),
  }),
  fc.record({
    atMs: ms(8_000_000),
    what: fc.constant('wall clock steps'),
    seconds: fc.integer({ min: -7200, max: 7200 }),
  }),
);

export const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  reachability: fc.constantFrom('inbound', 'assumed'),
  lagMs: fc.constantFrom(0, 0, 30),
  commitMs: fc.constantFrom(0, 1, 200),
  mailboxLatencyMs: fc.constantFrom(0, 1, 200),
  memoryMs: fc.constantFrom(0, 600_000, 2_400_000),
  probes: fc.array(probe, { minLength: 1, maxLength: 5 }),
  disturbances: fc.array(disturbance, { maxLength: 4 }),
});
