/** The page's parts as functions of what is known, without a browser. */
import { describe, expect, it } from 'vitest';
import { writeTree } from '../../src/adapters/http/page-markup.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import type { RunningMonth, StatusView } from '../../src/domain/status-view.ts';
import { firstState, type PageState, windowOf } from '../../src/page/state.ts';
import { type Tree, textOf } from '../../src/page/tree.ts';
import { bucketText } from '../../src/page/view-chart.ts';
import { exclusionsView } from '../../src/page/view-exclusions.ts';
import { gauge } from '../../src/page/view-gauge.ts';
import { lifeView } from '../../src/page/view-life.ts';
import { pageView, titleOf } from '../../src/page/view-page.ts';
import { stageBar } from '../../src/page/view-probes.ts';
import { spotView } from '../../src/page/view-spot.ts';
import { EN } from '../../src/page/words-en.ts';
import { failing, healthy, lifeOfSample, NOW_MS, probe, series, unjudged } from '../e2e/sample-status.ts';

const plain = (tree: Tree): string => textOf(tree).replaceAll('\u00a0', ' ');

describe('a gauge', () => {
  const drawn = (
    figure: { lo: number; hi: number | null } | null,
    kind: 'filling' | 'times' = 'filling',
    limit = 60,
  ): string => {
    const pledge = { name: '', found: '1 s', promised: 'at most 60 s', left: null, verdict: 'MET', why: null } as const;
    const tree = gauge({ ...pledge, bar: { kind, figure, limit } }, EN);
    return tree === null ? '' : writeTree(tree);
  };

  it('is filled up to what is sure, hatched where it is not, with the limit at three quarters', () => {
    const text = drawn({ lo: 20, hi: 40 });
    expect(text).toContain('class="sure" x="0" y="3" width="25%"');
    expect(text).toContain('class="unsure" x="25%" y="3" width="25%"');
    expect(text).toContain('class="limit-line" x1="75%"');
    expect(text).not.toContain('beyond');
    expect(text).toContain('aria-label="Measured 1 s; promised at most 60 s; MET."');
  });

  it('goes on beyond the picture where the figure does, and can be seen where it is next to nothing', () => {
    expect(drawn({ lo: 300, hi: 301 })).toContain('beyond');
    expect(drawn({ lo: 1, hi: null })).toContain('beyond');
    expect(drawn({ lo: 0.001, hi: 0.001 })).toContain('class="sure" x="0" y="3" width="0.8%"');
    expect(drawn(null)).not.toMatch(/class="(?:un)?sure"/);
  });

  it('counts times in boxes, with the line before the one that breaks the contract', () => {
    const kinds = (text: string) => [...text.matchAll(/class="box (\w+)"/g)].map(([, kind]) => kind);
    expect(kinds(drawn({ lo: 0, hi: 0 }, 'times', 2))).toEqual(['empty', 'empty']);
    expect(kinds(drawn({ lo: 1, hi: 3 }, 'times', 2))).toEqual(['sure', 'unsure', 'unsure']);
    expect(kinds(drawn({ lo: 9, hi: 9 }, 'times', 2))).toHaveLength(5);
    expect(drawn({ lo: 9, hi: 9 }, 'times', 50)).not.toContain('box');
  });
});

