/** What a report says beside the one its month was closed with, in words: the same, or what changed and why. */
import type { ClosedChange, ClosedComparison, ClosedReason } from '../../domain/report/report.ts';
import { type Language, localTime } from './format.ts';

const WORDS = {
  en: {
    same: (at: string, hash: string) => `Closed ${at}, unchanged since (SHA-256 ${hash})`,
    changed: (at: string, hash: string) => `Closed ${at} with another report (SHA-256 ${hash}). What changed, and why:`,
    clause: 'Clause',
    what: 'What',
    before: 'As closed',
    after: 'Now',
    'exclusion-added': (id: string, by: string, note: string, at: string) =>
      `exclusion ${id} entered ${at} by ${by}: ${note}`,
    'exclusion-retracted': (id: string, by: string, note: string, at: string) =>
      `exclusion ${id} retracted ${at} by ${by}: ${note}`,
    'late-facts': (probes: number) => `facts about ${probes} of the month's probes came after the closing`,
    'clock-put-back': (entries: number) =>
      `the clock was put back: ${entries} entries after the closing are of the month, or of a time before its report was final`,
    'went-on': 'no verdict and no figure: an outage, or what is checked how often, went on after the closing',
    contract: (before: string, after: string) => `other contract terms: SHA-256 ${before}, now ${after}`,
    version: (before: string, after: string) => `another version of the program: ${before}, now ${after}`,
    unknown: 'nothing in the ledger explains it',
  },
  zh: {
    same: (at: string, hash: string) => `已于 ${at} 结账，此后未变（SHA-256 ${hash}）`,
    changed: (at: string, hash: string) => `已于 ${at} 结账，当时的报告不同（SHA-256 ${hash}）。变化及原因：`,
    clause: '条款',
    what: '项目',
    before: '结账时',
    after: '现在',
    'exclusion-added': (id: string, by: string, note: string, at: string) => `${by} 于 ${at} 录入除外 ${id}：${note}`,
    'exclusion-retracted': (id: string, by: string, note: string, at: string) =>
      `${by} 于 ${at} 撤回除外 ${id}：${note}`,
    'late-facts': (probes: number) => `结账后得知本月 ${probes} 封探测邮件的新情况`,
    'clock-put-back': (entries: number) => `时钟曾被回拨：结账后的 ${entries} 条记录属于本月，或早于报告定稿之日`,
    'went-on': '判定与数值均未变：结账后故障或检查间隔仍在延续',
    contract: (before: string, after: string) => `协议条款不同：SHA-256 ${before}，现为 ${after}`,
    version: (before: string, after: string) => `程序版本不同：${before}，现为 ${after}`,
    unknown: '账本中没有可说明的原因',
  },
} as const;

/** For people; `changes` are rows of `heads`. */
export interface ClosedText {
  readonly statement: string;
  readonly heads: readonly string[];
  readonly changes: readonly (readonly string[])[];
  readonly reasons: readonly string[];
}

/** `escape` is put on what somebody entered, and on nothing else. */
export function closedText(
  closed: ClosedComparison,
  { language, timeZone }: { readonly language: Language; readonly timeZone: string },
  escape: (text: string) => string,
): ClosedText {
  const words = WORDS[language];
  const at = localTime(closed.at, timeZone);
  const heads = [words.clause, words.what, words.before, words.after];
  if (closed.same) return { statement: words.same(at, closed.reportSha256), heads, changes: [], reasons: [] };
  const reasons = closed.reasons.map((reason) => reasonText(reason, language, timeZone, escape));
  return {
    statement: words.changed(at, closed.reportSha256),
    heads,
    changes: closed.changes.map(({ clause, what, before, after }) => [escape(clause), what, told(before), told(after)]),
    reasons: reasons.length === 0 ? [words.unknown] : reasons,
  };
}

function told(value: ClosedChange['before']): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (value.hi === null) return `≥ ${value.lo}`;
  return value.lo === value.hi ? String(value.lo) : `${value.lo}–${value.hi}`;
}

function reasonText(
  reason: ClosedReason,
  language: Language,
  timeZone: string,
  escape: (text: string) => string,
): string {
  const words = WORDS[language];
  switch (reason.kind) {
    case 'exclusion-added':
    case 'exclusion-retracted': {
      const [by, note] = [escape(reason.by), escape(reason.note)];
      return words[reason.kind](escape(reason.id), by, note, localTime(reason.at, timeZone));
    }
    case 'late-facts':
      return words['late-facts'](reason.probes);
    case 'clock-put-back':
      return words['clock-put-back'](reason.entries);
    case 'went-on':
      return words['went-on'];
    case 'contract':
    case 'version':
      return words[reason.kind](escape(reason.before), escape(reason.after));
  }
}
