/**
 * The month's verdict on delay, by worked examples: each expected value is computed by hand in the comment above it.
 * A delay that lasts d by the monotonic clock is known as d ± (0.05005% of d + 2 µs): NTP may slew the clock by that much.
 * So 3600 s are 3598.198 to 3601.802 s, and 30 s are 29.985 to 30.015 s.
 */
import { describe, expect, it } from 'vitest';
import { type DelayTerms, judge, summarise } from '../../../src/domain/delay/delay-verdict.ts';
import type { Interval } from '../../../src/domain/interval.ts';
import type { Outcome, ProbeRecord } from '../../../src/domain/record.ts';
import {
  accepted,
  at,
  bounced,
  CLAUSE,
  capture,
  delivered,
  exclusion,
  HOUR,
  lost,
  probe,
  refused,
  T0,
  uncertain,
  verdictOn,
} from '../month-case.ts';

const INF = Number.POSITIVE_INFINITY;

function expectInterval(actual: Interval | null | undefined, lo: number, hi: number): void {
  expect(actual?.lo).toBeCloseTo(lo, 3);
  expect(actual?.hi).toBeCloseTo(hi, 3);
}
/** Ten deliveries after 10 s each, an hour apart, before T0. */
const PROMPT = Array.from({ length: 10 }, (_, index) => delivered(`prompt-${index}`, (index - 20) * HOUR, 10));

