/** What the page says first: whether the month's promises are kept, and whether anything is wrong today. */
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/domain/probe.ts';
import type { DelaySeriesBucket, StatusView } from '../../src/domain/status-view.ts';
import { type DaySummary, dayOf, limitsOf, summariseSeries } from '../../src/page/day.ts';
import { headlineOf } from '../../src/page/headline.ts';
import { pledgesOf } from '../../src/page/pledges.ts';
import type { PageState } from '../../src/page/state.ts';
import { EN } from '../../src/page/words-en.ts';
import { ZH } from '../../src/page/words-zh.ts';
import { failing, healthy, NOW_MS, series, unjudged } from '../e2e/sample-status.ts';

type PageDay = PageState['days'] extends ReadonlyMap<string, infer Entry> ? Entry : never;
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const providerOf = ({ providers }: StatusView) => providers[0]!;

describe('the month', () => {
  it('is broken for reasons that a stranger understands', () => {
    const { verdict, sentences } = headlineOf(providerOf(failing()), EN, 'en');
    expect(verdict).toBe('BREACH');
    expect(sentences.map(plain)).toEqual([
      'Outgoing mail takes 1 min 14 s–1 min 16 s on average; the contract allows 1 min.',
      '3–4 outgoing messages took longer than 1 h; 2 break the contract.',
      'Available 99.86–99.96% of the month; the contract promises 99.99%.',
    ]);
    expect(headlineOf(providerOf(failing()), ZH, 'zh').sentences[0]).toMatch(/^外发邮件平均延迟/);
  });

  it('says of what is just over a limit so much that it does not read like the limit', () => {
    const { month } = providerOf(healthy());
    const why = (index: number, figures: Record<string, [number, number | null]>) =>
      pledgesOf({ ...month!.clauses[index]!, verdict: 'BREACH', figures }, EN).flatMap((each) =>
        each.why === null ? [] : plain(each.why),
      );
    const operations = month!.clauses.findIndex(({ terms }) => terms.kind === 'operations');
    expect(why(operations, { downSeconds: [6020, 6020], adjustmentSeconds: [0, 0] })).toEqual([
      'Faults lasted 1 h 40 min 20 s; the contract allows 100 min.',
    ]);
    expect(why(1, { averageSeconds: [60.4, 60.4] })).toEqual([
      'Outgoing mail takes 1 min 0.4 s–1 min 1 s on average; the contract allows 1 min.',
    ]);
    expect(why(operations, { availability: [0.999871, 0.999872] })).toEqual([
      'Available 99.987–99.988% of the month; the contract promises 99.99%.',
    ]);
  });

  it('is kept, open, not judged yet, or not judged', () => {
    const kept = providerOf(healthy());
    const month = kept.month!;
    expect(headlineOf(kept, EN, 'en')).toEqual({ verdict: 'MET', sentences: [EN.headline.met] });
    const open = { ...month.clauses[0]!, verdict: 'INCONCLUSIVE' } as const;
    expect(headlineOf({ ...kept, month: { ...month, clauses: [open, ...month.clauses.slice(1)] } }, EN, 'en')).toEqual({
      verdict: 'INCONCLUSIVE',
      sentences: ['No breach is proven. Not settled: 1\u00a0Connectivity.'],
    });
    expect(headlineOf(providerOf(unjudged()), EN, 'en')).toEqual({ verdict: null, sentences: [EN.headline.notYet] });
    expect(headlineOf({ ...kept, month: null }, EN, 'en').sentences).toEqual([EN.headline.unjudged]);
  });

  it('is not judged yet before the first time only, and not while what it takes fails', () => {
    const { month, ...rest } = providerOf(healthy());
    const said = (judgedAt: string | null, problems: Record<string, string> = {}) =>
      headlineOf({ ...rest, month: { ...month!, judgedAt, clauses: [] } }, EN, 'en', problems).sentences;
    expect(said(null)).toEqual([EN.headline.notYet]);
    expect(said(null, { 'mailbox acme': 'down', 'judge other': 'x' })).toEqual([EN.headline.notYet]);
    expect(said(null, { 'judge acme': 'cannot read the ledger' })).toEqual([EN.headline.notNow]);
    expect(said(null, { ledger: 'no answer for 60 s' })).toEqual([EN.headline.notNow]);
    expect(said(month!.judgedAt)).toEqual([EN.headline.notNow]);
  });

  it('names a clause that is broken though no figure of it tells why', () => {
    const { month, ...rest } = providerOf(healthy());
    const broken = { ...month!.clauses[1]!, verdict: 'BREACH' } as const;
    expect(headlineOf({ ...rest, month: { ...month!, clauses: [broken] } }, EN, 'en').sentences.map(plain)).toEqual([
      '2a Send delay is broken.',
    ]);
  });
});

