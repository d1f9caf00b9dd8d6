/** The report says what the verdict says, for whom, how far it is measured, and with what evidence. */
import { describe, expect, it, test } from 'vitest';
import type { ContractTerms, DelayClause } from '../../../src/domain/contract-terms.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { buildReport, type DelayClauseReport, type Matter, reportProvider } from '../../../src/domain/report/report.ts';
import { reportAttested, reportDelay } from '../../../src/domain/report/report-clause.ts';
import { at, bounced, CLAUSE, capture, delivered, exclusion, HOUR, lost, probe, T0, uncertain } from '../month-case.ts';

const REMEDY = { en: "The month's service time doubled", zh: '当月服务时间加倍' };
const DELAY: DelayClause = { ...CLAUSE, remedy: REMEDY };
const CONTRACT: ContractTerms = {
  name: 'enterprise-mail-sla',
  title: { en: 'Agreement', zh: '保证书' },
  timeZone: 'Asia/Shanghai',
  finalAfterSeconds: 120 * HOUR,
  clauses: [DELAY],
};
const MONTH_START = Date.parse('2026-10-31T16:00:00Z');
const MONTH_END = Date.parse('2026-11-30T16:00:00Z');
const FINAL = MONTH_END + 120 * HOUR * 1000;

const matterAt = (nowMs: number, change: Partial<Matter> = {}): Matter => {
  return { provider: 'acme', contract: CONTRACT, month: '2026-11', nowMs, ...change };
};

interface Known {
  readonly unmeasured?: number;
  readonly exclusions?: readonly Exclusion[];
  /** Seconds from T0 up to which it is proven that nothing came to the sink, nor a bounce to the mailbox. */
  readonly provenUntil?: number;
  readonly nowMs?: number;
  readonly clause?: DelayClause;
}
function clauseOf(records: readonly ProbeRecord[], known: Known = {}): DelayClauseReport {
  const { unmeasured = 0, exclusions = [], provenUntil, nowMs = FINAL, clause = DELAY } = known;
  const absence = new Map(
    provenUntil === undefined ? [] : ['sink', 'mailbox:acme'].map((channel) => [channel, at(provenUntil)]),
  );
  const head = { seq: 1, hash: '' };
  return reportDelay(clause, matterAt(nowMs), { records, unmeasured, exclusions, absence, head }).report;
}

test('an average above its limit is no breach before the month is over: mail to come may bring it down', () => {
  const slow = [delivered('slow', 0, 70)];
  const { verdict, verdicts, remedy, figures } = clauseOf(slow, { nowMs: MONTH_END - 1 });
  expect({ verdict, verdicts, remedy }).toEqual({
    verdict: 'INCONCLUSIVE',
    verdicts: { average: 'INCONCLUSIVE', maximum: 'MET' },
    remedy: null,
  });
  expect(figures.average?.lo).toBeGreaterThan(60);
  expect(clauseOf(slow, { nowMs: MONTH_END })).toMatchObject({ verdict: 'BREACH', verdicts: { average: 'BREACH' } });
  // One of the maximum is not taken back.
  expect(clauseOf(BROKEN, { nowMs: MONTH_END - 1 })).toMatchObject({
    verdict: 'BREACH',
    verdicts: { average: 'INCONCLUSIVE', maximum: 'BREACH' },
  });
});

/** Two proven breaches and one delivery on time. */
const BROKEN = [delivered('late', 0, 2 * HOUR), delivered('later', 600, 3 * HOUR), delivered('prompt', 1200, 4)];

describe('the month', () => {
  const reportAt = (nowMs: number, change: Partial<Matter> = {}) =>
    buildReport('2026-11', nowMs, [reportProvider(matterAt(nowMs, change), [])]);

  it('is provisional until mail can no more arrive, and final from that millisecond on', () => {
    expect(reportAt(MONTH_END).status).toBe('provisional');
    expect(reportAt(FINAL - 1).status).toBe('provisional');
    expect(reportAt(FINAL)).toMatchObject({
      month: '2026-11',
      timeZone: 'Asia/Shanghai',
      status: 'final',
      generatedAt: '2026-12-05T16:00:00.000Z',
      providers: [
        {
          provider: 'acme',
          contract: 'enterprise-mail-sla',
          contractTitle: { en: 'Agreement', zh: '保证书' },
          from: '2026-10-31T16:00:00.000Z',
          to: '2026-11-30T16:00:00.000Z',
          finalAt: '2026-12-05T16:00:00.000Z',
          status: 'final',
        },
      ],
    });
  });

  it('waits as long as the contract says', () => {
    const contract = { ...CONTRACT, finalAfterSeconds: 24 * HOUR };
    expect(reportAt(MONTH_END + 24 * HOUR * 1000, { contract }).status).toBe('final');
  });

  it('is final only once it is for every provider, and has no one time zone where theirs differ', () => {
    const berlin = { ...CONTRACT, timeZone: 'Europe/Berlin' };
    const providers = [
      reportProvider(matterAt(FINAL), []),
      reportProvider(matterAt(FINAL, { provider: 'other', contract: berlin }), []),
    ];
    const report = buildReport('2026-11', FINAL, providers);
    expect(report).toMatchObject({ timeZone: null, status: 'provisional' });
    expect(report.providers.map(({ status, timeZone }) => [status, timeZone])).toEqual([
      ['final', 'Asia/Shanghai'],
      ['provisional', 'Europe/Berlin'],
    ]);
  });
});

