/** The agent over HTTP: metrics, health, spot checks, and the status page. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { lifeOf } from '../../domain/probe-life.ts';
import { viewProbe } from '../../domain/probe-view.ts';
import type { HostPort } from '../../domain/settings.ts';
import { LedgerRefused, type Log, TooBusy, UnknownRoute } from '../../ports.ts';
import { actingFor } from './auth.ts';
import { asPage } from './error-pages.ts';
import { addExclusions, type ShownExclusions } from './exclusion-routes.ts';
import { DEFAULT_POLICY, SECURITY_HEADERS } from './headers.ts';
import { type PageAssets, readPageAssets } from './page-assets.ts';
import { addPages, type ShownPages } from './page-routes.ts';
import { MalformedRequest } from './request.ts';
import { addActing, addReading, type Shown } from './routes.ts';
import { addStatus, type ShownStatus } from './status-routes.ts';

export interface HttpOptions {
  readonly listen: HostPort;
  readonly token: string | null;
}
export interface HttpParts extends Shown, ShownStatus, ShownExclusions {
  readonly log: Log;
}
export interface HttpServer {
  /** `http://address:port` as taken, for a client on this host. */
  readonly url: string;
  /** Ends what clients still wait for. */
  close(): Promise<void>;
}

/** A request is a few hundred bytes, but where its route says more. */
const BODY_BYTES_MAX = 4096;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT = 10_000;
/** Some scrapers, a browser and a few commands; more than this is a flood. */
const CONNECTIONS_MAX = 256;
/** What a status says beyond its number, where Fastify's own text would tell of our inside. */
const REASONS: Readonly<Record<number, (reply: FastifyReply) => string>> = {
  413: ({ routeOptions }) => `a body must have at most ${routeOptions.bodyLimit} bytes`,
  415: () => 'a body must be application/json',
};

/** Listens, or rejects with an Error that names the address and why. */
export async function serveHttp(options: HttpOptions, parts: HttpParts): Promise<HttpServer> {
  const assets = readPageAssets();
  /** No hook runs for what comes before the routes. */
  const answerEarly = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, message } = toldOf(error, reply, parts.log);
    void reply.code(status).type('application/json; charset=utf-8');
    const payload = asPage(request, reply, JSON.stringify({ error: message }), assets);
    addHeaders(reply);
    void reply.send(payload);
  };
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    logger: false,
    frameworkErrors: (error, request, reply) => answerEarly(error, request, reply),
  });
  server.server.maxConnections = CONNECTIONS_MAX;
  // Such as no memory for another connection: who asked comes again.
  server.server.on('error', (error) => parts.log.debug('http could not accept a connection', { error }));
  server.removeContentTypeParser('text/plain');
  server.setErrorHandler((error, _request, reply) => {
    const { status, message } = toldOf(error, reply, parts.log);
    return reply.code(status).send({ error: message });
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such resource' }));
  addHooks(server, assets);
  addReading(server, parts);
  addStatus(server, options.token, parts);
  addPages(server, assets, pagesOf(options.token, parts));
  addActing(server, options.token, parts);
  addExclusions(server, options.token, parts);
  try {
    const url = await server.listen({ ...options.listen });
    return { url: url.replace('//[::]', '//[::1]'), close: () => server.close() };
  } catch (cause) {
    await server.close();
    const { host, port } = options.listen;
    throw new Error(`http cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause });
  }
}

function pagesOf(token: string | null, { board, control, exclusions }: HttpParts): ShownPages {
  return {
    status: ({ headers, ip }) => ({ ...board.view(), acting: actingFor(token, { remote: ip, headers }) }),
    exclusions: () => exclusions.known(),
    async life(id) {
      const sight = await control.probe(id);
      return sight === null ? null : { view: viewProbe(sight), life: lifeOf(sight.record, await control.header(id)) };
    },
  };
}

function addHooks(server: FastifyInstance, assets: PageAssets): void {
  server.addHook('onSend', async (request, reply, payload) => {
    const sent = asPage(request, reply, payload, assets);
    addHeaders(reply);
    return sent;
  });
}

/** What never changes is kept, and a page brings a policy of its own. */
function addHeaders(reply: FastifyReply): void {
  const headers = { ...SECURITY_HEADERS, 'content-security-policy': DEFAULT_POLICY };
  for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) void reply.header(name, value);
}

/** One line for the client, the whole of it for the log; nothing of our inside leaves. */
function toldOf(error: unknown, reply: FastifyReply, log: Log): { readonly status: number; readonly message: string } {
  if (error instanceof MalformedRequest) return { status: 400, message: error.message };
  if (error instanceof UnknownRoute) return { status: 404, message: error.message };
  if (error instanceof TooBusy) return { status: 503, message: error.message };
  // Why, with its paths, stands in the log and in /readyz.
  if (error instanceof LedgerRefused) return { status: 503, message: 'the ledger takes nothing now' };
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500)
    return { status, message: REASONS[status]?.(reply) ?? 'the request must be well-formed' };
  log.error('a request failed', { error });
  return { status: 500, message: 'internal error' };
}

/** `listen EACCES: permission denied 0.0.0.0:80` without what we say ourselves. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^listen /, '').replace(/ \S+:\d+$/, '');
}