describe('the page', () => {
  it('says what is live, what is lost and what is stale', () => {
    const shown = (changes: Partial<PageState>) => plain(pageView({ ...firstState(healthy(), 'en'), ...changes }));
    expect(shown({})).toContain('As of 14:30:00');
    expect(shown({ link: 'live' })).toContain('Live');
    expect(shown({ link: 'lost', nowMs: NOW_MS + 7000 })).toContain('Reconnecting, last heard 7 s ago');
    expect(shown({ link: 'stale', nowMs: NOW_MS + 70_000 })).toContain(
      'Stale: this is how it stood at 2026-11-28 14:30:00',
    );
  });

  it('names the broken provider in its title', () => {
    expect(titleOf(firstState(failing(), 'en'))).toBe('✕ acme: BREACH – mailflow-probe');
    expect(titleOf(firstState(failing(), 'zh'))).toBe('✕ acme: 违约 – mailflow-probe');
    expect(titleOf(firstState({ ...healthy(), providers: [] }, 'en'))).toBe('mailflow-probe');
    expect(titleOf(firstState(healthy(), 'en'))).toBe('✓ MET – mailflow-probe');
    expect(titleOf({ ...firstState(healthy(), 'en'), link: 'stale' })).toBe('mailflow-probe');
  });

  it('names the provider of each probe where there are several, and shows one without a contract', () => {
    const [acme] = healthy().providers;
    const other = { name: 'umbra', paths: ['send'], month: null, endpoints: [], waiting: [] } as const;
    const text = plain(pageView(firstState({ ...healthy(), providers: [acme!, other] }, 'en')));
    expect(text).toContain('acme · send');
    expect(text).toContain('Measured, but held against no contract.');
  });

  it('draws limits where they are promised, before it is judged too, and shows no clause as judged until it is', () => {
    const html = writeTree(pageView(firstState(unjudged(), 'en')));
    expect(html).toContain('limit of the average 1\u00a0min');
    expect(html).not.toContain('class="clauses"');
    const [provider] = healthy().providers;
    const status = { ...healthy(), providers: [{ ...provider!, month: null }] };
    const bare = writeTree(pageView(firstState(status, 'en')));
    expect(bare).not.toContain('key-limit');
    expect(bare).not.toContain('key-exceeded');
    const slow = probe(0, 'send', { kind: 'spot', delaySeconds: { lo: 90, hi: 91 } });
    const spots = new Map([['acme', { path: 'send', phase: 'done', probe: slow, message: null } as const]]);
    const spot = (of: StatusView): string => plain(spotView(of.providers[0]!, { ...firstState(of, 'en'), spots }, EN));
    expect(spot(healthy())).toContain('Late: 1 min 30 s–1 min 31 s.');
    expect(spot(status)).toContain('Delivered in 1 min 30 s–1 min 31 s.');
  });

  it('shows those that wait longest, and says how many more wait', () => {
    const inFlight = Array.from({ length: 20 }, (_, index) =>
      probe(index, 'send', {
        id: `waiting23456${String.fromCodePoint(97 + index)}722`,
        outcome: 'pending',
        awaiting: 'capture',
      }),
    );
    const status = { ...healthy(), inFlight, inFlightCount: 27 };
    const shown = writeTree(pageView(firstState(status, 'en'))).match(/\/probes\/waiting23456[a-z]/g);
    expect(shown).toHaveLength(12);
    expect(shown?.at(-1)).toBe('/probes/waiting23456l');
    expect(plain(pageView(firstState(status, 'en')))).toContain('and 15 more');
  });

  it('says how many more exclusions there are than it shows', () => {
    const [acme] = healthy().providers;
    const month = { ...acme!.month!, exclusionCount: 1 + acme!.month!.exclusions.length };
    expect(plain(pageView(firstState({ ...healthy(), providers: [{ ...acme!, month }] }, 'en')))).toContain(
      'and 1 more',
    );
  });

  it('says what an exclusion would change, in which month, and when that cannot be shown', () => {
    const [acme] = healthy().providers;
    const now = acme!.month!.clauses.flatMap(({ terms, verdict, figures }) =>
      verdict === null ? [] : [{ id: terms.id, verdict, figures }],
    );
    const other = now.map((each) => (each.id === '2a' ? { ...each, verdict: 'BREACH' as const } : each));
    const said = (before: typeof now, after: typeof now, clauses = acme!.month!.clauses): string => {
      const provider = { ...acme!, month: { ...acme!.month!, clauses } };
      // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody calls
      const preview = { month: '2026-10', now: before, then: after };
      const exclusions = new Map([['acme', { phase: 'preview', preview, message: null } as const]]);
      return plain(exclusionsView(provider, provider.month, { ...firstState(healthy(), 'en'), exclusions }, EN));
    };
    const [nothing, notShown] = ['No verdict and no figure of October 2026 would', 'in October 2026 cannot be shown'];
    expect(said(now, now)).toContain(nothing);
    expect(said(now, other)).toMatch(/What would change in October 2026[^]*2a Send delay[^]*MET[^]*BREACH/);
    expect(said(now, other, [])).toContain(notShown);
    expect(said(now, other, [])).not.toContain(nothing);
    expect(said(now, now, [])).toContain(nothing);
    expect(said([], [])).toContain(notShown);
  });

  it('says when the month was judged, also where it cannot be any more', () => {
    const [acme] = healthy().providers;
    const text = (month: Partial<RunningMonth>, problems = {}): string => {
      const providers = [{ ...acme!, month: { ...acme!.month!, ...month } }];
      return plain(pageView(firstState({ ...healthy(), providers, problems }, 'en')));
    };
    const clauses = acme!.month!.clauses.map(({ terms }) => ({ terms, verdict: null, figures: {} }));
    expect(text({})).toContain('Judged at 14:29:40');
    expect(text({ clauses })).toMatch(/It cannot be judged now\.[^]*Judged at 14:29:40/);
    expect(text({ clauses, judgedAt: null }, { ledger: 'x' })).toContain('It cannot be judged now.');
    expect(text({ clauses, judgedAt: null })).not.toContain('Judged at');
  });

  it('calls a server unchecked that never was, and unknown where the last check is too long ago', () => {
    const [acme] = healthy().providers;
    const text = (checkedAt: string | null): string => {
      const endpoints = [{ endpoint: 'mx', up: null, seconds: null, checkedAt, certificateExpiresAt: null } as const];
      return plain(pageView(firstState({ ...healthy(), providers: [{ ...acme!, endpoints }] }, 'en')));
    };
    expect(text(null)).toContain('not checked yet');
    expect(text(new Date(NOW_MS - 10_800_000).toISOString())).toMatch(/not known now[^]*3 h ago/);
  });

  it('offers no form where it would be refused', () => {
    expect(writeTree(pageView(firstState({ ...healthy(), acting: 'forbidden' }, 'en')))).not.toContain('<form');
  });
});

