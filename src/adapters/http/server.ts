/** The agent over HTTP: metrics, health, spot checks, and the status page. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { lifeOf } from '../../domain/probe-life.ts';
import { viewProbe } from '../../domain/probe-view.ts';
import type { HostPort, HttpSettings } from '../../domain/settings.ts';
import type { Log } from '../../ports.ts';
import { guard, WRONG_TOKENS } from './admitted.ts';
import { actingFor } from './auth.ts';
import { asPage } from './error-pages.ts';
import { addExclusions, type ShownExclusions } from './exclusion-routes.ts';
import { addHostCheck } from './host-name.ts';
import { createListener } from './listener.ts';
import { addMetrics } from './metrics-routes.ts';
import { type PageAssets, readPageAssets } from './page-assets.ts';
import { addPages, type ShownPages } from './page-routes.ts';
import { createRateLimit } from './rate-limit.ts';
import { addActing, addReading, type Shown } from './routes.ts';
import { addStatus, type ShownStatus } from './status-routes.ts';

export interface HttpParts extends Shown, ShownStatus, ShownExclusions {
  readonly log: Log;
}
export interface HttpServer {
  /** `http://address:port` as taken, for a client on this host. */
  readonly url: string;
  /** The same of the address that metrics have for themselves; null where they have none. */
  readonly metricsUrl: string | null;
  /** Ends what clients still wait for. */
  close(): Promise<void>;
}

/** Listens, or rejects with an Error that names the address and why. */
export async function serveHttp(settings: HttpSettings, parts: HttpParts): Promise<HttpServer> {
  await using stack = new AsyncDisposableStack();
  const url = await listen(createMain(settings, parts, readPageAssets()), settings.listen, stack);
  const apart = settings.metrics.listen;
  const metricsUrl = apart === null ? null : await listen(createApart(settings, parts), apart, stack);
  const opened = stack.move();
  return { url, metricsUrl, close: () => opened.disposeAsync() };
}

function createMain(
  { token, spotChecksPerMinute, names, metrics }: HttpSettings,
  parts: HttpParts,
  assets: PageAssets,
): FastifyInstance {
  const server = createListener(parts.log, parts.clock, (request, reply, payload) =>
    asPage(request, reply, payload, assets),
  );
  const wrong = createRateLimit(WRONG_TOKENS, parts.clock);
  const acting = guard(token, wrong);
  addHostCheck(server, names);
  if (metrics.listen === null) addMetrics(server, metrics.token, wrong, parts.metrics);
  addReading(server, parts);
  addStatus(server, token, parts);
  addPages(server, assets, pagesOf(token, parts));
  addActing(server, acting, spotChecksPerMinute, parts);
  addExclusions(server, acting, parts);
  return server;
}

/** For metrics alone. */
function createApart({ names, metrics }: HttpSettings, { log, clock, metrics: render }: HttpParts): FastifyInstance {
  const server = createListener(log, clock);
  addHostCheck(server, names);
  addMetrics(server, metrics.token, createRateLimit(WRONG_TOKENS, clock), render);
  return server;
}

/** The server is the stack's from then on. */
async function listen(server: FastifyInstance, { host, port }: HostPort, stack: AsyncDisposableStack): Promise<string> {
  stack.defer(() => server.close());
  try {
    const url = await server.listen({ host, port });
    if (host === 'localhost') await listenBeside(server.server, stack);
    return url.replace('//[::]', '//[::1]');
  } catch (cause) {
    throw new Error(`http cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause });
  }
}

/** `localhost` may be an address of each family: what comes in by the others is bounded as all that the server accepts. */
async function listenBeside(server: Server, stack: AsyncDisposableStack): Promise<void> {
  const { address: first, port } = server.address() as AddressInfo;
  for (const { address } of await lookup('localhost', { all: true })) {
    if (address === first) continue;
    const beside = createServer((socket) => void server.emit('connection', socket));
    try {
      await once(beside.listen(port, address), 'listening');
      stack.defer(() => void beside.close());
    } catch (error) {
      // The name may have an address that the host has not.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
    }
  }
}

function pagesOf(token: string | null, { board, control, exclusions }: HttpParts): ShownPages {
  return {
    status: (request) => ({ ...board.view(), acting: actingFor(token, request) }),
    exclusions: () => exclusions.known(),
    async life(id) {
      const sight = await control.probe(id);
      return sight === null ? null : { view: viewProbe(sight), life: lifeOf(sight.record, await control.header(id)) };
    },
  };
}

/** `listen EACCES: permission denied 0.0.0.0:80` without what we say ourselves. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^listen /, '').replace(/ \S+:\d+$/, '');
}
