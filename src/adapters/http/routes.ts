/** What each address of the HTTP interface answers. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type ProbeView, viewProbe } from '../../domain/probe-view.ts';
import { type AgentControl, type Clock, TooBusy } from '../../ports.ts';
import type { Guard } from './admitted.ts';
import type { Metrics, Rendered } from './metrics-routes.ts';
import { createRateLimit } from './rate-limit.ts';
import { addReports, type ShownReports } from './report-routes.ts';
import { isProbeId, readRoute, readWait, scrapeBudget } from './request.ts';
import { shareChecks } from './shared-check.ts';

export interface Shown extends ShownReports {
  readonly control: AgentControl;
  /** The agent's own metrics. */
  readonly metrics: Metrics;
  /** Metrics of one spot check, in a registry of their own. */
  readonly probeMetrics: (views: readonly ProbeView[]) => Promise<Rendered>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** What only looks. */
export function addReading(server: FastifyInstance, shown: Shown): void {
  const { control } = shown;
  // An orchestrator asks for its health under a name of its own.
  const health = { config: { anyHost: true } };
  addReports(server, shown);
  server.get('/healthz', health, async () => ({ status: 'ok', ...control.health() }));
  server.get('/readyz', health, async (_request, reply) => {
    const now = control.health();
    return reply.code(now.ready ? 200 : 503).send(now);
  });
  server.get<{ Params: { id: string }; Querystring: { wait?: unknown } }>(
    '/api/v1/probes/:id',
    async (request, reply) => {
      const { id } = request.params;
      const waitMs = readWait(request.query.wait);
      if (!isProbeId(id)) return noSuchProbe(reply);
      const sight = waitMs === 0 ? await control.probe(id) : await control.settled(id, waitMs, whenGone(reply));
      return sight === null ? noSuchProbe(reply) : viewProbe(sight);
    },
  );
}

/** What sends mail. */
export function addActing(
  server: FastifyInstance,
  guarded: Guard,
  perMinute: number,
  { control, probeMetrics, clock }: Shown,
): void {
  const posted = createRateLimit({ burst: perMinute, every: 60 / perMinute }, clock);
  const shared = shareChecks(control, clock);
  // Whoever posts wants a message of their own; it will do for a scrape as well.
  server.post('/api/v1/probes', guarded, async (request, reply) => {
    const { provider, path } = readRoute(request.body, control.routes());
    const wait = posted.take('');
    if (wait > 0) throw new TooBusy('too many spot checks were asked for', wait);
    const id = await shared.start(provider, path);
    return reply.code(202).header('location', `/api/v1/probes/${id}`).send({ id });
  });
  // A HEAD would send mail and show nothing for it.
  server.get('/probe', { ...guarded, exposeHeadRoute: false }, async (request, reply) => {
    const { provider, path } = readRoute(request.query, control.routes());
    const sight = await shared.look(provider, path, scrapeBudget(request.headers), whenGone(reply));
    return send(reply, await probeMetrics(sight === null ? [] : [viewProbe(sight)]));
  });
}

function noSuchProbe(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'no such probe' });
}

function send(reply: FastifyReply, { contentType, body }: Rendered): FastifyReply {
  return reply.type(contentType).send(body);
}

/** Aborted when the answer is no longer awaited. The request's own `close` comes already when it has been read. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