describe('a chart', () => {
  it('shows its range up to now, a month from its begin, or where it was zoomed to', () => {
    const state = firstState(healthy(), 'en');
    const chart = state.charts.get('acme')!;
    const [provider] = state.status.providers;
    expect(windowOf(chart, provider!, NOW_MS)).toEqual({ fromMs: NOW_MS - 86_400_000, toMs: NOW_MS });
    expect(windowOf({ ...chart, range: 'month' }, provider!, NOW_MS).fromMs).toBe(Date.parse('2026-10-31T16:00:00Z'));
    expect(windowOf({ ...chart, range: 'month' }, { ...provider!, month: null }, NOW_MS).fromMs).toBe(
      NOW_MS - 31 * 86_400_000,
    );
    expect(windowOf({ ...chart, zoom: { fromMs: 1, toMs: 2 } }, provider!, NOW_MS)).toEqual({ fromMs: 1, toMs: 2 });
  });

  it('tells of one message, or of many, and of what went wrong', () => {
    const [bucket] = series(NOW_MS - 3_600_000, NOW_MS, 30, false).buckets;
    const one = { ...bucket!, count: 1, median: 4, highest: { lo: 4, hi: 4.1 } };
    const text = (changes: object) => bucketText({ ...one, ...changes }, EN).replaceAll('\u00a0', ' ');
    expect(text({})).toBe('4–4.1 s');
    expect(text({ highest: null, median: null, failed: 1 })).toBe('failed');
    expect(text({ count: 0, highest: null, median: null, unmeasured: 1 })).toBe('not measured');
    expect(text({ count: 9, exceeded: 2, lost: 1, highest: { lo: 4000, hi: null } })).toBe(
      '9 messages, median 4 s, longest ≥ 1 h 6 min, over the maximum 2, lost 1',
    );
  });
});

