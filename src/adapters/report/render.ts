/** A report in the format that HTTP asks for. */
import type { Report } from '../../domain/report.ts';
import { renderCsv } from './csv.ts';
import type { Language } from './format.ts';
import { renderMarkdown } from './markdown.ts';

type ReportFormat = 'markdown' | 'json' | 'csv';

export function renderReport(
  report: Report,
  format: ReportFormat,
  language: Language,
): { readonly contentType: string; readonly body: string } {
  switch (format) {
    case 'markdown':
      return { contentType: 'text/markdown; charset=utf-8', body: renderMarkdown(report, language) };
    case 'json':
      return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(report) };
    case 'csv':
      return { contentType: 'text/csv; charset=utf-8; header=present', body: renderCsv(report, language) };
  }
}
