/** The report as CSV: one line a clause, the same columns in each. */
import { expect, test } from 'vitest';
import { renderCsv } from '../../../src/adapters/report/csv.ts';
import { ATTESTED, DELAY, sample } from './sample.ts';

function rowsOf(text: string): Record<string, string>[] {
  const [head = '', ...lines] = text.trimEnd().split('\r\n');
  const columns = head.split(',');
  return lines.map((line) => {
    // None of the sample's texts has a quotation mark within.
    const cells = [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    expect(cells).toHaveLength(columns.length);
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
}

test('a line for each clause, with figures as they are in the report', () => {
  const [delay, attested, ...rest] = rowsOf(renderCsv(sample(), 'en'));
  expect(rest).toEqual([]);
  expect(delay).toMatchObject({
    month: '2026-11',
    time_zone: 'Asia/Shanghai',
    status: 'provisional',
    provider: 'acme',
    contract: 'enterprise-mail-sla',
    clause: '2a',
    title: 'Send delay',
    path: 'send',
    verdict: 'BREACH',
    remedy: "The month's service time doubled",
    average_verdict: 'BREACH',
    average_seconds_lo: '61.2504',
    average_seconds_hi: '63.1',
    average_limit_seconds: '60',
    maximum_seconds_lo: '7200',
    maximum_seconds_hi: 'inf',
    breaches_messages_lo: '2',
    breaches_messages_hi: '3',
    breaches_counted_per: 'message',
    raw_average_seconds_lo: '70',
    lost: '2',
    coverage_ratio: '0.999999',
    excluded_seconds: '3600',
  });
  expect(attested).toMatchObject({
    clause: '9',
    verdict: 'INCONCLUSIVE',
    reason: 'Nothing has been entered.',
    average_seconds_lo: '',
    lost: '',
  });
});

test('Chinese texts under the same columns, with the mark by which a spreadsheet knows UTF-8', () => {
  const text = renderCsv(sample(), 'zh');
  expect(text.startsWith('\ufeffmonth,')).toBe(true);
  expect(renderCsv(sample(), 'en').startsWith('month,')).toBe(true);
  expect(rowsOf(text.slice(1))).toMatchObject([
    { title: '发送延迟', remedy: '当月服务时间加倍', verdict: 'BREACH' },
    { title: '客户服务', reason: '尚未录入。', verdict: 'INCONCLUSIVE' },
  ]);
});

test('the columns are the same whichever clause comes first, and figures that there are not are empty', () => {
  const figures = { ...DELAY.figures, average: null, maximum: null, quantiles: null };
  const [head] = renderCsv(sample([DELAY]), 'en').split('\r\n');
  expect(renderCsv(sample([ATTESTED]), 'en').split('\r\n')[0]).toBe(head);
  expect(rowsOf(renderCsv(sample([{ ...DELAY, figures }]), 'en'))).toMatchObject([
    { average_seconds_lo: '', average_seconds_hi: '', maximum_seconds_hi: '', p99_seconds_hi: '' },
  ]);
});

test('a title that a spreadsheet would compute is text', () => {
  const title = { en: '=cmd|calc', zh: '=1' };
  expect(rowsOf(renderCsv(sample([{ ...ATTESTED, title }]), 'en'))).toMatchObject([{ title: "'=cmd|calc" }]);
});
