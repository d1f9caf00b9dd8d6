/** The addresses that the status page lives on: the status, as it is and as it changes, delays over time, and the life of one probe. */
import type { FastifyInstance } from 'fastify';
import { lifeOf } from '../../domain/probe-life.ts';
import type { StatusView } from '../../domain/status-view.ts';
import { type AgentControl, type Clock, type Inquiries, type Log, type StatusBoard, TooBusy } from '../../ports.ts';
import { askerOf } from './asker.ts';
import { actingFor } from './auth.ts';
import { createEventFeed } from './event-feed.ts';
import { HEADERS } from './headers.ts';
import { isProbeId, readSeries } from './request.ts';

export interface ShownStatus {
  readonly control: AgentControl;
  readonly board: StatusBoard;
  readonly inquiries: Inquiries;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly log: Log;
}

export function addStatus(
  server: FastifyInstance,
  token: string | null,
  { control, board, inquiries, clock, log }: ShownStatus,
): void {
  server.get('/api/v1/status', (request, reply) =>
    reply.send({ ...board.view(), acting: actingFor(token, request) } satisfies StatusView),
  );
  const feed = createEventFeed(board, clock, log);
  server.addHook('preClose', () => feed.close());
  // A HEAD would hold a stream and show nothing for it.
  server.get('/api/v1/events', { exposeHeadRoute: false }, (request, reply) => {
    const asker = askerOf(request.ip);
    const full = feed.full(asker);
    if (full !== null) throw new TooBusy(full);
    reply.hijack();
    feed.add(reply.raw, HEADERS, { asker, acting: actingFor(token, request) });
  });
  server.get('/api/v1/delays', { config: { costly: true } }, async ({ query }, reply) => {
    const series = await inquiries.delays(readSeries(query, control.routes()));
    // Closing: whoever asked is gone.
    if (series === null) return reply.code(503).send({ error: 'the agent is stopping' });
    return reply.type(series.contentType).send(series.body);
  });
  server.get<{ Params: { id: string } }>('/api/v1/probes/:id/life', async ({ params }, reply) => {
    const sight = isProbeId(params.id) ? await control.probe(params.id) : null;
    if (sight === null) return reply.code(404).send({ error: 'no such probe' });
    return reply.send(lifeOf(sight.record, await control.header(params.id)));
  });
}
