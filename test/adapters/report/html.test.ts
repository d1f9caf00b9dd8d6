/** The page: its order, every figure of the report in it, nothing of it written by strangers, and nothing it needs from elsewhere. */
import { createHash } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { count, durations, percents, seconds } from '../../../src/adapters/report/format.ts';
import { renderHtml } from '../../../src/adapters/report/html.ts';
import { EN } from '../../../src/adapters/report/words-en.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import type { ProviderCharts } from '../../../src/domain/report/report-charts.ts';
import type { Figure } from '../../../src/domain/report/report-evidence.ts';
import { pathAnchor, probeAnchor } from '../../../src/page/report-place.ts';
import { ATTESTED, BREACH, DELAY, sample } from './sample.ts';
import { CONNECTIVITY, OPEN_OUTAGE, OPERATIONS, OUTAGE } from './sample-availability.ts';
import { healthyMonth, richMonth } from './sample-page.ts';

const RICH = await richMonth();
const english = renderHtml(RICH.report, RICH.charts, 'en');
const chinese = renderHtml(RICH.report, RICH.charts, 'zh');

/** What a reader reads: tags gone, references resolved. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('\u00a0', ' ');
}
const page = (clauses: Report['providers'][number]['clauses'], charts: readonly ProviderCharts[] = []): string =>
  renderHtml(sample(clauses), charts, 'en');

describe('the order', () => {
  it('is verdicts, clauses, charts, evidence, method', () => {
    const order = ['p>Promise broken', 'h3>Verdicts', 'h3>Clause by clause', 'h3>Charts', 'h3>Evidence', 'h2>Method'];
    const places = order.map((heading) => english.indexOf(`<${heading}`));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('begins with the month, whether it is final, and the month in a sentence', () => {
    const [start = ''] = textOf(english).split('Verdicts');
    expect(start).toContain('November 2026');
    expect(start).toContain('provisional · Generated');
    expect(start).toContain('Promise broken: 2a Send delay, 2b Receive delay, 3 Operations.');
    expect(start).toContain('Not settled: 1 Connectivity.');
    expect(start).toContain('mail may still arrive until 2026-12-06 00:00.');
  });

  it('goes on with what is owed, once however many clauses owe it, and tells the coverage of each verdict', () => {
    const told = textOf(page([DELAY, { ...OPERATIONS, coverage: { ...OPERATIONS.coverage, ratio: 0.000299 } }]));
    const [start = '', rest = ''] = told.split('Verdicts');
    expect(start).toMatch(/Promise broken: 2a Send delay, 3 Operations\.\s+Owed: The month's service time doubled\./);
    expect(start.match(/Owed:/g)).toHaveLength(1);
    const [verdicts = ''] = rest.split('Clause by clause');
    expect(verdicts).toMatch(/Coverage\s+99\.99%/);
    expect(verdicts).toMatch(/Coverage\s+0\.02%/);
    expect(textOf(page([CONNECTIVITY]))).not.toContain('Owed:');
    expect(textOf(renderHtml(sample([OPERATIONS]), [], 'zh'))).toContain('应付补偿：当月服务时间加倍。');
  });

  it('says in both languages what may still change a breach, and how exclusions count', () => {
    for (const [told, phrases] of [
      [textOf(english), ['whatever arrives, except by an exclusion.', 'counts with what is left of it, down to 0 s']],
      [textOf(chinese), ['仅可能因除外事项而改变。', '以扣除后所余（最少为 0 秒）计入']],
    ] as const)
      for (const phrase of phrases) expect(told).toContain(phrase);
  });

  it('says of a kept month that every promise was kept, and of an open one that no breach is proven', async () => {
    const { report, charts } = await healthyMonth();
    const kept = textOf(renderHtml(report, charts, 'en'));
    expect(kept).toContain(
      'Every measured promise was kept: 1 Connectivity, 2a Send delay, 2b Receive delay, 3 Operations.',
    );
    expect(kept).toContain('No message is known, or suspected, to have exceeded the maximum, and no outage was seen.');
    expect(kept).not.toContain('Provisional:');
    expect(textOf(page([CONNECTIVITY]))).toContain('No breach is proven. Not settled: 1 Connectivity.');
    expect(textOf(page([ATTESTED]))).toContain('No clause of this contract is measured.');
  });
});

/** Every interval within, but those of single breaches, which are cut where they are many. */
function figuresIn(value: unknown): readonly Figure[] {
  if (Array.isArray(value)) return value.flatMap(figuresIn);
  if (typeof value !== 'object' || value === null) return [];
  const found = 'lo' in value && 'hi' in value ? [value as Figure] : [];
  return [...found, ...Object.values(value).flatMap(figuresIn)];
}

