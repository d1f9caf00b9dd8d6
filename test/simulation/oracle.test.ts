/** The oracle says nothing of what is so, and names everything that is not. */
import { expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import type { ClauseReport, DelayClauseReport } from '../../src/domain/report/report.ts';
import { at, captured, checked, delivered, handedOver, planned } from '../adapters/sqlite/support.ts';
import { type HandMade, handMade, MONTH, message } from './hand-made.ts';
import { createOracle } from './oracle.ts';
import type { Outage } from './truth.ts';

/** What is found from the month's end to the world's. */
function found(world: HandMade): readonly string[] {
  const view = handMade(world);
  const oracle = createOracle(view);
  oracle.changed([...view.ledger.records()]);
  oracle.monthEnded(MONTH);
  oracle.monthFinal(MONTH);
  oracle.ended();
  return oracle.wrong;
}

/** Out between 6 and 7 s after its reception, by the ledger and by the books. */
const SOUND: HandMade = { events: delivered('a', 0), messages: [message('a', 0, 7)] };

/** A check a minute from `from` on, so many of them. */
const checks = (from: number, count: number, over: Partial<Extract<LedgerEvent, { type: 'endpoint.checked' }>> = {}) =>
  Array.from({ length: count }, (_, index) => checked(from + 60 * index, over));
const failing = {
  result: { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: 'refused' },
  control: 'healthy',
} as const;
const outage = (from: number, to: number): Outage => ({
  ...{ provider: 'acme', endpoint: 'mx', how: 'refuses' },
  fromMs: from * 1000,
  toMs: to * 1000,
});

/** The ledger's word with a clause of it changed. */
const saying =
  (id: string, change: (clause: DelayClauseReport) => ClauseReport) =>
  (judgement: Judgement): Judgement => ({
    ...judgement,
    report: {
      ...judgement.report,
      clauses: judgement.report.clauses.map((clause) =>
        clause.id === id && clause.kind === 'delay' ? change(clause) : clause,
      ),
    },
  });

it('finds nothing wrong where all that is said is so', () => {
  expect(found(SOUND)).toEqual([]);
  const events = [...checks(0, 20), ...checks(1200, 20, failing), ...checks(2400, 20)];
  expect(found({ events, outages: [outage(1150, 2390)] })).toEqual([]);
});

it('misses no downtime among time that nobody knows anything of, and no good time in downtime', () => {
  const events = [...checks(0, 20), ...checks(1200, 20, failing), ...checks(2400, 20)];
  expect(found({ events, outages: [outage(1150, 2390), outage(90_000, 99_000)] })).toEqual([]);
  const shifted = found({ events, outages: [outage(1250, 2390), outage(90_000, 99_000)] });
  expect(shifted.join('\n')).toMatch(/mx, checks from .*: failed, and it was up for 50 s/);
});

const refusal = { kind: 'refused', stage: 'rcpt', enhanced: null, text: '' } as const;
const connection = { stages: [], peer: null, certificateExpiresMs: null };
const refused = (code: number): LedgerEvent => ({
  ...{ type: 'probe.handed-over', at: at(2), probe: 'a' },
  handover: { ...refusal, code, ...connection },
});
const nothing = { receivedMs: null, readyMs: null, accessibleMs: null, reachedMs: null };
const closed: LedgerEvent = {
  ...{ type: 'month.closed', at: at(40 * 86_400), provider: 'acme', month: MONTH, version: '0', contract: '' },
  ...{
    report: 'f'.repeat(64),
    summary: [{ id: '2a', verdict: 'BREACH', figures: {} }],
    asOf: { seq: SOUND.events.length, hash: '' },
  },
};

const WRONG: readonly (readonly [string, HandMade, string])[] = [
  ['a lower bound above the truth', { ...SOUND, messages: [message('a', 0, 3)] }, 'was ready after 3 s'],
  ['an upper bound below the truth', { ...SOUND, messages: [message('a', 0, 9)] }, 'was accessible after 9 s'],
  [
    'a mailbox that nobody could read yet',
    { ...SOUND, messages: [message('a', 0, 7, { accessibleMs: 12_000 })] },
    'was accessible after 10.5 s',
  ],
  [
    'a capture of what never came',
    { ...SOUND, messages: [message('a', 0, 7, { reachedMs: null, readyMs: null, accessibleMs: null })] },
    'captured, and never reached us',
  ],
  ['a message without a plan', { ...SOUND, messages: [message('a', 0, 7), message('b', 9, 1)] }, 'probe b was sent'],
  [
    'a message that reached us and is not delivered',
    { events: [planned('a', 0), handedOver('a', 2)], messages: [message('a', 0, 7)] },
    'ends pending, must end delivered',
  ],
  [
    'a refusal for our own doing',
    {
      events: [planned('a', 0), refused(550)],
      messages: [message('a', 0, 7, { ...nothing, failure: 'refused', ours: true })],
    },
    'failed, and the provider did not fail it',
  ],
  [
    'a refusal that there was not',
    { events: [planned('a', 0), refused(550)], messages: [message('a', 0, 7, nothing)] },
    'failed, and the provider did not fail it',
  ],
  [
    'downtime that there was not',
    { events: [...checks(0, 20), ...checks(1200, 20, failing), ...checks(2400, 20)] },
    'clause 1, provisional: all down for at least 1140 s, was for 0 s',
  ],
  [
    'downtime that is left out',
    { events: checks(0, 60), outages: [outage(1000, 3000)] },
    'good, and it was down for 2000 s',
  ],
  [
    'a month that is closed as it is not',
    { events: [...SOUND.events, closed], messages: SOUND.messages ?? [] },
    'was closed as {"id":"2a","verdict":"BREACH"',
  ],
  [
    'a month that is closed twice',
    { events: [...SOUND.events, closed, closed], messages: SOUND.messages ?? [] },
    'acme 2026-11 is closed twice',
  ],
  ['something that grows', { ...SOUND, peaks: { openProbes: 500 } }, '500 open probes at once, 51 are to be expected'],
  [
    'an average above the truth',
    {
      ...SOUND,
      judged: saying('2a', (clause) => ({ ...clause, figures: { ...clause.figures, average: { lo: 8, hi: 9 } } })),
    },
    'clause 2a, provisional: average at least 8, was 7',
  ],
  [
    'a quantile below the truth',
    {
      ...SOUND,
      judged: saying('2a', (clause) => ({
        ...clause,
        figures: {
          ...clause.figures,
          quantiles: { p50: { lo: 1, hi: 2 }, p95: { lo: 1, hi: 9 }, p99: { lo: 1, hi: 9 } },
        },
      })),
    },
    'p50 at most 2, was 7',
  ],
  [
    'a probe that is counted twice',
    {
      ...SOUND,
      judged: saying('2a', (clause) => ({
        ...clause,
        figures: { ...clause.figures, outcomes: { ...clause.figures.outcomes, delivered: 2 } },
      })),
    },
    '2 delivered, the records have 1',
  ],
  [
    'a breach that was none',
    { ...SOUND, judged: saying('2a', (clause) => ({ ...clause, verdicts: { average: 'BREACH', maximum: 'MET' } })) },
    'average: BREACH, and was kept',
  ],
  [
    'a clause that is met and was not',
    {
      events: [
        ...delivered('a', 0),
        planned('b', 20),
        handedOver('b', 22),
        captured('b', 8020),
        planned('c', 30),
        handedOver('c', 32),
        captured('c', 8030),
      ],
      messages: [message('a', 0, 7), message('b', 20, 7997), message('c', 30, 7997)],
      judged: saying('2a', (clause) => ({ ...clause, verdicts: { average: 'BREACH', maximum: 'MET' } })),
    },
    'maximum: MET, and was broken',
  ],
];

it.each(WRONG)('names %s', (_, world, words) => {
  expect(found(world).join('\n')).toContain(words);
});

it('names a breach that was proven at the end of the month and is taken back', () => {
  let asked = 0;
  const view = handMade({
    events: [planned('a', 0), handedOver('a', 2), captured('a', 8000)],
    messages: [message('a', 0, 7997)],
    judged: (judgement) => {
      asked += 1;
      return asked === 1 ? judgement : saying('2a', (clause) => ({ ...clause, verdict: 'MET' }))(judgement);
    },
  });
  const oracle = createOracle(view);
  oracle.monthEnded(MONTH);
  oracle.monthFinal(MONTH);
  expect(oracle.wrong).toEqual(['acme 2026-11 clause 2a, final, clause: MET, and was a BREACH before']);
});

it('takes what is excluded out of the truth too, by what the wall clock showed', () => {
  const exclusion = {
    ...{
      id: 'x'.repeat(16),
      kind: 'agreed-maintenance',
      provider: 'acme',
      path: null,
      by: 'Li Wei',
      evidence: '',
      note: '',
    },
    ...{ fromMs: at(100).wallMs, toMs: at(7000).wallMs },
  } satisfies Exclusion;
  const events: readonly LedgerEvent[] = [
    ...[planned('a', 0), handedOver('a', 2), captured('a', 8000)],
    { type: 'exclusion.added', at: at(9000), exclusion },
  ];
  expect(found({ events, messages: [message('a', 0, 7997)] })).toEqual([]);
  // A clock that was an hour ahead for a while showed the exclusion to the agent at another time than the books have it.
  const wall = [{ fromMs: 0, aheadMs: at(0).wallMs + 7_200_000 }];
  expect(found({ events, messages: [message('a', 0, 7997)], wall }).join('\n')).toContain('average at most');
});

it('keeps the first twenty findings', () => {
  const ids = Array.from({ length: 30 }, (_, index) => `p${index}`);
  expect(found({ events: [], messages: ids.map((id) => message(id, 0, 1)) })).toHaveLength(20);
});
