/** A month that is final: what becomes of probes that were still awaited then changes nothing that was said of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { DeliveryStatus, Handover, Path, ProbeKind, Refusal } from '../../../src/domain/probe.ts';
import { outcomeOf, type ProbeRecord, sentAt } from '../../../src/domain/record.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import {
  at,
  checks,
  clause,
  DAY,
  delivered,
  END,
  FINAL,
  FROM_MS,
  HOUR,
  judged,
  ledgerOf,
  refused,
} from '../november.ts';

const REST = { stages: [], peer: null, certificateExpiresMs: null };
const refusal = (stage: Refusal['stage'], code: number, enhanced: string | null): Refusal => {
  return { kind: 'refused', stage, code, enhanced, text: 'no' };
};
type Happening = (seconds: number, probe: string) => LedgerEvent;
const putOff = (given: Refusal): Happening => {
  const again = { attempt: 1, retryAfterSeconds: 300 };
  return (seconds, probe) => ({ type: 'probe.deferred', at: at(seconds), probe, refusal: given, ...again });
};
const handedOver = (handover: (seconds: number) => Handover): Happening => {
  return (seconds, probe) => ({ type: 'probe.handed-over', at: at(seconds), probe, handover: handover(seconds) });
};
const told = (action: DeliveryStatus['action'], code: string): Happening => {
  const status = { action, status: code, recipient: null, diagnostic: null };
  return (seconds, probe) => ({ type: 'probe.notified', at: at(seconds), probe, where: 'sink', status });
};
const unreachable = (code: string) =>
  handedOver(() => ({ kind: 'unreachable', stage: 'connect', code, text: '', ...REST }));

/** What may befall a probe while it is handed over. */
const HANDING_OVER = {
  'put off': putOff(refusal('data', 451, '4.3.0')),
  greylisted: putOff(refusal('rcpt', 450, null)),
  refused: handedOver(() => ({ ...refusal('rcpt', 550, '5.1.1'), ...REST })),
  throttled: handedOver(() => ({ ...refusal('rcpt', 450, '4.7.0'), ...REST })),
  stopped: unreachable('ABORTED'),
  unreachable: unreachable('ECONNREFUSED'),
  accepted: handedOver((seconds) => {
    const [handed, acknowledged] = [at(seconds - 0.5), at(seconds)];
    return { kind: 'accepted', handedOver: handed, acknowledged, reply: 'ok', ...REST };
  }),
  uncertain: handedOver((seconds) => {
    return { kind: 'uncertain', handedOver: at(seconds), code: 'CONNECTION_LOST', text: '', ...REST };
  }),
  interrupted: (seconds, probe) => ({ type: 'probe.interrupted', at: at(seconds), probe }),
} satisfies Record<string, Happening>;
/** And beside that, or after it. */
const HEARD = {
  seen: (seconds, probe) => ({
    ...{ type: 'message.seen', at: at(seconds), probe, absent: at(seconds - 1), seen: at(seconds) },
    ...{ folder: 'INBOX', role: 'inbox', uidValidity: '1', uid: 1, hops: [] },
  }),
  bounced: told('failed', '5.1.1'),
  'mailbox full': told('failed', '5.2.2'),
  delayed: told('delayed', '4.4.1'),
  expired: (seconds, probe) => ({ type: 'probe.expired', at: at(seconds), probe }),
} satisfies Record<string, Happening>;
const ALL: Readonly<Record<string, Happening>> = { ...HANDING_OVER, ...HEARD };

interface Life {
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly planned: number;
  readonly happened: readonly (readonly [what: string, seconds: number])[];
}
const plan = (probe: string, { path, kind, planned }: Life): LedgerEvent => ({
  ...{ type: 'probe.planned', at: at(planned), probe, provider: 'acme', path, kind },
  ...{ sender: 'probe@agent.example', recipient: 'probe-0@sink.example' },
});

/** Whether the agent would write it of a probe of which so much is known. When an interruption was noticed no record says: it comes before all news here. */
function isPossible(record: ProbeRecord, what: string, seconds: number): boolean {
  const pending = outcomeOf(record) === 'pending';
  const inHand = pending && record.handover === null && !record.interrupted;
  if (what === 'interrupted') return inHand && record.capture === null && record.notice === null;
  if (what in HANDING_OVER) return inHand;
  const age = FROM_MS + seconds * 1000 - sentAt(record).wallMs;
  return what !== 'expired' || (pending && !inHand && age > 120 * HOUR * 1000);
}