describe('every outcome has its place', () => {
  it('delivered mail makes the average: 10 s and 50 s make 30 s', () => {
    const { average, maximum, verdict, figures } = verdictOn([delivered('p', 0, 10), delivered('q', 100, 50)]);
    expect([average, maximum, verdict]).toEqual(['MET', 'MET', 'MET']);
    // (10 + 50) / 2 = 30; 30 × 0.0005005 = 0.015
    expectInterval(figures.excluded.average, 29.985, 30.015);
    expect(figures.excluded.conditionalAverage).toEqual(figures.excluded.average);
    // 50 × 0.0005005 = 0.025
    expectInterval(figures.excluded.maximum, 49.975, 50.025);
    expect(figures.excluded.breaches).toEqual({ messages: { lo: 0, hi: 0 }, episodes: { lo: 0, hi: 0 } });
    expect(figures.outcomes).toEqual({ pending: 0, delivered: 2, failed: 0, lost: 0, unmeasured: 0 });
  });

  it('a pending message leaves the average open above, and is no breach within the hour', () => {
    const { average, maximum, figures } = verdictOn([...PROMPT, probe('p', 0)], { provenUntil: 3600 });
    expect([average, maximum]).toEqual(['INCONCLUSIVE', 'MET']);
    // Ten times 10 s; the pending 3598 s would raise it, so the least is without it.
    expectInterval(figures.excluded.average, 9.995, INF);
    // One message that may become a breach, and one is allowed: MET whatever becomes of it.
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 1 });
    expectInterval(figures.excluded.maximum, 9.995, INF);
  });

  it('two pending past one hour are a breach now, before either arrives', () => {
    // 3602 s proven are at least 3600.197 s.
    const { maximum, verdict, figures } = verdictOn([...PROMPT, probe('p', 0), probe('q', 0)], { provenUntil: 3602 });
    expect([maximum, verdict]).toEqual(['BREACH', 'BREACH']);
    expect(figures.excluded.breaches).toEqual({ messages: { lo: 2, hi: 2 }, episodes: { lo: 1, hi: 1 } });
  });

  it('a message that arrives late is the same sample, counted once, and takes no breach back', () => {
    const late = [delivered('p', 0, 7200), delivered('q', 0, 9000)];
    const { average, maximum, figures } = verdictOn([...PROMPT, ...late]);
    expect(figures.outcomes.delivered).toBe(12);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 2, hi: 2 });
    // (10 × 10 + 7200 + 9000) / 12 = 1358.333; × 0.0005005 = 0.680
    expectInterval(figures.excluded.average, 1357.653, 1359.013);
    expect([average, maximum]).toEqual(['BREACH', 'BREACH']);
  });

  it('a message that never arrives stays out of the average, its proven breach stays in the count', () => {
    const { average, maximum, figures } = verdictOn([...PROMPT, lost('p', 0, 120 * HOUR), lost('q', 0, 120 * HOUR)]);
    expectInterval(figures.excluded.average, 9.995, 10.005);
    expect([average, maximum]).toEqual(['MET', 'BREACH']);
    // 12 messages: rank 6 is 10 s; rank ceil(11.4) = 12 is lost, after 432000 × 0.9994995 = 431783.784 s at least.
    expectInterval(figures.excluded.quantiles?.p50, 9.995, 10.005);
    expectInterval(figures.excluded.quantiles?.p95, 431_783.784, INF);
  });

  it('a lost message of which nothing was proven may be a breach', () => {
    const { maximum, figures } = verdictOn([...PROMPT, lost('p', 0, 0), lost('q', 0, 0)]);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    expect(maximum).toBe('INCONCLUSIVE');
  });

  it('with losses in the average a lost message counts by what was proven of it', () => {
    const clause = { ...CLAUSE, lossesInAverage: true };
    const { average, figures } = verdictOn([...PROMPT, lost('p', 0, 120 * HOUR)], { clause });
    // (10 × 9.994993 + 431783.784) / 11 = 39262.158
    expectInterval(figures.excluded.average, 39_262.158, INF);
    expect(average).toBe('BREACH');
  });

  it('a bounced message is no delay, and a breach only if it was under way for too long before', () => {
    const prompt = verdictOn([...PROMPT, bounced('p', 0, 5), bounced('q', 0, 5)]);
    expect(prompt.verdict).toBe('MET');
    expect(prompt.figures.outcomes.failed).toBe(2);
    expect(prompt.figures.excluded.quantiles?.p99.hi).toBeCloseTo(10.005, 3);
    const late = verdictOn([...PROMPT, bounced('p', 0, 7200), bounced('q', 0, 7200)]);
    expect([late.average, late.maximum]).toEqual(['MET', 'BREACH']);
    // Absent for half an hour, and the notice read after two: it may have bounced before the hour or after.
    const vague = verdictOn([...PROMPT, bounced('p', 0, 1800, 7200), bounced('q', 0, 1800, 7200)]);
    expect(vague.figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    expect([vague.average, vague.maximum]).toEqual(['MET', 'INCONCLUSIVE']);
  });

  it('a month in which every message bounced has no average, and a maximum that its late ones exceeded', () => {
    const { average, maximum, verdict, figures } = verdictOn([bounced('p', 0, 7200), bounced('q', 0, 7200)]);
    expect(figures.excluded.average).toBeNull();
    expect([average, maximum, verdict]).toEqual(['INCONCLUSIVE', 'BREACH', 'BREACH']);
    expect(verdictOn([bounced('p', 0, 5), bounced('q', 0, 5)]).maximum).toBe('INCONCLUSIVE');
  });

  it("a refused message is counted, a throttled one is nobody's, and neither has a delay", () => {
    const { verdict, figures } = verdictOn(
      [
        ...PROMPT,
        probe('p', 0, { handover: refused(550, '5.1.1') }),
        probe('q', 0, { handover: refused(450, '4.7.1') }),
      ],
      { unmeasured: 3 },
    );
    expect(verdict).toBe('MET');
    // Three slots and the throttled probe.
    expect(figures.outcomes).toEqual({ pending: 0, delivered: 10, failed: 1, lost: 0, unmeasured: 4 });
    expectInterval(figures.excluded.average, 9.995, 10.005);
  });

  it("a message that a full mailbox of ours sent back is nobody's, however long it was on its way", () => {
    const notice = { action: 'failed', status: '5.2.2', recipient: null, diagnostic: null } as const;
    const full = ['p', 'q'].map((id) => ({ ...bounced(id, 0, 7200), path: 'receive', notice }) as const);
    const { maximum, figures } = verdictOn(full, { clause: { ...CLAUSE, path: 'receive' } });
    expect(figures.outcomes).toMatchObject({ failed: 0, unmeasured: 2 });
    expect([maximum, figures.excluded.breaches.messages]).toEqual(['INCONCLUSIVE', { lo: 0, hi: 0 }]);
  });

  it('a message whose handover is not known yet may have been accepted: its delay may be anything', () => {
    const { average, maximum, figures } = verdictOn([
      ...PROMPT,
      ...['p', 'q'].map((id) => probe(id, 0, { handover: null })),
    ]);
    expect(figures.outcomes).toMatchObject({ delivered: 10, pending: 2 });
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    // (10 × 10 + 0 + 0) / 12 = 8.333
    expectInterval(figures.excluded.average, 8.329, INF);
    expect([average, maximum]).toEqual(['INCONCLUSIVE', 'INCONCLUSIVE']);
  });

  it('an uncertain message that arrives may have been received just before: its least delay is zero', () => {
    const { figures } = verdictOn([delivered('p', 0, 100, { handover: uncertain(at(0)) })]);
    expectInterval(figures.excluded.average, 0, 100.05);
  });

  it('an uncertain message that never arrives has failed, and one of an interrupted agent is unmeasured', () => {
    const { figures } = verdictOn([
      ...PROMPT,
      probe('p', 0, { handover: uncertain(at(0)), expired: true, absentUntil: at(432_000) }),
      probe('q', 0, { handover: null, interrupted: true, expired: true, absentUntil: at(432_000) }),
    ]);
    expect(figures.outcomes).toMatchObject({ failed: 1, unmeasured: 1, delivered: 10 });
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 0 });
  });

  it('duplicates change nothing: the first copy counts', () => {
    const plain = verdictOn([delivered('p', 0, 10)]);
    expect(verdictOn([delivered('p', 0, 10, { duplicates: ['sink', 'sink'] })])).toEqual(plain);
  });

  it('our own outage widens and discards nothing: two messages it may have met are no breach, and no proof of none', () => {
    // The sink was down from 60 s on; both were seen after two hours.
    const unwatched = ['p', 'q'].map((id) => delivered(id, 0, 7200, { unseenSince: at(60) }));
    const { maximum, figures } = verdictOn([...PROMPT, ...unwatched]);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    expect(maximum).toBe('INCONCLUSIVE');
    // Least: (10 × 10 + 2 × 60) / 12 = 18.333, − 0.009. Most: (100 + 14400) / 12 = 1208.333, + 0.605.
    expectInterval(figures.excluded.average, 18.324, 1208.938);
  });

  it('a message whose bounce our sink may have turned away is missing for as long as it had none before that', () => {
    const gone = (since: number) =>
      ['p', 'q'].map((id) => ({
        ...lost(id, 0, 120 * HOUR),
        ...{ path: 'receive' as const, bounceGap: { since: at(since), until: null } },
      }));
    const breaches = (since: number) =>
      verdictOn([...PROMPT, ...gone(since)], { clause: { ...CLAUSE, path: 'receive' } }).figures.excluded.breaches;
    expect(breaches(60).messages).toEqual({ lo: 0, hi: 2 });
    expect(breaches(2 * HOUR).messages).toEqual({ lo: 2, hi: 2 });
  });

  it('a missing internal message is no breach: its bounce would have gone to the same mailbox, which may be full', () => {
    const gone = ['p', 'q'].map((id) => ({ ...lost(id, 0, 120 * HOUR), path: 'internal' as const }));
    const late = delivered('r', 0, 2 * HOUR, { path: 'internal' });
    const { figures } = verdictOn([...PROMPT, ...gone, late], { clause: { ...CLAUSE, path: 'internal' } });
    expect(figures.excluded.breaches.messages).toEqual({ lo: 1, hi: 3 });
  });

  it('absence that nothing from outside proves is no breach', () => {
    const { maximum, figures } = verdictOn([...PROMPT, probe('p', 0), probe('q', 0)]);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    expect(maximum).toBe('INCONCLUSIVE');
  });

  it('the first attempt at the sink is the start of transfer, even if our 4xx delayed the message and it was lost', () => {
    const attempt = { earliest: at(2), latest: at(2) };
    const tried = [
      delivered('p', 0, 7200, { attempt }),
      probe('q', 0, { attempt, expired: true, absentUntil: at(432_000) }),
    ];
    const { verdict, figures } = verdictOn([...PROMPT, ...tried]);
    expect(figures.outcomes).toMatchObject({ delivered: 11, lost: 1 });
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 0 });
    expect(verdict).toBe('MET');
  });

  it('a transfer that began before the 250 was read is a delay of zero, never less', () => {
    const early = probe('p', 0, { handover: accepted(at(0), at(3)), capture: capture(at(1), at(1)) });
    expectInterval(verdictOn([early]).figures.excluded.average, 0, 1.001);
  });

  it('over a reboot the wall clock measures, two seconds either way', () => {
    const later = at(10_000, { boot: 'b', monoUs: 3600e6 });
    const rebooted = probe('p', 0, { capture: capture(later, later) });
    // 10,000 × 0.0005005 = 5.005, and 2.
    expectInterval(verdictOn([rebooted]).figures.excluded.average, 9992.995, 10_007.005);
  });

  it('an outage cannot improve the average: while its mail is missing nothing is met', () => {
    const outage = Array.from({ length: 40 }, (_, index) => probe(`p${index}`, index * 60));
    const { average, maximum } = verdictOn([...PROMPT, ...outage], { provenUntil: 2 * HOUR });
    expect([average, maximum]).toEqual(['INCONCLUSIVE', 'BREACH']);
  });

  it('a month in which nothing came out so far is a breach of the maximum, and none of the average: all of it may bounce', () => {
    // 40 messages, the last one 39 min after the first: each is missing for at least 81 min.
    const outage = Array.from({ length: 40 }, (_, index) => probe(`p${index}`, index * 60));
    const { average, maximum, figures } = verdictOn(outage, { provenUntil: 2 * HOUR });
    expectInterval(figures.excluded.average, 0, INF);
    expect([average, maximum]).toEqual(['INCONCLUSIVE', 'BREACH']);
    // 7200 − 2340 = 4860; × 0.9994995 = 4857.568: one that came out bounds it, whatever becomes of the others.
    const one = delivered('last', 2400, 90);
    expect(verdictOn([...outage, one], { provenUntil: 2 * HOUR }).average).toBe('BREACH');
  });

  it('nothing but a message that was lost has no average where losses are left out', () => {
    const { average, maximum, figures } = verdictOn([lost('p', 0, 120 * HOUR)]);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 1, hi: 1 });
    expect(figures.excluded.conditionalAverage).toBeNull();
    expect(average).toBe('INCONCLUSIVE');
    expect(maximum).not.toBe('BREACH');
  });

  it('spot checks and other routes are passed over', () => {
    const plain = verdictOn(PROMPT);
    const others = [
      delivered('p', 0, 9000, { kind: 'spot' }),
      delivered('q', 0, 9000, { path: 'receive' }),
      delivered('r', 0, 9000, { provider: 'other' }),
    ];
    expect(verdictOn([...PROMPT, ...others])).toEqual(plain);
  });

  it('a month without an accepted message proves nothing', () => {
    const { average, maximum, verdict, figures } = verdictOn([], { unmeasured: 7 });
    expect([average, maximum, verdict]).toEqual(['INCONCLUSIVE', 'INCONCLUSIVE', 'INCONCLUSIVE']);
    const nothing = {
      conditionalAverage: null,
      average: null,
      maximum: null,
      quantiles: null,
      breaches: { messages: { lo: 0, hi: 0 }, episodes: { lo: 0, hi: 0 } },
    };
    expect(figures).toEqual({
      outcomes: { pending: 0, delivered: 0, failed: 0, lost: 0, unmeasured: 7 },
      excluded: nothing,
      raw: nothing,
      excludedSeconds: 0,
      bootstrapAverage: null,
    });
  });
});

