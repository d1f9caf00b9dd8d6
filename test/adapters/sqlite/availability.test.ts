/** What availability is judged by, as the ledger on the disk has it: by index, in few rows, and the same as in memory. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DELIVERED_AFTER,
  DELIVERED_BEFORE,
  DELIVERED_BETWEEN,
  ENDED,
  LAST_ENDED,
  LAST_PUT_OFF,
  MISSED_CHECKS,
  PUT_OFF,
  RUN_AFTER,
  RUNS_BEFORE,
  RUNS_WITHIN,
  SPOT_CHECKS,
} from '../../../src/adapters/sqlite/availability.ts';
import { compareProjection } from '../../../src/adapters/sqlite/verify.ts';
import { ENDPOINTS } from '../../../src/domain/endpoint.ts';
import type { EndpointChecked, LedgerEvent } from '../../../src/domain/event.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import {
  accepted,
  at,
  captured,
  checked,
  factsOf,
  opened,
  planned,
  rawly,
  tamper,
  temporaryFolder,
} from './support.ts';

const failing: Partial<EndpointChecked> = {
  result: { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: '' },
  control: 'healthy',
};
const between = (from: number, to: number, final = to) => ({
  provider: 'acme',
  fromMs: at(from).wallMs,
  toMs: at(to).wallMs,
  finalMs: at(final).wallMs,
});

test('each part is found by an index, without a sort of what it does not need', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const plans = rawly(folder, (db) =>
    (
      [
        [RUNS_BEFORE, 1],
        [RUNS_WITHIN, 2],
        [RUN_AFTER, 1],
        [ENDED, 3],
        [LAST_ENDED, 3],
        [PUT_OFF, 2],
        [LAST_PUT_OFF, 2],
        [SPOT_CHECKS, 2],
        [DELIVERED_BEFORE, 1],
        [DELIVERED_AFTER, 1],
        [DELIVERED_BETWEEN, 2],
        [MISSED_CHECKS, 2],
      ] as const
    ).map(([sql, bounds]) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all('acme', 'send', ...Array.from({ length: bounds }, () => 0))
        .map(({ detail }) => String(detail)),
    ),
  );
  const search = 'provider=? AND path=? AND outcome=? AND planned_ms';
  expect(plans).toEqual([
    ['SEARCH runs USING PRIMARY KEY (provider=? AND endpoint=? AND from_ms<?)'],
    ['SEARCH runs USING PRIMARY KEY (provider=? AND endpoint=? AND from_ms>? AND from_ms<?)'],
    ['SEARCH runs USING PRIMARY KEY (provider=? AND endpoint=? AND from_ms>?)'],
    [`SEARCH probes USING INDEX probes_ended (${search}>? AND planned_ms<?)`],
    [`SEARCH probes USING INDEX probes_ended (${search}>? AND planned_ms<?)`],
    ['SEARCH probes USING INDEX probes_put_off (provider=? AND path=? AND planned_ms>? AND planned_ms<?)'],
    ['SEARCH probes USING INDEX probes_put_off (provider=? AND path=? AND planned_ms>? AND planned_ms<?)'],
    ['SEARCH probes USING INDEX probes_spot (provider=? AND path=? AND planned_ms>? AND planned_ms<?)'],
    [`SEARCH probes USING INDEX probes_ended (${search}<?)`],
    [`SEARCH probes USING INDEX probes_ended (${search}>?)`],
    ['SEARCH probes USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
    [
      'SEARCH missed_checks USING COVERING INDEX missed_checks_due (provider=? AND endpoint=? AND due_ms>? AND due_ms<?)',
    ],
  ]);
});

test('what came through between two failures is there, though the clock was put back and showed neither of their times', async () => {
  const ledger = await opened(temporaryFolder());
  const refused = (probe: string, seconds: number): LedgerEvent[] => [
    planned(probe, seconds),
    {
      ...{ type: 'probe.handed-over', at: at(seconds + 1), probe },
      handover: {
        ...{ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no' },
        ...{ stages: [], peer: null, certificateExpiresMs: null },
      },
    },
  ];
  const passed = (probe: string, seconds: number): LedgerEvent[] => [
    planned(probe, seconds),
    { type: 'probe.handed-over', at: at(seconds + 1), probe, handover: accepted(seconds + 1) },
    captured(probe, seconds + 9),
  ];
  await ledger.append([...refused('f1', 1000), ...passed('d1', 1100), ...refused('f2', 1200)]);
  await ledger.append([...passed('d2', 700), ...refused('f3', 1250)]);
  const { roundTrips } = factsOf(ledger).availability(between(0, 9000));
  expect(roundTrips.map(({ probe }) => probe)).toEqual(['f1', 'd1', 'f2', 'd2', 'f3']);
});

test('a thousand good checks are one row, and a fault adds two', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  const count = () => rawly(folder, (db) => db.prepare('SELECT count(*) AS n FROM runs').get()?.['n']);
  await ledger.append(Array.from({ length: 500 }, (_, minute) => checked(minute * 60)));
  for (let minute = 500; minute < 1000; minute += 100)
    await ledger.append(Array.from({ length: 100 }, (_, index) => checked((minute + index) * 60)));
  expect(count()).toBe(1);
  await ledger.append([checked(60_000, failing), checked(60_060)]);
  expect(count()).toBe(3);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 0 });
});

test('what a refused commit would have changed of a run is not there, and the next check goes on from what is', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([checked(0), checked(60)]);
  tamper(folder, (db) =>
    db.exec(
      "CREATE TRIGGER no_state BEFORE INSERT ON timeline WHEN NEW.seq = 4 BEGIN SELECT raise(ABORT, 'disk full'); END",
    ),
  );
  await expect(ledger.append([checked(90, failing), checked(120)])).rejects.toThrow('disk full');
  await ledger.append([checked(130)]);
  const { runs } = factsOf(ledger).availability(between(0, 1000));
  expect(runs).toMatchObject([{ kind: 'up', fromMs: at(0).wallMs, toMs: at(130).wallMs, checks: 3 }]);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 0 });
});

test('a run that was altered in the table is found', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([checked(0), checked(60, failing)]);
  await ledger.close();
  rawly(folder, (db) => db.exec("UPDATE runs SET kind = 'up' WHERE kind = 'down'"));
  expect(await compareProjection(folder)).toMatchObject({
    ok: false,
    difference: expect.stringMatching(/"kind":"up".*by the events.*"kind":"down"/),
  });
});

const step = fc.record({
  what: fc.constantFrom('probe', 'probe', 'check', 'check', 'missed'),
  provider: fc.constantFrom('acme', 'acme', 'other'),
  path: fc.constantFrom(...PATHS),
  endpoint: fc.constantFrom(...ENDPOINTS),
  ended: fc.constantFrom(
    ...(['delivered', 'delivered', 'refused', 'unreachable', 'lost', 'bounced', 'throttled', 'pending'] as const),
    ...(['full', 'put off', 'greylisted', 'still put off', 'late'] as const),
  ),
  spot: fc.boolean(),
  good: fc.boolean(),
  // Now and then longer than a day, or, for probes, the clock is put back.
  laterSeconds: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: -600, max: -1 }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function probeEvents({ provider, path, ended, spot }: Step, probe: string, seconds: number): LedgerEvent[] {
  const plan = planned(probe, seconds, { provider, path, kind: spot ? 'spot' : 'scheduled' });
  const connection = { stages: [], peer: null, certificateExpiresMs: null };
  const end = (handover: Extract<LedgerEvent, { type: 'probe.handed-over' }>['handover']): LedgerEvent[] => [
    plan,
    { type: 'probe.handed-over', at: at(seconds + 1), probe, handover },
  ];
  const refusal = { kind: 'refused', stage: 'rcpt', enhanced: null, text: 'no' } as const;
  switch (ended) {
    case 'delivered':
      return [...end(accepted(seconds + 1)), captured(probe, seconds + 9)];
    case 'refused':
      return end({ ...refusal, code: 550, ...connection });
    case 'throttled':
      return end({ ...refusal, code: 421, enhanced: '4.7.0', ...connection });
    case 'full':
      return end({ ...refusal, code: 552, enhanced: '5.2.2', ...connection });
    case 'put off':
      return [
        plan,
        deferred(probe, seconds, 'data'),
        ...end(accepted(seconds + 1)).slice(1),
        captured(probe, seconds + 9),
      ];
    case 'greylisted':
      return [
        plan,
        deferred(probe, seconds, 'rcpt'),
        ...end(accepted(seconds + 1)).slice(1),
        captured(probe, seconds + 9),
      ];
    case 'still put off':
      return [plan, deferred(probe, seconds, 'data')];
    case 'late':
      return [...end(accepted(seconds + 1)), captured(probe, seconds + 900)];
    case 'unreachable':
      return end({ kind: 'unreachable', stage: 'connect', code: 'ECONNREFUSED', text: '', ...connection });
    case 'lost':
      return [...end(accepted(seconds + 1)), { type: 'probe.expired', at: at(seconds + 9), probe }];
    case 'bounced': {
      const status = { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null } as const;
      return [
        ...end(accepted(seconds + 1)),
        { type: 'probe.notified', at: at(seconds + 9), probe, where: 'x', status },
      ];
    }
    case 'pending':
      return end(accepted(seconds + 1));
  }
}

function deferred(probe: string, seconds: number, stage: 'rcpt' | 'data'): LedgerEvent {
  const refusal = { kind: 'refused', stage, code: 451, enhanced: null, text: 'later' } as const;
  return { type: 'probe.deferred', at: at(seconds), probe, attempt: 1, refusal, retryAfterSeconds: 1 };
}

test('the ledger on the disk and the one in memory have the same facts of any range', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.double({ min: -0.1, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0, 300, 3000, 300_000),
      async (steps, from, length, final) => {
        let [seconds, latest] = [0, 0];
        const events = steps.flatMap((one, index): LedgerEvent[] => {
          seconds += one.laterSeconds;
          latest = Math.max(latest, seconds);
          const { provider, endpoint } = one;
          if (one.what === 'probe') return probeEvents(one, `p${index}`, seconds);
          if (one.what === 'missed')
            return [{ type: 'check.unmeasured', at: at(latest), provider, endpoint, reason: 'too late' }];
          return [checked(latest, { provider, endpoint, ...(one.good ? {} : failing) })];
        });
        const [disk, memory] = [await opened(temporaryFolder()), new MemoryLedger()];
        await disk.append(events);
        await memory.append(events);
        const to = Math.round(latest * (from + length));
        const query = between(Math.round(latest * from), to, to + final);
        expect(factsOf(disk).availability(query)).toEqual(memory.availability(query));
        await disk.close();
      },
    ),
    { numRuns: 25 },
  );
}, 180_000);
