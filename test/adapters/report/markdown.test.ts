/** The report as Markdown: what a person reads, in two languages, and nothing of it written by strangers. */
import { describe, expect, it, test } from 'vitest';
import { renderMarkdown as rendered } from '../../../src/adapters/report/markdown.ts';
import { ATTESTED, BREACH, DELAY, sample } from './sample.ts';
import { CONNECTIVITY, OPERATIONS, OUTAGE } from './sample-availability.ts';

/** Durations hold no-break spaces. */
const renderMarkdown: typeof rendered = (...of) => rendered(...of).replaceAll('\u00a0', ' ');
const linesOf = (text: string): string[] => text.split('\n');

const HOSTILE = '250 ok\n\n# Owned | <img src=x onerror=alert(1)> [x](javascript:alert) `**` \u202e';

describe('in English', () => {
  const text = renderMarkdown(sample(), 'en');

  it('begins with the month, whether it is final, and the verdicts with what is owed', () => {
    expect(linesOf(text)[0]).toBe('# Service report 2026-11: provisional');
    expect(text).toContain('- Generated: 2026-12-01 08:00:00.000+08:00');
    expect(text).toContain('- Contract: Agreement (enterprise-mail-sla)');
    expect(text).toContain('- Month: 2026-11-01 00:00:00.000+08:00 – 2026-12-01 00:00:00.000+08:00 (Asia/Shanghai)');
    expect(text).toContain('- Final from: 2026-12-06 00:00:00.000+08:00');
    expect(text).toContain(
      "| 2a Send delay | **BREACH** | 99.99% | The month's service time doubled | average, maximum |",
    );
    expect(text).toContain('| 9 Customer service | **INCONCLUSIVE** |  | none | Nothing has been entered. |');
  });

  it('says above the verdicts what is broken, what is owed, once, and what is not settled', () => {
    const [above = ''] = renderMarkdown(sample([CONNECTIVITY, DELAY, OPERATIONS]), 'en').split('| Clause |');
    expect(above.trim().split('\n').at(-1)).toBe(
      "**Promise broken: 2a Send delay, 3 Operations.** Owed: The month's service time doubled. Not settled: 1 Connectivity.",
    );
    const chinese = renderMarkdown(sample([OPERATIONS]), 'zh');
    expect(chinese).toContain('**违约：3 运维。** 应付补偿：当月服务时间加倍。');
  });

  it('says how much of the month each verdict rests on, and which part decides it', () => {
    const coverage = { ...CONNECTIVITY.coverage, ratio: 0.000299 };
    const rows = renderMarkdown(
      sample([
        { ...CONNECTIVITY, coverage },
        { ...CONNECTIVITY, verdict: 'MET', verdicts: { downtime: 'MET', availability: 'MET' } },
      ]),
      'en',
    );
    expect(rows).toContain('| 1 Connectivity | **INCONCLUSIVE** | 0.02% | none | downtime, availability |');
    expect(rows).toContain('| 1 Connectivity | **MET** | 97.98% | none |  |');
  });

  it('sets each figure beside its limit, rounded outwards, and says what nothing bounds', () => {
    expect(text).toContain('| Average | 61.250–63.100 s (1 min 1 s–1 min 4 s) | 70.000 s | at most 60 s | BREACH |');
    expect(text).toContain('| Maximum | ≥ 7200.000 s (≥ 2 h) | ≥ 7200.000 s | at most 3600 s |  |');
    expect(text).toContain('| Maximum exceeded, messages | 2–3 | 2–3 | fewer than 2 messages | BREACH |');
    expect(text).toContain('| Maximum exceeded, episodes | 1 | 1 |  |  |');
    expect(text).toContain('- Probes: delivered 100, pending 0, failed 1, lost 2, unmeasured 3');
    expect(text).toContain('- Coverage: 99.99% of the month so far, longest stretch without a probe 5 min 1 s');
  });

  it('lists exclusions and the evidence of each breach', () => {
    expect(text).toContain(
      '| (e) carrier lines cut, or carrier works | all paths | 2026-11-10 08:00:00.000+08:00 | 2026-11-10 09:00:00.000+08:00 | Li Wei | ticket 7 |  |',
    );
    expect(text).toContain('1. `k7q2abcdefgh2345` proven\n   - Delay: ≥ 7200.000 s (before exclusions ≥ 9000.000 s)\n');
    expect(text).toContain('   - Accepted: 2026-11-10 08:00:00.000+08:00\n');
    expect(text).toContain('   - Its reply: 2.0.0 Ok\\: queued as 4F\n');
    expect(text).toContain('out.acme.example 2026-11-10T00\\:00\\:02Z +1 s\n');
    // Nothing is known of these.
    expect(text).not.toContain('Folder');
    expect(text).not.toContain('Delivery status');
  });

  it('counts by episode where the contract does', () => {
    const limits = { ...DELAY.limits, countedPer: 'episode' as const, breachesFrom: 1 };
    const other = renderMarkdown(sample([{ ...DELAY, limits }]), 'en');
    expect(other).toContain('| Maximum exceeded, episodes | 1 | 1 | fewer than 1 episode | BREACH |');
    expect(other).toContain('| Maximum exceeded, messages | 2–3 | 2–3 |  |  |');
  });

  it('tells what is left only while something is', () => {
    expect(text).not.toContain('- Left:');
    const verdicts = { average: 'MET', maximum: 'INCONCLUSIVE' } as const;
    const open = renderMarkdown(sample([{ ...DELAY, verdicts, breachesLeft: { lo: 0, hi: 1 } }]), 'en');
    expect(open).toContain('- Left: the maximum may be exceeded 0–1 more times with the clause still kept');
  });
});

