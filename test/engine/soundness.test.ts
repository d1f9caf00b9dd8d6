/** Whatever happens, the agent claims nothing that the provider's own books contradict. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FailingAttempt, Fate } from '../fakes/fate.ts';
import { anyScenario } from './any-scenario.ts';
import { type Disturbance, run, type Scenario } from './scenario.ts';

const RUNS = 200;
/** Repeatable: another seed is another set of scenarios. A failure prints its own, with the smallest scenario that fails. */
const SEED = 20_261_110;

it('holds the true delay in every interval, and every outcome to what became of the message', async () => {
  await fc.assert(
    fc.asyncProperty(anyScenario, async (scenario) => {
      expect(await run(scenario)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
  );
}, 120_000);

const attempt = (over: Partial<FailingAttempt>): FailingAttempt => ({
  reaches: 'connect',
  mailAfterMs: 0,
  endsAfterMs: 0,
  nextAfterMs: 60_000,
  overlaps: false,
  ...over,
});

/** A message on the `send` path that is passed on after `afterMs`. */
const sent = (afterMs: number, over: Partial<Fate> = {}): Scenario['probes'][number] => ({
  atMs: 0,
  path: 'send',
  fate: {
    connectMs: 0,
    receiveMs: 0,
    replyMs: 0,
    deferrals: 0,
    answer: 'accept',
    end: { what: 'delivered', afterMs },
    attempts: [],
    mailAfterMs: 0,
    endsAfterMs: 0,
    keepsOpen: false,
    folder: 'INBOX',
    announced: false,
    movedAfterMs: null,
    copies: [],
    ...over,
  },
});

/** What a random scenario once got wrong, or took long to come upon. */
const CASES: readonly (readonly [string, readonly Scenario['probes'][number][], readonly Disturbance[]])[] = [
  [
    'a first attempt that is still open when another connection brings the message',
    [sent(0, { attempts: [attempt({ endsAfterMs: 300_000, overlaps: true })] })],
    [],
  ],
  [
    'a first attempt that is still open when another one fails',
    [
      sent(0, {
        attempts: [
          attempt({ endsAfterMs: 300_000, nextAfterMs: 1000, overlaps: true }),
          attempt({ reaches: 'envid', nextAfterMs: 600_000 }),
        ],
      }),
    ],
    [],
  ],
  // Absence is vouched for every ten seconds; the probe is sent after one.
  ['a transfer that a busy agent hears of only after it has vouched for its absence', [sent(8990)], []],
  [
    'a failed attempt whose message is still missing after an hour',
    [sent(0, { attempts: [attempt({ reaches: 'envid', nextAfterMs: 7_200_000 })] })],
    [],
  ],
  [
    'an attempt that is under way when the agent is killed',
    [sent(0, { attempts: [attempt({ endsAfterMs: 20_000 })] })],
    [{ atMs: 15_000, what: 'kill', forMs: 1000 }],
  ],
  [
    'an attempt at a sink that is closing while another transfer is let end',
    [sent(6000, { endsAfterMs: 1500 }), sent(7000)],
    [{ atMs: 6500, what: 'stop', forMs: 100 }],
  ],
  [
    'an attempt that drops before the provider has acknowledged the message',
    [sent(0, { replyMs: 5000, attempts: [attempt({ endsAfterMs: 1000 })] })],
    [],
  ],
  ['a handover and a message that the ledger refuses', [sent(0)], [{ atMs: 0, what: 'ledger fails', forMs: 5000 }]],
  [
    'a failed attempt that the ledger refuses',
    [sent(5000, { attempts: [attempt({ reaches: 'mail', nextAfterMs: 600_000 })] })],
    [{ atMs: 4500, what: 'ledger fails', forMs: 5000 }],
  ],
];

it.each(CASES)('is not misled by %s', async (_, probes, disturbances) => {
  const calm = { commitMs: 0, mailboxLatencyMs: 0, memoryMs: 0 };
  for (const reachability of ['inbound', 'assumed'] as const) {
    for (const lagMs of [0, 30]) expect(await run({ ...calm, reachability, lagMs, probes, disturbances })).toEqual([]);
  }
});
