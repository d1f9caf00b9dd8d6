/** Scenarios drawn at random: everything that can go wrong now and then, dense enough in time to coincide. */
import fc from 'fast-check';
import type { FailingAttempt, Fate } from '../fakes/fate.ts';
import type { Disturbance, PlannedProbe, Scenario } from './scenario.ts';

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const folder = fc.constantFrom('INBOX', 'INBOX', 'Junk', 'Lists');

/** Waits of seconds, and of up to `span`. */
const waitMs = (span: number): fc.Arbitrary<number> => fc.oneof(ms(Math.min(span, 2000)), ms(span));

const attempt = (span: number): fc.Arbitrary<FailingAttempt> =>
  fc.record({
    reaches: fc.constantFrom('connect', 'mail', 'rcpt', 'envid'),
    mailAfterMs: ms(2000),
    // A host gives up after minutes; our sink does so sooner.
    endsAfterMs: waitMs(Math.min(span, 300_000)),
    nextAfterMs: waitMs(Math.min(span, 2_400_000)),
    overlaps: fc.boolean(),
  });

const fate = (span: number): fc.Arbitrary<Fate> =>
  fc.record({
    connectMs: ms(2000),
    receiveMs: waitMs(5000),
    replyMs: waitMs(5000),
    deferrals: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, ms(2)),
    answer: fc.oneof(
      { weight: 8, arbitrary: fc.constant('accept') },
      { weight: 1, arbitrary: fc.constantFrom('refuse', 'lose', 'drop', 'hang') },
    ),
    end: fc.oneof(
      { weight: 8, arbitrary: fc.record({ what: fc.constant('delivered'), afterMs: waitMs(span) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('bounced'), afterMs: waitMs(span) }) },
      { weight: 1, arbitrary: fc.constant({ what: 'never' }) },
    ),
    attempts: fc.array(attempt(span), { maxLength: 2 }),
    mailAfterMs: ms(2000),
    endsAfterMs: waitMs(Math.min(span, 120_000)),
    keepsOpen: fc.boolean(),
    folder,
    announced: fc.boolean(),
    movedAfterMs: fc.option(ms(2000), { freq: 3 }),
    copies: fc.array(fc.record({ afterMs: waitMs(span), folder }), { maxLength: 1 }),
  });

const probe = (span: number): fc.Arbitrary<PlannedProbe> =>
  fc.record({
    atMs: waitMs(span),
    path: fc.constantFrom('send', 'send', 'receive', 'internal'),
    fate: fate(span),
  });

const disturbance = (span: number): fc.Arbitrary<Disturbance> => {
  const atMs = ms(span);
  const forMs = waitMs(span);
  return fc.oneof(
    fc.record({ atMs, what: fc.constantFrom('stop', 'kill', 'reboot'), forMs }),
    fc.record({ atMs, what: fc.constant('mailbox fails'), forMs }),
    fc.record({ atMs, what: fc.constant('ledger fails'), forMs: waitMs(Math.min(span, 60_000)) }),
    fc.record({
      atMs,
      what: fc.constant('stranger'),
      forMs,
      does: fc.constantFrom('scan', 'name a recipient', 'forge'),
    }),
    fc.record({ atMs, what: fc.constant('wall clock steps'), seconds: fc.integer({ min: -7200, max: 7200 }) }),
  );
};

/** What happens within `span` milliseconds. */
const within = (span: number): fc.Arbitrary<Scenario> =>
  fc.record({
    reachability: fc.constantFrom('inbound', 'assumed'),
    lagMs: fc.constantFrom(0, 0, 30),
    commitMs: fc.constantFrom(0, 1, 200),
    mailboxLatencyMs: fc.constantFrom(0, 1, 200),
    memoryMs: fc.constantFrom(0, 10_000, 2_400_000),
    probes: fc.array(probe(span), { minLength: 1, maxLength: 5 }),
    disturbances: fc.array(disturbance(span), { maxLength: 4 }),
  });

/** Seconds, minutes and hours: what may coincide is drawn from the same span. */
export const anyScenario: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 2, arbitrary: within(10_000) },
  { weight: 2, arbitrary: within(120_000) },
  { weight: 1, arbitrary: within(3 * 3_600_000) },
);