/** Exact delays, as if the clocks had no error, in this order. */
function exactly(delays: readonly number[], change: Partial<DelayTerms> = {}, outcome: Outcome = 'delivered') {
  const samples = delays.map((delay, index) => {
    const known = { lo: delay, hi: delay };
    return { id: `p${index}`, acceptedMs: index, outcome, raw: known, stripped: known };
  });
  const terms = { ...CLAUSE, ...change };
  return judge(summarise(samples, terms), terms);
}

describe('以上 includes the number, 超过 does not', () => {
  it.each([
    ['60 s', [60], 'MET'],
    ['a microsecond more', [60.000001], 'BREACH'],
    ['59 s and 61 s', [59, 61], 'MET'],
    // 180 / 3, of which doubles make 60.00000000000001.
    ['three delays that sum up to 180 s', [59.7, 116.4, 3.9], 'MET'],
    [
      '45,000 messages, one of which took a microsecond too long',
      [60.000001, ...Array.from({ length: 44_999 }, () => 60)],
      'BREACH',
    ],
  ])('an average of %s is judged exactly', (_, delays, expected) => {
    expect(exactly(delays).average).toBe(expected);
  });

  it.each([
    ['an hour exactly, any number of times', [3600, 3600, 3600], 'MET', 'MET'],
    ['one breach', [3600.000001, 1], 'MET', 'MET'],
    ['two breaches in two episodes', [3601, 1, 3601], 'BREACH', 'BREACH'],
    ['two breaches in one episode', [1, 3601, 3601, 1], 'BREACH', 'MET'],
    ['two breaches with an hour exactly between', [3601, 3600, 3601], 'BREACH', 'BREACH'],
  ])('%s', (_what, delays, perMessage, perEpisode) => {
    const loose = { averageMaxSeconds: 1e6 };
    expect(exactly(delays, loose).maximum).toBe(perMessage);
    expect(exactly(delays, { ...loose, countedPer: 'episode' }).maximum).toBe(perEpisode);
  });

  it("the number of times is the contract's", () => {
    expect(exactly([3601], { breachesFrom: 1 }).maximum).toBe('BREACH');
    expect(exactly([3601, 3601], { breachesFrom: 3 }).maximum).toBe('MET');
    expect(exactly([3601, 3601, 3601], { breachesFrom: 3 }).maximum).toBe('BREACH');
    expect(exactly([601, 601], { maximumSeconds: 600 }).maximum).toBe('BREACH');
    expect(exactly([31], { averageMaxSeconds: 30 }).average).toBe('BREACH');
  });

  it('a message that bounced bounds the largest delay only if it may have been a breach before', () => {
    const largest = (hi: number, outcome: Outcome = 'failed') => {
      const known = { lo: 5, hi };
      const sample = { id: 'p', acceptedMs: 0, outcome, raw: known, stripped: known };
      return summarise([sample], CLAUSE).maximum;
    };
    expect(largest(3600)).toBeNull();
    expect(largest(3600.000001)).toEqual({ lo: 5, hi: 3600.000001 });
    expect(largest(10, 'pending')).toEqual({ lo: 5, hi: 10 });
  });

  it('a clock that may be wrong claims neither at the edge itself', () => {
    // 30 s and 90 s: 60 ± 0.030
    const { average } = verdictOn([delivered('p', 0, 30), delivered('q', 100, 90)]);
    expect(average).toBe('INCONCLUSIVE');
    // 3598 s is at most 3599.801, 3602 s at least 3600.197.
    const breaches = (delay: number) => verdictOn([delivered('p', 0, delay)]).figures.excluded.breaches.messages;
    expect(breaches(3598)).toEqual({ lo: 0, hi: 0 });
    expect(breaches(3600)).toEqual({ lo: 0, hi: 1 });
    expect(breaches(3602)).toEqual({ lo: 1, hi: 1 });
  });

  it('a clause is missed if either limit is, and met only if both are', () => {
    expect(exactly([7200, 1, 1])).toEqual({ average: 'BREACH', maximum: 'MET', verdict: 'BREACH' });
    const many = Array.from({ length: 500 }, () => 1);
    expect(exactly([7200, 7200, ...many])).toEqual({ average: 'MET', maximum: 'BREACH', verdict: 'BREACH' });
    expect(exactly(many)).toEqual({ average: 'MET', maximum: 'MET', verdict: 'MET' });
  });
});