/** About the month's end, when it is final, and in the hours after that. */
const moment = fc.oneof(
  fc.integer({ min: END - 3000, max: END + 3000 }),
  fc.integer({ min: FINAL - 3000, max: FINAL + 3000 }),
  fc.integer({ min: FINAL + 3000, max: FINAL + 6 * HOUR }),
);
const life: fc.Arbitrary<Life> = fc.record({
  path: fc.constantFrom<Path>('receive', 'receive', 'internal'),
  kind: fc.constantFrom<ProbeKind>('scheduled', 'scheduled', 'spot'),
  planned: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: END - 1500, max: END + 1500 }) },
    { weight: 1, arbitrary: fc.integer({ min: FINAL - 1500, max: FINAL + 1500 }) },
  ),
  happened: fc.array(fc.tuple(fc.constantFrom(...Object.keys(ALL)), moment), { maxLength: 5 }),
});

test('whatever becomes of probes once it is closed, its report is the same to the letter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 2, maxLength: 6 }),
      fc.integer({ min: FINAL, max: FINAL + 3000 }),
      async (lives, closedAt) => {
        const steps = lives.flatMap((each, index) => {
          const first = { probe: `p${index}`, what: 'planned', seconds: each.planned, each };
          return [
            first,
            ...each.happened.map(([what, seconds]) => ({
              ...first,
              what,
              seconds: Math.max(seconds, each.planned + 1),
            })),
          ];
        });
        const [closed, later] = [new MemoryLedger(), new MemoryLedger()];
        for (const { probe, what, seconds, each } of steps.toSorted((one, other) => one.seconds - other.seconds)) {
          const record = later.records.get(probe);
          if (record !== undefined && !isPossible(record, what, seconds)) continue;
          const event = record === undefined ? plan(probe, each) : ALL[what]?.(seconds, probe);
          if (event === undefined) continue;
          if (seconds <= closedAt) await closed.append([event]);
          await later.append([event]);
        }
        // A month is closed once nothing of it is under way any more.
        const underWay = [...closed.records.values()].filter((record) => outcomeOf(record) === 'pending');
        fc.pre(underWay.every(({ planned }) => planned.wallMs >= FROM_MS + END * 1000));
        const [then, now] = [await judged(closed), await judged(later)];
        expect(now.report).toEqual(then.report);
      },
    ),
    { numRuns: 400 },
  );
});

/** One was refused 20 minutes before the month's end and one ten minutes after it; whatever comes between takes away what they prove. */
const ABOUT = [
  ...delivered('good', END - HOUR),
  ...refused('early', END - 55 * 60),
  ...refused('middle', END - 28 * 60),
  ...refused('last', END - 20 * 60),
  ...refused('next', END + 10 * 60),
  ...delivered('again', END + 20 * 60),
];
test.each<readonly [string, ProbeKind, readonly (readonly [string, number])[], readonly (readonly [string, number])[]]>(
  [
    ['greylisted for five days, then throttled', 'scheduled', [['greylisted', END + 61]], [['throttled', FINAL + 600]]],
    ['greylisted for five days, then stopped', 'scheduled', [['greylisted', END + 61]], [['stopped', FINAL + 600]]],
    [
      'on its way, then returned from our full mailbox',
      'scheduled',
      [['accepted', END + 61]],
      [['mailbox full', FINAL + 40]],
    ],
    ['interrupted, then given up', 'scheduled', [['interrupted', END + 61]], [['expired', FINAL + 70]]],
    ['a spot check, then lost', 'spot', [['accepted', END + 61]], [['expired', FINAL + 70]]],
    ['a spot check, then returned', 'spot', [['accepted', END + 61]], [['bounced', FINAL + 40]]],
    [
      'put off while a copy of it was returned, then refused',
      'scheduled',
      [
        ['put off', END + 61],
        ['bounced', END + 900],
      ],
      [['refused', FINAL + 600]],
    ],
  ],
)('one right after it that was %s proves nothing more by its end', async (_, kind, before, after) => {
  const each: Life = { path: 'receive', kind, planned: END + 60, happened: before };
  const eventsOf = (happened: Life['happened']) =>
    happened.flatMap(([what, seconds]) => ALL[what]?.(seconds, 'p') ?? []);
  const events = [...checks(-HOUR, END + HOUR), ...ABOUT, plan('p', each), ...eventsOf(before)];
  const ledger = await ledgerOf(...events.toSorted((one, other) => one.at.wallMs - other.at.wallMs));
  const closed = await judged(ledger, FINAL + 30);
  expect(clause(closed, '1', 'connectivity').verdict).toBe('INCONCLUSIVE');
  await ledger.append(eventsOf(after));
  expect((await judged(ledger, FINAL + DAY)).report).toEqual(closed.report);
});
