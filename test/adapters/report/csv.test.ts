/** The report as CSV: one line a clause, the same columns in each. */
import { expect, test } from 'vitest';
import { renderCsv } from '../../../src/adapters/report/csv.ts';
import { ATTESTED, DELAY, sample } from './sample.ts';
import { CONNECTIVITY, OPERATIONS } from './sample-availability.ts';

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

test('clauses on availability have their figures in columns of their own, after all others', () => {
  const text = renderCsv(sample([DELAY, CONNECTIVITY, OPERATIONS]), 'en');
  const columns = text.split('\r\n')[0]?.split(',') ?? [];
  expect(columns.indexOf('down_verdict')).toBe(columns.indexOf('excluded_seconds') + 1);
  const [delay, connectivity, operations] = rowsOf(text);
  expect(delay).toMatchObject({
    down_verdict: '',
    availability_ratio_lo: '',
    outages_proven: '',
    mx_coverage_ratio: '',
  });
  expect(connectivity).toMatchObject({
    clause: '1',
    verdict: 'INCONCLUSIVE',
    average_seconds_lo: '',
    unmeasured: '21',
    coverage_ratio: '0.979876',
    longest_gap_seconds: '1201',
    excluded_seconds: '1800',
    down_verdict: 'INCONCLUSIVE',
    down_seconds_lo: '2016',
    down_seconds_hi: '3318.5',
    down_under_seconds: '2640',
    faults_limit_seconds: '',
    down_left_seconds_lo: '0',
    down_left_seconds_hi: '624',
    availability_verdict: 'INCONCLUSIVE',
    availability_ratio_lo: '0.998719',
    availability_ratio_hi: '0.999223',
    availability_limit_ratio: '0.999',
    availability_denominator: 'month',
    adjustments_verdict: '',
    raw_down_seconds_lo: '2017',
    raw_availability_ratio_hi: '0.999222',
    resolution_seconds: '120',
    outages_proven: '1',
    outages_possible: '1',
    submission_down_seconds_hi: '2118',
    mailbox_coverage_ratio: '0.98',
    round_trip_down_seconds_hi: 'inf',
    round_trip_coverage_ratio: '',
  });
  expect(operations).toMatchObject({
    clause: '3',
    remedy: "The month's service time doubled",
    down_verdict: 'MET',
    down_under_seconds: '',
    faults_limit_seconds: '6000',
    down_left_seconds_lo: '2681.5',
    availability_verdict: 'BREACH',
    availability_denominator: 'month-less-exclusions',
    adjustments_verdict: 'MET',
    adjustment_seconds_lo: '5400',
    adjustments_limit_seconds: '6000',
    adjustments_left_seconds_hi: '600',
    faulty_days_lo: '1',
    faulty_days_hi: '2',
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