describe('a probe', () => {
  it('shows where the time of its handover went', () => {
    const tree = stageBar(probe(0, 'send').stages, EN) as Tree;
    expect(plain(tree)).toContain('673 ms · message 340 ms');
    expect(writeTree(tree).replaceAll('\u00a0', ' ')).toContain('aria-label="look-up 4 ms, connect 31 ms, TLS 58 ms');
    expect(stageBar([], EN)).toBe('–');
  });

  it('shows where a spot check is, and where it failed', () => {
    const kinds = (view: ProbeView): readonly (string | undefined)[] => {
      const state = firstState(healthy(), 'en');
      const phase = view.outcome === 'pending' ? 'running' : 'done';
      const spots = new Map([['acme', { path: view.path, phase, probe: view, message: null } as const]]);
      const html = writeTree(spotView(state.status.providers[0]!, { ...state, spots }, EN));
      return [...html.matchAll(/<li class="(\w+)"/g)].map(([, kind]) => kind);
    };
    const open = { outcome: 'pending', delaySeconds: null, acceptedAt: null, capturedAt: null } as const;
    expect(kinds(probe(0, 'send', { ...open, stages: [], awaiting: 'tls' }))).toEqual([
      'done',
      'done',
      'current',
      ...Array(6).fill('ahead'),
    ]);
    expect(kinds(probe(0, 'send', { ...open, awaiting: 'capture' }))).toEqual([...Array(8).fill('done'), 'current']);
    expect(kinds(probe(0, 'send'))).toEqual(Array(9).fill('done'));
    const refused = probe(0, 'send', { ...open, outcome: 'failed', stages: probe(0, 'send').stages.slice(0, 7) });
    expect(kinds(refused)).toEqual([...Array(6).fill('done'), 'failed', 'missed', 'missed']);
    const bounced = probe(0, 'send', { outcome: 'failed', capturedAt: null, delaySeconds: null });
    expect(kinds(bounced)).toEqual([...Array(8).fill('done'), 'missed']);
  });

  it('says since when the agent does not answer, on the page of its life', () => {
    const view = probe(0, 'send');
    const state = {
      language: 'en',
      view,
      life: lifeOfSample(view),
      timeZone: 'Asia/Shanghai',
      version: '0',
      report: null,
    } as const;
    expect(plain(lifeView(state))).not.toContain('has not answered');
    expect(plain(lifeView({ ...state, unansweredSinceMs: NOW_MS }))).toContain(
      'The agent has not answered since 2026-11-28 14:30:00',
    );
  });

  it('says of a delivery whether it took longer than the contract allows, for sure or perhaps', () => {
    const shown = (delaySeconds: ProbeView['delaySeconds'], maximumSeconds: number | null) => {
      const view = probe(0, 'send', { delaySeconds });
      const report = { maximumSeconds, exclusions: [] };
      const life = lifeOfSample(view);
      return plain(lifeView({ language: 'en', view, life, timeZone: 'Asia/Shanghai', version: '0', report }));
    };
    const [over, perhaps] = [
      'Longer than the 1 h that the contract allows',
      'It cannot be told whether it took longer',
    ];
    expect(shown({ lo: 3601, hi: 3700 }, 3600)).toContain(over);
    expect(shown({ lo: 3601, hi: null }, 3600)).toContain(over);
    expect(shown({ lo: 3600, hi: 3601 }, 3600)).toContain(perhaps);
    for (const quiet of [shown({ lo: 10, hi: 3600 }, 3600), shown({ lo: 3601, hi: 3700 }, null), shown(null, 3600)])
      for (const text of [over, perhaps]) expect(quiet).not.toContain(text);
  });

  it('says how many deferrals it does not show', () => {
    const view = probe(0, 'send');
    const sample = lifeOfSample(view);
    const shown = (unkept: number, language: 'en' | 'zh') => {
      const events = sample.events.map((event) => (event.kind === 'deferred' ? { ...event, unkept } : event));
      const life = { ...sample, events };
      return plain(lifeView({ language, view, life, timeZone: 'Asia/Shanghai', version: '0', report: null }));
    };
    expect(shown(0, 'en')).not.toContain('after');
    expect(shown(1, 'en')).toContain('after one more');
    expect(shown(1429, 'en')).toContain('Greylisted, come again in 15 minutes (after 1429 more');
    expect(shown(1429, 'zh')).toContain('1429 次');
  });

  it('shows its raw header line by line and whole, as text, and says where it was cut', () => {
    const view = probe(0, 'send');
    const sample = lifeOfSample(view);
    const state = { language: 'en', view, timeZone: 'Asia/Shanghai', version: '0', report: null } as const;
    const shown = (header: typeof sample.header) => lifeView({ ...state, life: { ...sample, header } });
    const text = plain(shown(sample.header));
    expect(text).toContain('Show all 5 lines');
    expect(text).toContain('a'.repeat(1200) + 'end');
    // UTF-8 is read as such, what is none is replaced, and what cannot be seen is a blank.
    expect(text).toContain('\u63a2');
    expect(text).toContain('\ufffd');
    expect(text).not.toMatch(/\p{Cc}|\u202e/u);
    expect(writeTree(shown(sample.header))).not.toMatch(/<img|<script/);
    expect(text).not.toContain('were kept');
    expect(plain(shown({ text: 'x'.repeat(16384), cut: true }))).toContain('only the first 16 KiB were kept');
    expect(plain(shown(null))).not.toContain('Raw header');
  });

  it('shows its life in the order of its ends, drawn to a scale that keeps that order', () => {
    const view = probe(0, 'send');
    const html = writeTree(
      lifeView({
        language: 'en',
        view,
        life: lifeOfSample(view),
        timeZone: 'Asia/Shanghai',
        version: '0',
        report: null,
      }),
    );
    const ends = [...html.matchAll(/class="lasted" x="([\d.]+)%"/g)].map(([, x]) => Number(x));
    expect(ends).toHaveLength(8);
    expect(ends).toEqual(ends.toSorted((one, other) => one - other));
    const labels = [...html.matchAll(/<th scope="row">([^<]+)</g)].map(([, label]) => label);
    expect(labels.slice(0, 2)).toEqual(['Planned', 'Deferred by the server']);
    expect(labels.indexOf('Accepted by the provider')).toBeLessThan(labels.indexOf('Transfer to our sink started'));
    expect(html).toContain('class="within"');
  });
});

it('an update is given the very same rows and table where nothing of them changed', () => {
  const rowsOf = (tree: Tree): readonly Tree[] =>
    typeof tree === 'string' ? [] : tree.tag === 'tr' ? [tree] : tree.children.flatMap(rowsOf);
  const first = firstState(healthy(), 'en');
  const charts = new Map([
    ['acme', { ...first.charts.get('acme')!, series: series(NOW_MS - 3_600_000, NOW_MS, 30, true) }],
  ]);
  const state = { ...first, charts };
  const aged = { ...healthy(), recent: healthy().recent.map((each) => ({ ...each, ageSeconds: each.ageSeconds + 1 })) };
  const before = rowsOf(pageView(state));
  const after = rowsOf(pageView({ ...state, status: aged, nowMs: NOW_MS + 1000 }));
  const same = before.filter((each) => after.includes(each)).length;
  expect(same).toBe(40 + 30 + 1);
  const news = { ...aged, recent: [{ ...aged.recent[0]!, error: 'bounced' }, ...aged.recent.slice(1)] };
  const changed = rowsOf(pageView({ ...state, status: news }));
  expect(plain(changed.find((each) => !before.includes(each) && plain(each).includes('14:28:00'))!)).toContain(
    'bounced',
  );
});