describe("a month is the contract's", () => {
  const at250 = (iso: string) => delivered('p', (Date.parse(iso) - T0) / 1000, 10);
  it.each([
    ['2026-10-31T15:59:59.999Z', 0],
    ['2026-10-31T16:00:00.000Z', 1],
    ['2026-11-30T15:59:59.999Z', 1],
    ['2026-11-30T16:00:00.000Z', 0],
  ])('a message accepted at %s is one of %d in November in China', (iso, expected) => {
    expect(verdictOn([at250(iso)]).figures.outcomes.delivered).toBe(expected);
  });

  it('another zone has another month', () => {
    const inBerlin = (iso: string) => verdictOn([at250(iso)], { timeZone: 'Europe/Berlin' }).figures.outcomes.delivered;
    expect(inBerlin('2026-10-31T22:59:59.999Z')).toBe(0);
    expect(inBerlin('2026-10-31T23:00:00.000Z')).toBe(1);
  });

  const end = (Date.parse('2026-11-30T16:00:00Z') - T0) / 1000;
  it('the reading of the 250 says which, even if the message was handed over the month before', () => {
    const straddling = probe('p', end - 2, {
      handover: accepted(at(end - 1), at(end + 1)),
      capture: capture(at(end + 5), at(end + 5)),
    });
    expect(verdictOn([straddling]).figures.outcomes.delivered).toBe(0);
    expect(verdictOn([straddling], { month: '2026-12' }).figures.outcomes.delivered).toBe(1);
  });

  it('an uncertain message belongs where it was handed over, a refused one where it was planned', () => {
    const handed = probe('p', end - 2, { handover: uncertain(at(end + 1)) });
    const no = probe('q', end - 2, { handover: refused(550, '5.1.1') });
    expect(verdictOn([handed, no]).figures.outcomes).toMatchObject({ pending: 0, failed: 1 });
    expect(verdictOn([handed, no], { month: '2026-12' }).figures.outcomes).toMatchObject({ pending: 1, failed: 0 });
  });

  it('a message that arrives in the next month is late in the month it was accepted in', () => {
    const { figures } = verdictOn([delivered('p', end - 60, 7200)]);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 1, hi: 1 });
  });
});

