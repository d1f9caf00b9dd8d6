/** The addresses that answer with a month's verdicts: as JSON for programs, and as the report that `report` writes. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { MonthReport } from '../../domain/report/judge.ts';
import { parseMonth } from '../../domain/time/calendar.ts';
import type { Reports } from '../../ports.ts';
import { describe, MalformedRequest } from './request.ts';

/** As adapters/report has them; the first is what is given unless asked otherwise. */
const FORMATS = ['html', 'markdown', 'json', 'csv'] as const;
const LANGUAGES = ['en', 'zh'] as const;
type Format = (typeof FORMATS)[number];
type Language = (typeof LANGUAGES)[number];

export interface ShownReports {
  /** Null where nothing is judged. */
  readonly reports: Reports | null;
  readonly renderReport: (
    report: MonthReport,
    format: Format,
    language: Language,
  ) => {
    readonly contentType: string;
    readonly body: string;
    /** Content-Security-Policy of a page that brings its own style. */
    readonly policy?: string;
  };
}

export function addReports(server: FastifyInstance, { reports, renderReport }: ShownReports): void {
  server.get<{ Querystring: { month?: unknown } }>('/api/v1/verdicts', async (request, reply) => {
    const { month } = request.query;
    const judged = (await reports?.month(month === undefined ? null : readMonth(month))) ?? null;
    return judged === null ? noSuchMonth(reply) : judged.report;
  });
  server.get<{ Params: { month: string }; Querystring: { format?: unknown; lang?: unknown } }>(
    '/reports/:month',
    async (request, reply) => {
      const month = readMonth(request.params.month);
      const format = readChoice('format', request.query.format, FORMATS);
      const language = readChoice('lang', request.query.lang, LANGUAGES);
      const report = (await reports?.month(month)) ?? null;
      if (report === null) return noSuchMonth(reply);
      const { contentType, body, policy } = renderReport(report, format, language);
      if (policy !== undefined) void reply.header('content-security-policy', policy);
      return reply.type(contentType).send(body);
    },
  );
}

function readMonth(value: unknown): string {
  const parsed = parseMonth(typeof value === 'string' ? value : '');
  if (parsed.ok) return parsed.month;
  throw new MalformedRequest(`month must be a month such as 2026-11, is ${describe(value)}`);
}

/** The first of them where nothing is said. */
function readChoice<T extends string>(name: string, value: unknown, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  const known = choices.find((each) => each === value);
  if (known !== undefined) return known;
  throw new MalformedRequest(`${name} must be one of ${choices.join(', ')}, is ${describe(value)}`);
}

function noSuchMonth(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'nothing is known of the month' });
}