describe('every figure of the report is in it', () => {
  const text = textOf(english);

  it.each(RICH.report.providers.flatMap(({ clauses }) => clauses))('of clause $id', (clause) => {
    const { figures, outages, breaches } = { figures: null, outages: [], breaches: [], ...clause };
    const all = figuresIn([figures, outages, breaches]);
    for (const figure of all) {
      const ways = [seconds(figure), count(figure), percents(figure)];
      expect(
        ways.filter((way) => text.includes(way)),
        JSON.stringify(figure),
      ).not.toEqual([]);
    }
    expect(all.length > 10).toBe(clause.kind !== 'attested');
  });

  it('with the limits, the verdict on each and what is left', () => {
    const alone = textOf(page([DELAY, CONNECTIVITY, OPERATIONS]));
    for (const limit of ['at most 1 min', 'fewer than 2 messages', 'under 44 min', 'at least 99.9%', 'at least 99.99%'])
      expect(alone).toContain(limit);
    expect(alone).toContain('at most 100 min');
    expect(alone).toContain(durations(OPERATIONS.faultsLeftSeconds, EN.units).replaceAll('\u00a0', ' '));
    expect(alone).toContain('0 s–10 min 24 s');
    expect(alone).toContain('99.99% of the month so far, longest stretch without a probe 5 min 1 s');
    expect(alone).toContain('97.98% of the month so far, longest stretch without knowledge 20 min 1 s');
    expect(alone).toContain('delivered 100, pending 0, failed 1, lost 2, unmeasured 3');
  });

  it('with durations in which no line ends', () => {
    expect(page([OPERATIONS])).toContain('44\u00a0min\u00a041\u00a0s–1\u00a0h\u00a06\u00a0min\u00a024\u00a0s');
  });

  it('with what is owed, and nothing where no breach is proven', () => {
    expect(textOf(page([OPERATIONS]))).toMatch(/Remedy owed\n\s*\n?The month's service time doubled/);
    expect(textOf(page([CONNECTIVITY]))).toContain('Nothing is owed by this clause.');
  });

  it('with each exclusion once, and the clauses that leave it out', () => {
    expect(text.match(/ticket 2026-1107/g)).toHaveLength(1);
    expect(english).toMatch(/<td>1, 2a, 2b, 3<\/td>/);
    // The carrier's line was that of the send path.
    expect(english).toMatch(/<td>1, 2a, 3<\/td>/);
  });
});

describe('evidence', () => {
  it('tells of a breach who said what and when', () => {
    const text = textOf(page([{ ...DELAY, breaches: [{ ...BREACH, folder: 'Junk', notice: 'failed 5.1.1' }] }]));
    const told = [
      ...['k7q2abcdefgh2345', 'proven', '≥ 7200.000 s (before exclusions ≥ 9000.000 s)', 'lost'],
      ...['2026-11-10 08:00:00.000+08:00', 'probe@agent.example → probe-0@sink.example', '192.0.2.7:587'],
      ...['2.0.0 Ok: queued as 4F', 'Junk', 'failed 5.1.1', 'unwatched', 'out.acme.example 2026-11-10T00:00:02Z +1 s'],
    ];
    for (const each of told) expect(text).toContain(each);
  });

  it('tells of an outage between which checks it began and ended, and of one that lasts', () => {
    const text = textOf(page([{ ...CONNECTIVITY, outages: [OUTAGE, OPEN_OUTAGE] }]));
    expect(text).toContain('2026-11-12 14:02:11 – 2026-11-12 14:03:04');
    expect(text).toContain('2026-11-12 14:36:40 – 2026-11-12 14:37:29');
    expect(text).toContain('by 2026-11-23 20:00');
    expect(text).toContain('after 2026-11-23 20:30, lasts');
    expect(text).toContain('connect ECONNREFUSED: connection refused');
  });

  it('is cut where there is a flood of it, and says how much more there is', () => {
    const breaches = Array.from({ length: 500 }, (_, index) => ({ ...BREACH, probe: `probe${index}x` }));
    const outages = Array.from({ length: 300 }, () => OUTAGE);
    const text = textOf(
      page([
        { ...DELAY, breaches },
        { ...CONNECTIVITY, outages },
      ]),
    );
    expect(text).toContain('probe199x');
    expect(text).not.toContain('probe200x');
    expect(text).toContain('300 more are in the JSON report.');
    expect(text).toContain('100 more are in the JSON report.');
  });
});

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>' onload='x \u202e&lt;b&gt; </style></svg>]]> {{x}}`;

test('what the network or a person wrote is text wherever it stands', () => {
  const breach = {
    ...BREACH,
    ...{ probe: HOSTILE, reply: HOSTILE, notice: HOSTILE, folder: HOSTILE, server: HOSTILE, sender: HOSTILE },
    ...{ recipient: HOSTILE, flags: [HOSTILE], acceptedAt: '2026-11-10T00:00:00.000Z' },
    hops: [{ by: HOSTILE, from: HOSTILE, at: HOSTILE, seconds: 1 }],
  };
  const [entry] = DELAY.excluded.entries;
  const entries = [{ ...entry!, by: HOSTILE, evidence: HOSTILE, note: HOSTILE }];
  const texts = { en: HOSTILE, zh: HOSTILE };
  const shared = { title: texts, remedy: texts, excluded: { seconds: 1, entries } };
  const report = sample([
    { ...DELAY, ...shared, id: HOSTILE, breaches: [breach] },
    { ...CONNECTIVITY, ...shared, outages: [{ ...OUTAGE, reason: HOSTILE }] },
    { ...ATTESTED, ...shared, reason: texts, remedy: null },
  ]);
  const [provider] = report.providers;
  const hostile = { ...provider!, provider: HOSTILE, contract: HOSTILE, contractTitle: texts };
  const [chart] = RICH.charts[0]!.delays;
  const charts = [{ provider: HOSTILE, delays: [{ ...chart!, clause: HOSTILE }] }];
  const written = renderHtml({ ...report, providers: [hostile] }, charts, 'en');
  expect(written).toContain('Delay over the month');
  const tags = [...written.matchAll(/<\/?([a-z0-9]+|!doctype)/gi)].map(([, name]) => name);
  expect(new Set(tags)).not.toContain('img');
  expect(new Set(tags)).not.toContain('script');
  expect(written.match(/<\/style/g)).toHaveLength(1);
  expect(written).not.toContain('\u202e');
  // Every attribute is one of ours: none of the text ended one and began another.
  const attributes = [...written.matchAll(/<[a-z][^>]*>/g)].flatMap(([tag]) => [
    ...tag.matchAll(/ ([a-z:-]+)="[^"]*"/gi),
  ]);
  expect(new Set(attributes.map(([, name]) => name))).not.toContain('onerror');
  expect(new Set(attributes.map(([, name]) => name))).not.toContain('onload');
  expect(textOf(written)).toContain("\"><img src=x onerror=alert(1)><script>alert(2)</script>' onload='x");
});

describe('it needs nothing else', () => {
  it('runs nothing, loads nothing, and allows but its own style sheet', () => {
    expect(english).not.toMatch(/<script|<link|<iframe|<img|<form|<a |\ssrc=|\shref=|\sstyle=|@import|https?:/);
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(english) ?? [];
    expect(style).not.toMatch(/url\((?!#)/);
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
    expect(english).toContain(`content="${policy.replaceAll("'", '&#39;')}"`);
  });

  it('has a place for each breach and each clause on a path, by the names that pages point at', () => {
    for (const { provider, clauses } of RICH.report.providers)
      for (const clause of clauses) {
        if (clause.kind !== 'delay') continue;
        expect(english).toContain(
          `<article class="clause" id="${pathAnchor(provider, clause.path)}"><h4>${clause.id} `,
        );
        for (const { probe } of clause.breaches)
          expect(english).toContain(`<li id="${probeAnchor(probe)}"><p class="breach-head"><code>${probe}<`);
      }
    expect(english).toMatch(/<li id="probe-/);
    // Two clauses on one path, with the same breaches: the first has the names.
    const twice = page([DELAY, { ...DELAY, id: '2c' }]);
    const ids = [...twice.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names no two things alike', () => {
    const ids = [...english.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, names = ''] of english.matchAll(/aria-labelledby="([^"]+)"/g))
      for (const name of names.split(' ')) expect(ids).toContain(name);
  });
});

describe('the page in Chinese', () => {
  it('uses the terms of the contract', () => {
    expect(chinese).toContain('<html lang="zh-Hans">');
    const text = textOf(chinese);
    for (const term of [
      '服务品质月报',
      '2026 年 11 月',
      '违约：2a 发送延迟、2b 接收延迟、3 运维。',
      '邮箱联通性',
      '可用率',
    ])
      expect(text).toContain(term);
    for (const term of ['故障时间', '调整时间', '无法判定', '达标', '应付补偿', '不低于 99.99%', '少于 44 分钟'])
      expect(text).toContain(term);
  });

  it('has the same parts as in English', () => {
    const shape = (text: string) =>
      [...text.matchAll(/<\/?(?:section|article|table|tr|h\d|figure|li|dt|path|rect)\b/g)].join('');
    expect(shape(chinese)).toBe(shape(english));
  });
});

test('a month in which nothing was accepted has charts that say so', () => {
  const empty = { clause: '2a', buckets: [], distribution: [], gaps: [] };
  expect(textOf(page([DELAY], [{ provider: 'acme', delays: [empty] }]))).toContain(
    'No probe of this clause was accepted in the month.',
  );
});