describe('a pledge', () => {
  const verdictsOf = (figures: Record<string, [number, number | null]>, broken = false) => {
    const clause = providerOf(healthy()).month!.clauses[1]!;
    return pledgesOf({ ...clause, verdict: broken ? 'BREACH' : 'MET', figures }, EN).map(({ verdict }) => verdict);
  };

  it('may reach its average, not exceed it; a maximum is broken by its number of times alone', () => {
    expect(verdictsOf({ averageSeconds: [60, 60], maximumSeconds: [9000, 9000], breaches: [1, 1] })).toEqual([
      'MET',
      null,
      'MET',
    ]);
    expect(verdictsOf({ averageSeconds: [60.001, 61], breaches: [2, 2] }, true)).toEqual(['BREACH', null, 'BREACH']);
    // An average of a month that goes on breaks no clause.
    expect(verdictsOf({ averageSeconds: [60.001, 61], breaches: [0, 0] })).toEqual(['INCONCLUSIVE', null, 'MET']);
    expect(verdictsOf({ averageSeconds: [59, 61], breaches: [1, 2] })).toEqual(['INCONCLUSIVE', null, 'INCONCLUSIVE']);
    expect(verdictsOf({ averageSeconds: [59, null] })).toEqual(['INCONCLUSIVE', null, 'INCONCLUSIVE']);
  });

  it('says what is left, and that nothing is', () => {
    const left = (status: StatusView) => pledgesOf(providerOf(status).month!.clauses[1]!, EN).map((each) => each.left);
    expect(left(healthy())).toEqual([null, null, '1 more allowed']);
    expect(left(failing())).toEqual([null, null, 'nothing left']);
    const [down] = pledgesOf(providerOf(failing()).month!.clauses[0]!, EN);
    expect(plain(down?.left ?? '')).toBe('0 s–23 min left');
  });
});