describe('a delay clause', () => {
  it('has verdict, figures, limits and what is owed', () => {
    const clause = clauseOf(BROKEN);
    expect(clause).toMatchObject({
      kind: 'delay',
      id: '2a',
      title: { en: 'Send delay', zh: '发送延迟' },
      path: 'send',
      verdict: 'BREACH',
      verdicts: { average: 'BREACH', maximum: 'BREACH' },
      remedy: REMEDY,
      limits: {
        averageSeconds: 60,
        maximumSeconds: 3600,
        breachesFrom: 2,
        countedPer: 'message',
        lossesInAverage: false,
      },
    });
    expect(clause.figures.outcomes).toEqual({ delivered: 3, pending: 0, failed: 0, lost: 0, unmeasured: 0 });
    expect(clause.figures.breaches).toEqual({ messages: { lo: 2, hi: 2 }, episodes: { lo: 1, hi: 1 } });
    // (7200 + 10800 + 4) / 3, with the clocks' error of 500 ppm about it.
    expect(clause.figures.average?.lo).toBeLessThanOrEqual(18_004 / 3);
    expect(clause.figures.average?.hi).toBeGreaterThanOrEqual(18_004 / 3);
  });

  it('owes nothing that is not proven', () => {
    expect(clauseOf([delivered('prompt', 0, 4)])).toMatchObject({ verdict: 'MET', remedy: null });
    expect(clauseOf([])).toMatchObject({ verdict: 'INCONCLUSIVE', remedy: null });
    expect(clauseOf(BROKEN, { clause: { ...DELAY, remedy: null } })).toMatchObject({ verdict: 'BREACH', remedy: null });
  });

  it('has null for an end that nothing bounds, also in its JSON', () => {
    const { figures, breaches } = clauseOf([delivered('prompt', 0, 4), lost('lost', 60, 100 * HOUR)]);
    expect(figures.maximum?.hi).toBeNull();
    expect(figures.quantiles?.p99.hi).toBeNull();
    expect(breaches).toMatchObject([{ probe: 'lost', delaySeconds: { hi: null }, rawDelaySeconds: { hi: null } }]);
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
  });

  it('tells how many more breaches it bears', () => {
    const left = (records: readonly ProbeRecord[], known: Known = {}) => clauseOf(records, known).breachesLeft;
    expect(left([delivered('prompt', 0, 4)])).toEqual({ lo: 1, hi: 1 });
    expect(left(BROKEN.slice(1))).toEqual({ lo: 0, hi: 0 });
    expect(left(BROKEN)).toEqual({ lo: 0, hi: 0 });
    // One is still missing: it may become one.
    expect(left([probe('missing', 0)], { provenUntil: 60 })).toEqual({ lo: 0, hi: 1 });
    const lenient: DelayClause = { ...DELAY, breachesFrom: 5, countedPer: 'episode' };
    expect(left(BROKEN, { clause: lenient })).toEqual({ lo: 3, hi: 3 });
  });

  it('shows spot checks by outcome and keeps them out of every figure', () => {
    const spot = delivered('spot', 0, 5 * HOUR, { kind: 'spot' });
    const { figures, breaches, coverage, verdict } = clauseOf([spot, delivered('prompt', 60, 4)]);
    expect(figures.spotChecks).toMatchObject({ delivered: 1 });
    expect(figures.outcomes.delivered).toBe(1);
    expect({ breaches, verdict, measured: coverage.measured }).toEqual({ breaches: [], verdict: 'MET', measured: 1 });
  });

  it('gives the same report of the same facts, bootstrap included', () => {
    const records = Array.from({ length: 200 }, (_, index) =>
      delivered(`p${index}`, index * 2 * HOUR, 1 + (index % 17)),
    );
    expect(clauseOf(records).figures.bootstrapAverage).not.toBeNull();
    expect(clauseOf(records)).toEqual(clauseOf(records));
  });
});

