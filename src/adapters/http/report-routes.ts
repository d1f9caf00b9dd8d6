/** The addresses that answer with a month's verdicts: as JSON for programs, and as the report that `report` writes. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { REPORT_FORMATS, REPORT_LANGUAGES, type ReportRequest, type Reports } from '../../ports.ts';
import { readChoice, readMonth } from './request.ts';

export interface ShownReports {
  /** Null where nothing is judged. */
  readonly reports: Reports | null;
}

const COSTLY = { config: { costly: true } };

export function addReports(server: FastifyInstance, { reports }: ShownReports): void {
  const send = async (reply: FastifyReply, request: ReportRequest): Promise<FastifyReply> => {
    const rendered = (await reports?.rendered(request)) ?? null;
    if (rendered === null) return reply.code(404).send({ error: 'nothing is known of the month, or it is archived' });
    if (rendered.policy !== null) void reply.header('content-security-policy', rendered.policy);
    return reply.type(rendered.contentType).send(rendered.body);
  };
  server.get<{ Querystring: { month?: unknown } }>('/api/v1/verdicts', COSTLY, (request, reply) => {
    const { month } = request.query;
    return send(reply, { month: month === undefined ? null : readMonth(month), format: 'json', language: 'en' });
  });
  server.get<{ Params: { month: string }; Querystring: { format?: unknown; lang?: unknown } }>(
    '/reports/:month',
    COSTLY,
    ({ params, query }, reply) =>
      send(reply, {
        month: readMonth(params.month),
        format: readChoice('format', query.format, REPORT_FORMATS),
        language: readChoice('lang', query.lang, REPORT_LANGUAGES),
      }),
  );
}