describe('today', () => {
  const GOOD: DaySummary = {
    ...{ count: 9, unmeasured: 0, delivered: 9, typical: 3, averageLo: 3, longest: 4 },
    ...{ exceeded: 0, failed: 0, lost: 0 },
  };
  const NOTHING: DaySummary = { ...GOOD, count: 0, delivered: 0, typical: null, averageLo: null, longest: null };
  const day = (status: StatusView, changes: Partial<Record<Path, PageDay>> = {}) => {
    const summaries = { send: GOOD, receive: GOOD, internal: GOOD, ...changes };
    const days = new Map(Object.entries(summaries).map(([path, summary]) => [`${path} acme`, summary]));
    return dayOf(providerOf(status), status, days, EN);
  };

  it('does not call a delay over the maximum as long as the maximum', () => {
    const send = { ...GOOD, longest: 3600.4, exceeded: 1 };
    expect(plain(day(healthy(), { send }).paths[0]!.summary)).toBe('9 messages, typically 3 s, longest 1 h 0.4 s');
  });

  it('is good while all that came out was in time', () => {
    expect(day(healthy())).toMatchObject({ state: 'good', now: [] });
    expect(day(healthy(), { send: NOTHING, receive: NOTHING, internal: NOTHING })).toMatchObject({
      state: 'none',
      paths: [],
    });
  });

  it('is not called good before the series of each path is there, and says where one could not be had', () => {
    const [provider, some] = [providerOf(healthy()), new Map([['send acme', GOOD]])];
    expect(dayOf(provider, healthy(), new Map(), EN)).toEqual({ state: 'loading', now: [], paths: [] });
    expect(dayOf(provider, healthy(), some, EN)).toMatchObject({ state: 'loading', paths: [{ path: 'send' }] });
    expect(dayOf(providerOf(failing()), failing(), new Map(), EN).state, 'which is seen all the same').toBe('trouble');
    const { state, paths } = day(healthy(), { receive: { problem: 'too busy' } });
    expect(state).toBe('unknown');
    expect(paths[1]).toMatchObject({ path: 'receive', state: 'unknown', summary: 'could not be loaded: too busy' });
    expect(day(healthy(), { send: { ...GOOD, lost: 1 }, receive: { problem: '' } }).state).toBe('trouble');
  });

  it('is in trouble by a server that is down, by mail that waits, and by each path with its last reason', () => {
    const { state, now, paths } = day(failing(), { receive: { ...GOOD, failed: 6 } });
    expect(state).toBe('trouble');
    expect(now.map(plain)).toEqual([
      'Incoming mail (MX) is down now.',
      '25 outgoing messages on the way, the oldest for 2 h 5 min.',
    ]);
    const receive = paths.find(({ path }) => path === 'receive');
    expect(receive?.troubles).toEqual(['6 failed']);
    expect(receive?.reason).toMatch(/^Last reason: refused at rcpt: 550 5\.7\.1/);
  });

  it('is told by the whole day where that is known', () => {
    const all = summariseSeries(series(NOW_MS - 6 * 3_600_000, NOW_MS, 600, true));
    const { paths } = day(healthy(), { send: { ...all, exceeded: 3 } });
    expect(paths[0]?.troubles.map(plain)).toContain('3 took longer than 1 h');
    const slow = { ...all, typical: 3, averageLo: 60.5, exceeded: 0, failed: 0 };
    expect(day(healthy(), { send: slow }).paths[0]?.troubles.map(plain)).toEqual([
      'slower than the 1 min allowed on average',
    ]);
    const halfSlow = { ...slow, typical: 61, averageLo: 60 };
    expect(day(healthy(), { send: halfSlow }).paths[0]?.troubles).toEqual([]);
  });

  it('sums up a series by its counts, its weighted median and its longest', () => {
    const bucket = (changes: Partial<DelaySeriesBucket>): DelaySeriesBucket => ({
      ...{ fromMs: 0, toMs: 1, count: 1, unmeasured: 0, lowest: 1, median: 1, highest: { lo: 1, hi: 2 } },
      ...{ delivered: { count: 1, sumLo: 1 }, pending: 0, lost: 0, failed: 0, exceeded: 0, probe: 'a' },
      ...changes,
    });
    const none = { delivered: { count: 0, sumLo: 0 } };
    const nothing = bucket({
      count: 2,
      lowest: null,
      median: null,
      highest: null,
      failed: 1,
      lost: 1,
      unmeasured: 4,
      ...none,
    });
    const buckets = [
      bucket({ count: 10, median: 2, delivered: { count: 10, sumLo: 4 } }),
      bucket({ median: 50, highest: { lo: 4000, hi: null }, exceeded: 1, delivered: { count: 1, sumLo: 4000 } }),
      nothing,
    ];
    expect(summariseSeries({ fromMs: 0, toMs: 9, buckets, gaps: [] })).toEqual({
      count: 13,
      unmeasured: 4,
      delivered: 11,
      typical: 2,
      averageLo: 364,
      longest: 4000,
      exceeded: 1,
      failed: 1,
      lost: 1,
    });
  });

  it('is not good where nothing could be measured', () => {
    const unmeasured = { ...NOTHING, unmeasured: 5 };
    const { state, paths } = day(healthy(), { send: unmeasured, receive: NOTHING, internal: NOTHING });
    expect(state).toBe('none');
    expect(paths).toMatchObject([{ path: 'send', state: 'none', summary: '5 not measured', troubles: [] }]);
    const mixed = day(healthy(), { send: { ...GOOD, unmeasured: 5 } });
    expect(mixed.state).toBe('good');
    expect(plain(mixed.paths[0]!.summary)).toBe('9 messages, typically 3 s, longest 4 s, 5 not measured');
  });

  it('has the limits of the clause on the path, judged or not, and none where nothing is promised', () => {
    const status = unjudged();
    expect(limitsOf(providerOf(healthy()), 'send')).toEqual({ average: 60, maximum: 3600 });
    expect(limitsOf(providerOf(status), 'send')).toEqual({ average: 60, maximum: 3600 });
    expect(limitsOf(providerOf(healthy()), 'internal')).toBeNull();
    expect(limitsOf({ ...providerOf(healthy()), month: null }, 'send')).toBeNull();
  });

  it('is slow or late by the limits of a contract alone', () => {
    const slow = { ...GOOD, averageLo: 61, exceeded: 2 };
    const troublesOf = (path: Path, status: StatusView) =>
      day(status, { [path]: slow })
        .paths.find((each) => each.path === path)
        ?.troubles.map(plain);
    const told = ['2 took longer than 1 h', 'slower than the 1 min allowed on average'];
    expect(troublesOf('send', healthy())).toEqual(told);
    expect(troublesOf('send', unjudged()), 'not judged yet').toEqual(told);
    expect(troublesOf('internal', healthy()), 'not promised').toEqual([]);
  });
});