describe('exclusions', () => {
  const outage = exclusion(0, 4 * HOUR, { id: 'outage', kind: 'carrier', evidence: 'ticket 7' });

  it('show with their effect beside the figure before them', () => {
    const { figures, excluded, verdict, breaches } = clauseOf(BROKEN, { exclusions: [outage] });
    expect(verdict).toBe('MET');
    expect(figures.breaches.messages).toEqual({ lo: 0, hi: 0 });
    expect(figures.raw.breaches.messages).toEqual({ lo: 2, hi: 2 });
    expect(breaches).toEqual([]);
    expect(excluded).toEqual({
      seconds: 4 * HOUR,
      entries: [
        {
          id: 'outage',
          kind: 'carrier',
          path: null,
          from: '2026-11-09T16:00:00.000Z',
          to: '2026-11-09T20:00:00.000Z',
          by: 'Li Wei',
          evidence: 'ticket 7',
          note: '',
        },
      ],
    });
  });

  it('are listed only where they can bear on the month: neither of other months nor an announced adjustment', () => {
    const exclusions = [
      exclusion(-40 * 24 * HOUR, -30 * 24 * HOUR, { id: 'before' }),
      exclusion(0, HOUR, { id: 'adjustment', kind: 'adjustment' }),
      exclusion(22 * 24 * HOUR, 23 * 24 * HOUR, { id: 'while mail may arrive' }),
      exclusion(40 * 24 * HOUR, 41 * 24 * HOUR, { id: 'after' }),
    ];
    const { excluded } = clauseOf(BROKEN, { exclusions });
    expect(excluded.entries.map(({ id }) => id)).toEqual(['while mail may arrive']);
    expect(excluded.seconds).toBe(0);
  });
});

describe('the evidence of a breach', () => {
  it('names who said what and when, and where the message came out', () => {
    const hops = [{ by: 'mx.acme.example', from: null, at: '2026-11-09T18:00:00Z', seconds: null }];
    const found = { folder: 'Junk', role: 'junk', uidValidity: '1', uid: 7 } as const;
    const record = delivered('late', 0, 2 * HOUR, {
      handover: {
        ...{ kind: 'accepted', handedOver: at(-1), acknowledged: at(0), reply: '2.0.0 queued as 4F' },
        ...{ stages: [], peer: '192.0.2.7:587', certificateExpiresMs: null },
      },
      capture: { ...capture(at(2 * HOUR - 1), at(2 * HOUR)), found, hops },
    });
    const [evidence, ...others] = clauseOf([record]).breaches;
    expect(others).toEqual([]);
    expect(evidence).toMatchObject({
      probe: 'late',
      certainty: 'proven',
      outcome: 'delivered',
      acceptedAt: '2026-11-09T16:00:00.000Z',
      arrivedAt: '2026-11-09T18:00:00.000Z',
      flags: ['junk'],
      sender: 's@acme.example',
      recipient: 'probe-0@sink.example',
      server: '192.0.2.7:587',
      reply: '2.0.0 queued as 4F',
      notice: null,
      folder: 'Junk',
      hops,
    });
    expect(evidence?.delaySeconds.lo).toBeLessThanOrEqual(2 * HOUR);
    expect(evidence?.delaySeconds.hi).toBeGreaterThanOrEqual(2 * HOUR + 1);
  });

  it('is there for a message that bounced only after it was late', () => {
    expect(clauseOf([bounced('bounced', 0, 2 * HOUR)]).breaches).toMatchObject([
      { probe: 'bounced', certainty: 'proven', outcome: 'failed', notice: 'failed 5.1.1', arrivedAt: null },
    ]);
    expect(clauseOf([bounced('prompt bounce', 0, 60)]).breaches).toEqual([]);
  });

  it('stays as it was when a message turns up that was given up', () => {
    const late = lost('lost', 0, 100 * HOUR);
    const found = { folder: 'Junk', role: 'junk', uidValidity: '1', uid: 7 } as const;
    const turnedUp = { ...late, capture: { ...capture(at(130 * HOUR), at(131 * HOUR)), found } };
    expect(clauseOf([late]).breaches).toHaveLength(1);
    expect(clauseOf([turnedUp]).breaches).toEqual(clauseOf([late]).breaches);
  });

  it('is told apart where the interval holds the limit, and the limit itself is kept', () => {
    const doubtful = delivered('doubtful', 0, 0, { capture: capture(at(60), at(2 * HOUR)) });
    const exactly = delivered('exactly', 60, 0, { capture: capture(at(3500), at(3650)) });
    const breaches = clauseOf([doubtful, exactly]).breaches.map((each) => [each.probe, each.certainty]);
    expect(breaches).toEqual([['doubtful', 'possible']]);
  });

  it('comes while the message is still missing, and not for one too young to be late', () => {
    const records = [probe('old', 0), probe('young', 2 * HOUR - 60)];
    const now = { nowMs: T0 + 2 * HOUR * 1000 };
    expect(clauseOf(records, { ...now, provenUntil: 2 * HOUR }).breaches).toMatchObject([
      { probe: 'old', certainty: 'proven', outcome: 'pending' },
    ]);
    expect(clauseOf(records, now).breaches).toMatchObject([{ probe: 'old', certainty: 'possible' }]);
  });

  it('takes the hand-over for the acceptance where no reply was read', () => {
    const record = probe('unsure', 0, { handover: uncertain(at(5)), capture: capture(at(60), at(2 * HOUR)) });
    expect(clauseOf([record]).breaches).toMatchObject([
      { acceptedAt: '2026-11-09T16:00:05.000Z', certainty: 'possible' },
    ]);
  });
});

