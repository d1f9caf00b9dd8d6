/** Whatever happens to the servers, to our line and to the agent, the report claims no downtime that was not, and leaves none out. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type OutageScenario, runOutages, type SimulatedOutage, SPAN, type Trouble } from './outage-scenario.ts';

const RUNS = 100;
/** Repeatable: another seed is another set of scenarios. A failure prints its own, with the smallest scenario that fails. */
const SEED = 20_261_111;

const seconds = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

const outages: fc.Arbitrary<readonly SimulatedOutage[]> = fc.array(
  fc.record({
    how: fc.constantFrom('refuses', 'mute', 'deep'),
    after: fc.oneof(seconds(60), seconds(900)),
    length: fc.oneof(seconds(60), seconds(600)),
  }),
  { maxLength: 3 },
);

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  // Short ones are over when a check of ours gives up, and others begin then.
  fc.record({ at: seconds(SPAN), what: fc.constant('line down'), for: fc.oneof(seconds(40), seconds(600)) }),
  fc.record({ at: seconds(SPAN), what: fc.constant('held'), for: fc.oneof(seconds(60), seconds(300)) }),
  fc.record({
    at: seconds(SPAN),
    what: fc.constantFrom('stop', 'kill', 'reboot', 'ledger fails'),
    for: fc.oneof(seconds(60), seconds(600)),
  }),
  fc.record({ at: seconds(SPAN), what: fc.constant('suspend'), seconds: seconds(600) }),
  fc.record({
    at: seconds(SPAN),
    what: fc.constant('wall clock steps'),
    seconds: fc.integer({ min: -1200, max: 1200 }),
  }),
);
/** A line or a host that fails again and again. */
const flapping: fc.Arbitrary<readonly Trouble[]> = fc
  .record({
    what: fc.constantFrom('line down', 'held'),
    from: seconds(SPAN / 2),
    times: fc.array(
      fc.record({
        pause: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 5, max: 50 })),
        for: fc.integer({ min: 14, max: 30 }),
      }),
      {
        maxLength: 60,
      },
    ),
  })
  .map(({ what, from, times }) => {
    let at = from;
    return times.map(({ pause, for: length }) => {
      const trouble = { at, what, for: length } as const;
      at += length + pause;
      return trouble;
    });
  });

const scenario: fc.Arbitrary<OutageScenario> = fc.record({
  everySeconds: fc.constantFrom(30, 60),
  seed: fc.nat(),
  controlled: fc.integer({ min: 0, max: 5 }).map((die) => die > 0),
  outages: fc.record({ submission: outages, mx: outages, mailbox: outages }),
  troubles: fc.oneof(fc.constant([]), fc.array(trouble, { maxLength: 5 }), flapping),
  from: seconds(600),
  length: fc.integer({ min: 600, max: SPAN - 600 }),
  limitSeconds: fc.integer({ min: 1, max: 3000 }),
});

it('holds the true downtime in every interval, and every verdict to what was so', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (each) => {
      expect(await runOutages(each)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
  );
}, 120_000);

/** Seconds: in trouble for 16 to 25 again and again, with 4 to 9 in between. */
function again(what: 'line down' | 'held', seed: number): readonly Trouble[] {
  const troubles: Trouble[] = [];
  for (let [at, count] = [100, seed]; at < 2400; count += 1) {
    const length = 16 + ((count * 7) % 10);
    troubles.push({ at, what, for: length });
    at += length + 4 + ((count * 5) % 6);
  }
  return troubles;
}

// The check gives up after 18 s, and then the line works or the process runs again.
it.each([
  ['line', 'line down'],
  ['process', 'held'],
] as const)(
  'lays nothing to the provider when our own %s is gone for short whiles again and again',
  async (_, what) => {
    for (let seed = 0; seed < 10; seed += 1) {
      const calm = { everySeconds: 30, seed, controlled: true, outages: { submission: [], mx: [], mailbox: [] } };
      const counted = { from: 0, length: 2400, limitSeconds: 10 };
      expect(await runOutages({ ...calm, ...counted, troubles: again(what, seed) })).toEqual([]);
    }
  },
  60_000,
);