describe('exclusions', () => {
  it('take out of a delay what they cover of it, and leave the raw figure beside', () => {
    const { verdict, figures } = verdictOn([delivered('p', 0, 7200), delivered('q', 0, 7200)], {
      exclusions: [exclusion(-600, 7180)],
    });
    // 7200 ± 3.6036 less 7180, and a millisecond since the wall clock is read in whole ones: 20 ± 3.605.
    expectInterval(figures.excluded.average, 16.395, 23.605);
    expectInterval(figures.excluded.maximum, 16.395, 23.605);
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 0 });
    expect(figures.raw.breaches.messages).toEqual({ lo: 2, hi: 2 });
    expectInterval(figures.raw.average, 7196.396, 7203.604);
    expect(verdict).toBe('MET');
    // 600 + 7180
    expect(figures.excludedSeconds).toBe(7780);
  });

  it('are counted once where they overlap, each clipped at the month', () => {
    const start = (Date.parse('2026-10-31T16:00:00Z') - T0) / 1000;
    const { figures } = verdictOn([delivered('p', 0, 100)], {
      exclusions: [exclusion(10, 40), exclusion(30, 60), exclusion(start - 500, start + 50)],
    });
    // 100 − 50, ± 0.050.
    expectInterval(figures.excluded.average, 49.95, 50.05);
    expect(figures.excludedSeconds).toBe(50 + 50);
  });

  it('take from the most that an uncertain message was late, and leave its least at zero', () => {
    const { figures } = verdictOn([delivered('p', 0, 100, { handover: uncertain(at(0)) })], {
      exclusions: [exclusion(-10, 50)],
    });
    // 100.050 − 50, and a millisecond.
    expectInterval(figures.excluded.average, 0, 50.051);
  });

  it('start and end where they say: a delay that only touches one is left whole', () => {
    const { figures } = verdictOn([delivered('p', 0, 100)], { exclusions: [exclusion(-50, -1), exclusion(101, 200)] });
    expect(figures.excluded).toEqual(figures.raw);
  });

  it("after the month's end still shorten the delay of a message accepted in it", () => {
    const end = (Date.parse('2026-11-30T16:00:00Z') - T0) / 1000;
    const { figures } = verdictOn([delivered('p', end - 60, 7200)], { exclusions: [exclusion(end, end + 7200)] });
    // Least: the 60 s before the exclusion begins, less 0.030 and a millisecond. Most: 7200 + 3.6036 − 7140, and a millisecond.
    expectInterval(figures.excluded.average, 59.969, 63.6046);
    expect(figures.excludedSeconds).toBe(0);
  });

  it('are stripped from the least and from the most where those lie', () => {
    // Received within [0, 100], out within [4000, 8000]; excluded is [50, 4050].
    const vague = probe('p', 0, { handover: accepted(at(0), at(100)), capture: capture(at(4000), at(8000)) });
    const { figures } = verdictOn([vague], { exclusions: [exclusion(50, 4050)] });
    // Least: from 100 to 4000 all is excluded: 0. Most: from 0 to 8000, less 4000: 4000 + 4.004.
    expectInterval(figures.excluded.average, 0, 4004.004);
  });

  it('shorten what is proven of a message still missing', () => {
    const missing = [probe('p', 0), probe('q', 0)];
    const given = { provenUntil: 7200, exclusions: [exclusion(0, 3600)] };
    const { maximum, figures } = verdictOn([...PROMPT, ...missing], given);
    // 7196.396 − 3600 = 3596.396, less a millisecond: not yet proven.
    expect(figures.excluded.breaches.messages).toEqual({ lo: 0, hi: 2 });
    expect(maximum).toBe('INCONCLUSIVE');
    expect(figures.raw.breaches.messages).toEqual({ lo: 2, hi: 2 });
  });

  it('hold for their provider and path, whatever their kind, but an adjustment has a budget of its own', () => {
    const average = (change: Parameters<typeof exclusion>[2]) =>
      verdictOn([delivered('p', 0, 100)], { exclusions: [exclusion(-10, 50, change)] }).figures.excluded.average;
    // 100 − 50, ± 0.050 and a millisecond.
    for (const change of [{}, { path: 'send' }, { kind: 'foreign-system' }, { kind: 'carrier' }] as const)
      expectInterval(average(change), 49.949, 50.051);
    for (const change of [{ path: 'receive' }, { provider: 'other' }, { kind: 'adjustment' }] as const)
      expectInterval(average(change), 99.95, 100.05);
  });

  it('that turn a breach between two others into none make no second episode of them', () => {
    const three = ['p', 'q', 'r'].map((id, index) => delivered(id, index * 10_000, 4000));
    const { figures } = verdictOn(three, { exclusions: [exclusion(10_000, 13_000)] });
    expect(figures.raw.breaches).toEqual({ messages: { lo: 3, hi: 3 }, episodes: { lo: 1, hi: 1 } });
    expect(figures.excluded.breaches).toEqual({ messages: { lo: 2, hi: 2 }, episodes: { lo: 1, hi: 1 } });
  });

  it('are found by a wall clock that was stepped only as far as it can be trusted', () => {
    // Sixty seconds forward between acceptance and capture: by the monotonic clock 100 s passed, by the wall clock 160.
    const stepped = probe('p', 0, {
      capture: capture(at(100, { wallMs: T0 + 160_000 }), at(100, { wallMs: T0 + 160_000 })),
    });
    const { figures } = verdictOn([stepped], { exclusions: [exclusion(-1000, 80)] });
    // Either reading may be 60 s off. Most excluded: [−60, 220] holds 140 of it, all of the delay: 0.
    // Least excluded: [60, 100] holds 20 of it: 160 − 20, 0.080 and 0.128 for the clock, and a millisecond.
    expectInterval(figures.excluded.average, 0, 140.209);
  });

  it('are found by the wall clock of a host that slept, which went on meanwhile', () => {
    // 100 s awake and 60 s asleep: between 100 and 160 s by the monotonic clock, 160 by the wall clock.
    const out = at(100, { wallMs: T0 + 160_000, suspendedMs: 65_000 });
    const handover = accepted(at(0, { suspendedMs: 5000 }));
    const { figures } = verdictOn([probe('p', 0, { handover, capture: capture(out, out) })], {
      exclusions: [exclusion(-1000, 80)],
    });
    // 100 − 80 and 160 − 80, − 0.050 and + 0.100, and a millisecond.
    expectInterval(figures.excluded.average, 19.949, 80.101);
  });

  it('that last do not take back what was proven before they began', () => {
    // A day of them: 0.05% of it would be 43 s.
    const { figures } = verdictOn([probe('p', 0), probe('q', 0)], {
      provenUntil: 3700 + 86_400,
      exclusions: [exclusion(3602, 3700 + 86_400)],
    });
    // 3602 − 1.803 and a millisecond.
    expect(figures.excluded.breaches.messages).toEqual({ lo: 2, hi: 2 });
    expectInterval(figures.excluded.maximum, 3600.196, INF);
  });

  it('are found by the wall clocks of two boots within their two seconds', () => {
    const out = at(10_000, { boot: 'b', monoUs: 3600e6 });
    const { figures } = verdictOn([probe('p', 0, { capture: capture(out, out) })], {
      exclusions: [exclusion(-100, 500)],
    });
    // 10,000 ± 7.005, less 500, ± 7.005 for where the delay began and a millisecond.
    expectInterval(figures.excluded.average, 9485.989, 9514.011);
  });
});

