/** The agent over HTTP: metrics, health, spot checks, and a first page. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Path } from '../../domain/probe.ts';
import { type ProbeView, viewProbe } from '../../domain/probe-view.ts';
import type { HostPort } from '../../domain/settings.ts';
import { type AgentControl, type Log, type ProbeSight, UnknownRoute } from '../../ports.ts';
import { mayAct } from './auth.ts';
import { renderHome } from './home-page.ts';
import { isProbeId, MalformedRequest, readRoute, readWait, scrapeBudget } from './request.ts';

export interface HttpOptions {
  readonly listen: HostPort;
  readonly token: string | null;
}
export interface HttpParts {
  readonly control: AgentControl;
  /** The agent's own metrics. */
  readonly metrics: () => Promise<Rendered>;
  /** Metrics of one spot check, in a registry of their own. */
  readonly probeMetrics: (views: readonly ProbeView[]) => Promise<Rendered>;
  readonly log: Log;
}
interface Rendered {
  readonly contentType: string;
  readonly body: string;
}
export interface HttpServer {
  /** `http://address:port` as taken. */
  readonly url: string;
  close(): Promise<void>;
}

/** A request is a few hundred bytes. */
const BODY_BYTES_MAX = 4096;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT = 10_000;
const RECENT_SHOWN = 50;

/** Listens, or rejects with an Error that names the address and why. */
export async function serveHttp(options: HttpOptions, parts: HttpParts): Promise<HttpServer> {
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    logger: false,
  });
  server.setErrorHandler((error, _request, reply) => answerError(error, reply, parts.log));
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such resource' }));
  addHooks(server);
  addReading(server, parts);
  addActing(server, options, parts);
  const { host, port } = options.listen;
  try {
    return { url: await server.listen({ host, port }), close: () => server.close() };
  } catch (cause) {
    await server.close();
    throw new Error(
      `http cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function addHooks(server: FastifyInstance): void {
  server.addHook('onSend', async (_request, reply) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    });
  });
}

/** What only looks. */
function addReading(server: FastifyInstance, { control, metrics }: HttpParts): void {
  server.get('/metrics', async (_request, reply) => send(reply, await metrics()));
  server.get('/healthz', async () => ({ status: 'ok', ...control.health() }));
  server.get('/readyz', async (_request, reply) => {
    const health = control.health();
    return reply.code(health.ready ? 200 : 503).send(health);
  });
  server.get('/', async (_request, reply) => {
    const views = (await control.recent(RECENT_SHOWN)).map(viewProbe);
    return reply.type('text/html; charset=utf-8').send(renderHome(views, control.health()));
  });
  server.get<{ Params: { id: string }; Querystring: { wait?: string } }>(
    '/api/v1/probes/:id',
    async (request, reply) => {
      const { id } = request.params;
      const waitMs = readWait(request.query.wait);
      const sight = !isProbeId(id)
        ? null
        : waitMs === 0
          ? await control.probe(id)
          : await control.settled(id, waitMs, whenGone(request));
      return sight === null ? reply.code(404).send({ error: 'no such probe' }) : viewProbe(sight);
    },
  );
}

/** What sends mail. */
function addActing(server: FastifyInstance, { token }: HttpOptions, { control, probeMetrics }: HttpParts): void {
  const guard = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (mayAct(token, request.headers.authorization, request.ip)) return;
    await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'a bearer token is needed' });
  };
  server.post('/api/v1/probes', { preHandler: guard }, async (request, reply) => {
    const { provider, path } = readRoute(request.body, control.routes());
    const id = await control.check(provider, path);
    return reply.code(202).header('location', `/api/v1/probes/${id}`).send({ id });
  });
  // A scraper that asks twice at once gets one probe.
  const underWay = new Map<string, Promise<ProbeSight | null>>();
  server.get('/probe', { preHandler: guard }, async (request, reply) => {
    const { provider, path } = readRoute(request.query, control.routes());
    const budget = scrapeBudget(request.headers);
    const key = `${provider} ${path}`;
    const shared = underWay.get(key) ?? checkOnce(control, provider, path, budget).finally(() => underWay.delete(key));
    underWay.set(key, shared);
    const sight = await shared;
    return send(reply, await probeMetrics(sight === null ? [] : [viewProbe(sight)]));
  });
}

async function checkOnce(control: AgentControl, provider: string, path: Path, ms: number): Promise<ProbeSight | null> {
  return control.settled(await control.check(provider, path), ms);
}

function send(reply: FastifyReply, { contentType, body }: Rendered): FastifyReply {
  return reply.type(contentType).send(body);
}

/** Aborted when the client went away. */
function whenGone(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** One line for the client, the whole of it for the log; nothing of our inside leaves. */
function answerError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  if (error instanceof MalformedRequest) return reply.code(400).send({ error: error.message });
  if (error instanceof UnknownRoute) return reply.code(404).send({ error: error.message });
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return reply.code(status).send({ error: 'malformed request' });
  log.error('a request failed', { error });
  return reply.code(500).send({ error: 'internal error' });
}
