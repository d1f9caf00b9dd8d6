/** The page's real routes over an agent that is made up: what it says can be changed while a browser looks. */
import type { ServerResponse } from 'node:http';
import Fastify from 'fastify';
import { asPage } from '../../src/adapters/http/error-pages.ts';
import { readPageAssets } from '../../src/adapters/http/page-assets.ts';
import { addPages } from '../../src/adapters/http/page-routes.ts';
import type { SeriesQuery } from '../../src/domain/delay/delay-series.ts';
import type { Path } from '../../src/domain/probe.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import type { DelaySeries, StatusView } from '../../src/domain/status-view.ts';
import { lifeOfSample, series } from './sample-status.ts';

export const TOKEN = 'correct-horse-battery-staple';

export interface PageServer {
  readonly url: string;
  readonly port: number;
  readonly tell: (status: StatusView) => void;
  readonly tellProbe: (probe: ProbeView) => void;
  /** What is sent to whoever asks for a probe. */
  readonly probes: Map<string, ProbeView>;
  /** What was posted, with the token it came with. */
  readonly posted: readonly { readonly url: string; readonly body: unknown; readonly token: string | undefined }[];
  readonly close: () => Promise<void>;
}
export interface PageServerOptions {
  readonly port?: number;
  readonly bad?: boolean;
  /** What it says to whoever asks for delays, in place of them. */
  readonly noDelays?: string;
  /** The delays it tells, in place of a sample's. */
  readonly delays?: (query: Pick<SeriesQuery, 'fromMs' | 'toMs' | 'points' | 'path'>) => Promise<DelaySeries>;
  /** What a spot check is when it is started. */
  readonly started?: ProbeView;
}

export async function servePage(
  first: StatusView,
  { port = 0, bad = false, noDelays, delays, started }: PageServerOptions = {},
): Promise<PageServer> {
  let status = first;
  const streams = new Set<ServerResponse>();
  const probes = new Map<string, ProbeView>();
  const posted: { url: string; body: unknown; token: string | undefined }[] = [];
  const server = Fastify({ forceCloseConnections: true });
  const assets = readPageAssets();
  server.addHook('onSend', async (request, reply, payload) => asPage(request, reply, payload, assets));
  addPages(server, assets, {
    status: () => status,
    exclusions: () => [],
    life: async (id) => {
      const view = probes.get(id) ?? status.recent.find((each) => each.id === id);
      return view === undefined ? null : { view, life: lifeOfSample(view) };
    },
  });
  const send = (event: string, data: unknown, to: Iterable<ServerResponse> = streams): void => {
    for (const stream of to) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  server.get('/api/v1/status', async () => status);
  server.get('/api/v1/events', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.write('retry: 300\n\n');
    streams.add(reply.raw);
    reply.raw.once('close', () => streams.delete(reply.raw));
    send('status', status, [reply.raw]);
  });
  server.get<{ Querystring: Record<'from' | 'to' | 'points', string> & { path: Path } }>(
    '/api/v1/delays',
    async ({ query }, reply) => {
      if (noDelays !== undefined) return reply.code(503).send({ error: noDelays });
      const [fromMs, toMs, points] = [Number(query.from), Number(query.to), Number(query.points)];
      return delays === undefined
        ? series(fromMs, toMs, points, bad)
        : delays({ fromMs, toMs, points, path: query.path });
    },
  );
  server.get<{ Params: { id: string }; Querystring: { wait?: string } }>(
    '/api/v1/probes/:id',
    async ({ params, query }, reply) => {
      if (Number(query.wait ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      return probes.get(params.id) ?? reply.code(404).send({ error: 'no such probe' });
    },
  );
  server.get<{ Params: { id: string } }>('/api/v1/probes/:id/life', async ({ params }, reply) => {
    const view = probes.get(params.id);
    return view === undefined ? reply.code(404).send({ error: 'no such probe' }) : lifeOfSample(view);
  });
  const needsToken = (authorization: string | undefined): boolean =>
    status.acting === 'token' && authorization !== `Bearer ${TOKEN}`;
  const retract = '/api/v1/exclusions/:id/retract';
  for (const url of [
    '/api/v1/probes',
    '/api/v1/exclusions',
    '/api/v1/exclusions/preview',
    retract,
    `${retract}/preview`,
  ])
    server.post(url, async (request, reply) => {
      const { authorization } = request.headers;
      posted.push({ url: request.url, body: request.body, token: authorization });
      if (needsToken(authorization)) return reply.code(401).send({ error: 'the bearer token is needed' });
      if (url === '/api/v1/exclusions') return reply.code(201).send({ id: 'abcdefghijklmnop' });
      if (url === retract) return reply.send({ id: 'abcdefghijklmnop' });
      if (url.endsWith('preview')) return reply.send(previewOf(status));
      if (started === undefined) return reply.code(503).send({ error: 'the ledger takes nothing now' });
      probes.set(started.id, started);
      return reply.code(202).send({ id: started.id });
    });
  await server.listen({ host: '127.0.0.1', port });
  const address = server.server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    tell(next) {
      status = next;
      send('status', next);
    },
    tellProbe: (probe) => send('probe', probe),
    probes,
    posted,
    async close() {
      for (const stream of streams) stream.destroy();
      await server.close();
    },
  };
}

/** The first broken clause would be kept. An object with `then` is never made: somebody might await it. */
function previewOf({ providers }: StatusView): string {
  const clauses = providers[0]?.month?.clauses ?? [];
  const now = clauses.map(({ terms, verdict, figures }) => ({ id: terms.id, verdict, figures }));
  const broken = now.find(({ verdict }) => verdict === 'BREACH');
  const kept = { verdict: 'MET', figures: { averageSeconds: [31, 32], breaches: [0, 0] } };
  const after = now.map((each) => (each === broken ? { ...each, ...kept } : each));
  return `{"month":"2026-11","now":${JSON.stringify(now)},"then":${JSON.stringify(after)}}`;
}