describe('of availability', () => {
  const text = renderMarkdown(sample([CONNECTIVITY, OPERATIONS]), 'en');

  it('sets downtime and availability beside their limits, with what is left', () => {
    expect(text).toContain('### 1 Connectivity: INCONCLUSIVE');
    expect(text).toContain(
      '| Downtime | 2016.000–3318.500 s (33 min 36 s–55 min 19 s) | 2017.000–3319.500 s | under 44 min | INCONCLUSIVE |',
    );
    expect(text).toContain('| Availability | 99.8719–99.9223% | 99.8718–99.9222% | at least 99.9% | INCONCLUSIVE |');
    expect(text).toContain('- Downtime left: 0 s–10 min 24 s');
    expect(text).toContain('- Availability is a share of: the whole month');
    expect(text).toContain(
      '| Faults | 2016.000–3318.500 s (33 min 36 s–55 min 19 s) | 2017.000–3319.500 s | at most 100 min | MET |',
    );
    expect(text).toContain('| Announced adjustments | 5400.000 s (1 h 30 min) |  | at most 100 min | MET |');
    expect(text).toContain('| Availability | 99.8719–99.9223% | 99.8718–99.9222% | at least 99.99% | BREACH |');
    expect(text).toContain('| Days with a fault | 1–2 |  |  |  |');
    expect(text).toContain('- Faults left: 44 min 41 s–1 h 6 min 24 s');
    expect(text).toContain("| 3 Operations | **BREACH** | 97.98% | The month's service time doubled | availability |");
  });

  it('says of each part how long it was down and how much of that is known', () => {
    expect(text).toContain('| submission (SMTP) | 2016.000–2118.000 s | 99.98% |');
    expect(text).toContain('| mail from end to end | ≥ 0.000 s | – |');
    expect(text).toContain('checks that did not take place: 21');
    expect(text).toContain(
      '- Shortest outage surely seen: 2 min (two cells of the schedule); logins and recipients by themselves',
    );
  });

  it('lists outages with the bounds of their beginning and end', () => {
    expect(text).toContain(
      '| submission (SMTP) | proven | 2026-11-12 14:02:11.000+08:00 – 2026-11-12 14:03:04.000+08:00 | 2026-11-12 14:36:40.000+08:00 – 2026-11-12 14:37:29.000+08:00 | 2016.000–2118.000 s | 2017.000–2119.000 s | 35 | connect ECONNREFUSED\\: connection refused |',
    );
    expect(text).toContain(
      '| mail from end to end (receive) | possible, not proven | by 2026-11-23 20:00:00.000+08:00 | after 2026-11-23 20:30:00.000+08:00, lasts | ≥ 0.000 s | ≥ 0.000 s | 1 | 550 5.7.1 rejected |',
    );
  });

  it('cuts a flood of outages, and lets none of what the network said become markup', () => {
    const outages = Array.from({ length: 250 }, () => ({ ...OUTAGE, reason: HOSTILE }));
    const flooded = renderMarkdown(sample([{ ...CONNECTIVITY, outages }]), 'en');
    expect(flooded).toContain('50 more are in the JSON report.');
    expect(flooded).not.toMatch(/(?<!\\)[<[\]]/);
  });
});

