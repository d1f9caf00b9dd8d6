/** A report in the format that is asked for. */
import type { MonthReport } from '../../domain/report/judge.ts';
import { renderCsv } from './csv.ts';
import type { Language } from './format.ts';
import { POLICY, renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';

type ReportFormat = 'html' | 'markdown' | 'json' | 'csv';

export function renderReport(
  { report, charts }: MonthReport,
  format: ReportFormat,
  language: Language,
): { readonly contentType: string; readonly body: string; readonly policy?: string } {
  switch (format) {
    case 'html':
      return { contentType: 'text/html; charset=utf-8', body: renderHtml(report, charts, language), policy: POLICY };
    case 'markdown':
      return { contentType: 'text/markdown; charset=utf-8', body: renderMarkdown(report, language) };
    case 'json':
      return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(report) };
    case 'csv':
      return { contentType: 'text/csv; charset=utf-8; header=present', body: renderCsv(report, language) };
  }
}