test('what a person attests is inconclusive, and says why', () => {
  const clause = reportAttested({ kind: 'attested', id: '9', title: { en: 'Service', zh: '服务' }, remedy: REMEDY });
  expect(clause).toMatchObject({ kind: 'attested', id: '9', verdict: 'INCONCLUSIVE', remedy: null });
  expect(clause.reason.en).toBe('Attested by a person, not measured; nothing has been entered.');
});

test('it says how far the month was measured, as far as it is over, and which exclusions can bear on it', () => {
  // Every ten minutes of a day, but for an hour: between them the usual gap, before and after and in that hour none.
  const day = Array.from({ length: 145 }, (_, index) => index * 600).filter(
    (second) => second <= 36_000 || second >= 39_600,
  );
  const records = day.map((second) => delivered(`p${second}`, second, 4));
  const begun = (T0 - MONTH_START) / 1000;
  const nowMs = T0 + 86_400_000;
  const { coverage } = clauseOf(records, { nowMs });
  expect(coverage).toMatchObject({ measured: 140, unmeasured: 0, longestGapSeconds: begun });
  expect(coverage.ratio).toBeCloseTo(86_400 / (begun + 86_400), 5);
  expect(clauseOf(records).coverage.longestGapSeconds, 'the rest of it').toBe((MONTH_END - T0) / 1000 - 86_400);

  const within = (fromMs: number, toMs: number) => clauseOf([], { exclusions: [{ ...exclusion(0, 1), fromMs, toMs }] });
  const shown = (fromMs: number, toMs: number) => within(fromMs, toMs).excluded.entries.length;
  expect([shown(MONTH_START - 9, MONTH_START), shown(MONTH_START - 9, MONTH_START + 1)]).toEqual([0, 1]);
  expect([shown(FINAL, FINAL + 9), shown(FINAL - 1, FINAL + 9)]).toEqual([0, 1]);
});

test('what is left counts as the contract does', () => {
  const late = [delivered('a', 0, 2 * HOUR), delivered('b', 60, 2 * HOUR)];
  const left = (countedPer: DelayClause['countedPer']) =>
    clauseOf(late, { clause: { ...DELAY, countedPer, breachesFrom: 4 } }).breachesLeft;
  expect([left('message'), left('episode')]).toEqual([
    { lo: 1, hi: 1 },
    { lo: 2, hi: 2 },
  ]);
});

test('its chart tells the stretches without a probe, as far as the month is over', () => {
  const records = Array.from({ length: 50 }, (_, index) => delivered(`p${index}`, index * 600, 4));
  const facts = { records, unmeasured: 0, exclusions: [], absence: new Map(), head: { seq: 1, hash: '' } };
  const lastMs = T0 + 49 * 600_000;
  const nowMs = T0 + 86_400_000;
  expect(reportDelay(DELAY, matterAt(nowMs), facts).chart.gaps).toEqual([
    { fromMs: MONTH_START, toMs: T0 },
    { fromMs: lastMs, toMs: nowMs },
  ]);
});