test('in Chinese it uses the terms of the contract', () => {
  const text = renderMarkdown(sample(), 'zh');
  expect(linesOf(text)[0]).toBe('# 服务品质月报 2026-11：暂定');
  expect(text).toContain('- 合同：企业邮件服务品质保证书 (enterprise-mail-sla)');
  expect(text).toContain('| 2a 发送延迟 | **违约** | 99.99% | 当月服务时间加倍 | 平均、最大 |');
  expect(text).toContain('| 平均 | 61.250–63.100 s (1 分钟 1 秒–1 分钟 4 秒) | 70.000 s | 不超过 60 s | 违约 |');
  expect(text).toContain('| 超过最大限值，按邮件计次 | 2–3 | 2–3 | 少于 2 次（按邮件计） | 违约 |');
  expect(text).toContain('(e) 电信线路中断或施工');
});

test('both languages have the same lines', () => {
  const [english, chinese] = (['en', 'zh'] as const).map((language) =>
    linesOf(renderMarkdown(sample([DELAY, CONNECTIVITY, OPERATIONS, ATTESTED]), language)).map((line) =>
      line.replace(/[^|#].*/u, ''),
    ),
  );
  expect(english).toEqual(chinese);
});

test('what the network said cannot end a line, a cell or a list, nor become markup', () => {
  const breach = {
    ...BREACH,
    ...{ reply: HOSTILE, notice: HOSTILE, folder: HOSTILE, server: HOSTILE, sender: HOSTILE, recipient: HOSTILE },
    hops: [{ by: HOSTILE, from: HOSTILE, at: HOSTILE, seconds: 1 }],
  };
  const [entry] = DELAY.excluded.entries;
  const entries = [{ ...entry!, by: HOSTILE, evidence: HOSTILE, note: HOSTILE }];
  const text = renderMarkdown(sample([{ ...DELAY, breaches: [breach], excluded: { seconds: 1, entries } }]), 'en');
  expect(text).not.toMatch(/(?<!\\)[<[\]]/);
  expect(text).not.toContain('\u202e');
  const structure = (markdown: string) =>
    linesOf(markdown).map((line) =>
      line
        .replaceAll(/\\./g, '')
        .match(/^[#|\s-]*|\|/g)
        ?.join(''),
    );
  const known = { ...BREACH, notice: 'x', folder: 'x', hops: [BREACH.hops[0]!] };
  expect(structure(text)).toEqual(structure(renderMarkdown(sample([{ ...DELAY, breaches: [known] }]), 'en')));
});

test('a flood of breaches is cut, and says how many more there are', () => {
  const breaches = Array.from({ length: 500 }, () => BREACH);
  const text = renderMarkdown(sample([{ ...DELAY, breaches }, ATTESTED]), 'en');
  expect(text).toContain('\n200. `');
  expect(text).not.toContain('\n201. `');
  expect(text).toContain('300 more are in the JSON report.');
});
