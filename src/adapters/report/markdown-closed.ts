/** What a report says beside the one its month was closed with, as Markdown. */
import type { ClosedComparison } from '../../domain/report/report.ts';
import { closedText } from './closed-text.ts';
import { markdownText } from './escape.ts';
import type { Language } from './format.ts';

export function closedBlocks(
  closed: ClosedComparison | null,
  setting: { readonly language: Language; readonly timeZone: string },
): readonly string[] {
  if (closed === null) return [];
  const { statement, heads, changes, reasons } = closedText(closed, setting, markdownText);
  if (closed.same) return [`- ${statement}`];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    statement,
    ...(changes.length === 0 ? [] : [[line(heads), line(heads.map(() => '---')), ...changes.map(line)].join('\n')]),
    reasons.map((reason) => `- ${reason}`).join('\n'),
  ];
}