describe('the bootstrap of the month', () => {
  it('is given from seven days on, and open above while the average is', () => {
    const days = Array.from({ length: 10 }, (_, day) => delivered(`p${day}`, day * 86_400, day < 5 ? 10 : 20));
    const { figures } = verdictOn(days);
    expect(figures.bootstrapAverage!.lo).toBeGreaterThanOrEqual(9.99);
    expect(figures.bootstrapAverage!.lo).toBeLessThan(15);
    expect(figures.bootstrapAverage!.hi).toBeGreaterThan(15);
    expect(verdictOn(days.slice(0, 6)).figures.bootstrapAverage).toBeNull();
    expect(verdictOn([...days, probe('q', 0)]).figures.bootstrapAverage!.hi).toBe(INF);
    // Ten pending messages, of which nothing is proven, may halve the average: it is no tighter below than that.
    const halved = verdictOn([...days, ...days.map((_, index) => probe(`q${index}`, 0))]).figures;
    expect(halved.excluded.average!.lo).toBeCloseTo(7.496, 3);
    expect(halved.bootstrapAverage!.lo).toBe(halved.excluded.average!.lo);
  });

  it('is drawn from what is in the average for sure: lost messages only where losses count, and none that bounced', () => {
    const daily = (make: (id: string, seconds: number) => ProbeRecord) =>
      Array.from({ length: 10 }, (_, day) => make(`${day}`, day * 86_400 + 60));
    const prompt = daily((id, seconds) => delivered(id, seconds, 10));
    const late = daily((id, seconds) => bounced(`bounced-${id}`, seconds, 7200));
    const gone = daily((id, seconds) => lost(`lost-${id}`, seconds, 120 * HOUR));
    expectInterval(verdictOn([...prompt, ...late, ...gone]).figures.bootstrapAverage, 9.995, 10.005);
    const clause = { ...CLAUSE, lossesInAverage: true };
    // (9.995 + 431783.784) / 2 on every day.
    expectInterval(verdictOn([...prompt, ...late, ...gone], { clause }).figures.bootstrapAverage, 215_896.889, INF);
  });
});
