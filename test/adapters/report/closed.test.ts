/** A closed month in the report for people: unchanged, or what changed and why, and nothing that anybody entered marks anything up. */
import { expect, test } from 'vitest';
import { renderHtml } from '../../../src/adapters/report/html.ts';
import { renderMarkdown } from '../../../src/adapters/report/markdown.ts';
import { closedBlocks } from '../../../src/adapters/report/markdown-closed.ts';
import type { ClosedComparison, Report } from '../../../src/domain/report/report.ts';
import { sample } from './sample.ts';

const CLOSED: ClosedComparison = {
  at: '2026-12-05T17:00:00.000Z',
  reportSha256: 'ab'.repeat(32),
  same: true,
  changes: [],
  reasons: [],
};
const CHANGED: ClosedComparison = {
  ...CLOSED,
  same: false,
  changes: [
    { clause: '2a', what: 'verdict', before: 'BREACH', after: 'MET' },
    { clause: '2a', what: 'averageSeconds', before: { lo: 61, hi: null }, after: { lo: 4, hi: 5 } },
    { clause: '2a', what: 'maximumSeconds', before: null, after: { lo: 7, hi: 7 } },
  ],
  reasons: [
    { kind: 'exclusion-added', at: '2026-12-06T00:00:00.000Z', id: 'x', by: 'Li <b>Wei', note: 'a | b' },
    { kind: 'late-facts', probes: 3 },
    { kind: 'clock-put-back', entries: 4 },
    { kind: 'went-on' },
    { kind: 'version', before: '1.0.0', after: '1.1.0' },
  ],
};
const EN = { language: 'en', timeZone: 'Asia/Shanghai' } as const;

test('a report that is the closed one says so in a line', () => {
  expect(closedBlocks(CLOSED, EN)).toEqual([
    `- Closed 2026-12-06 01:00:00.000+08:00, unchanged since (SHA-256 ${'ab'.repeat(32)})`,
  ]);
  expect(closedBlocks(null, EN)).toEqual([]);
});

test('one that differs shows each figure as it was and as it is, and the reasons below', () => {
  const [first, table, reasons] = closedBlocks(CHANGED, EN);
  expect(first).toContain('Closed 2026-12-06 01:00:00.000+08:00 with another report');
  expect(table).toBe(
    [
      '| Clause | What | As closed | Now |',
      '| --- | --- | --- | --- |',
      '| 2a | verdict | BREACH | MET |',
      '| 2a | averageSeconds | ≥ 61 | 4–5 |',
      '| 2a | maximumSeconds | – | 7 |',
    ].join('\n'),
  );
  expect(reasons?.split('\n')).toEqual([
    String.raw`- exclusion x entered 2026-12-06 08:00:00.000+08:00 by Li \<b\>Wei: a \| b`,
    "- facts about 3 of the month's probes came after the closing",
    '- the clock was put back: 4 entries after the closing are of the month, or of a time before its report was final',
    '- no verdict and no figure: an outage, or what is checked how often, went on after the closing',
    '- another version of the program: 1.0.0, now 1.1.0',
  ]);
});

test('a difference that nothing explains is said to be one', () => {
  expect(closedBlocks({ ...CHANGED, reasons: [] }, EN).at(-1)).toBe('- nothing in the ledger explains it');
});

test('it stands with the provider that it is about, in either language', () => {
  const given = sample();
  const report: Report = { ...given, providers: given.providers.map((provider) => ({ ...provider, closed: CHANGED })) };
  expect(renderMarkdown(report, 'en')).toContain('with another report');
  expect(renderMarkdown(report, 'zh')).toContain('程序版本不同：1.0.0，现为 1.1.0');
});

test('the page says it too, with what people entered as text', () => {
  const given = sample();
  const pageOf = (closed: ClosedComparison): string => {
    const report: Report = { ...given, providers: given.providers.map((provider) => ({ ...provider, closed })) };
    return renderHtml(report, [], 'en');
  };
  const changed = pageOf(CHANGED);
  expect(changed).toContain('Closed 2026-12-06 01:00:00.000+08:00 with another report');
  expect(changed).toMatch(/<tr><th scope="row">2a<\/th><td>averageSeconds<\/td><td>≥ 61<\/td><td>4–5<\/td><\/tr>/);
  expect(changed).toMatch(
    /<li>exclusion x entered 2026-12-06 08:00:00.000\+08:00 by Li &(lt|#60);b&(gt|#62);Wei: a \| b<\/li>/,
  );
  expect(changed).toContain('<li>another version of the program: 1.0.0, now 1.1.0</li>');
  expect(pageOf(CLOSED)).toContain('unchanged since');
  expect(renderHtml(given, [], 'en')).not.toContain('class="closed"');
});
