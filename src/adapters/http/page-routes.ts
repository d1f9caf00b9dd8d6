/** The status page, the page of one probe, and what they are made of. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Exclusion } from '../../domain/exclusion.ts';
import type { ProbeLife } from '../../domain/probe-life.ts';
import type { ProbeView } from '../../domain/probe-view.ts';
import type { ProviderStatus, StatusView } from '../../domain/status-view.ts';
import { limitsOf } from '../../page/day.ts';
import type { ReportTerms } from '../../page/report-place.ts';
import { firstState } from '../../page/state.ts';
import { type LifeState, lifeTitle, lifeView } from '../../page/view-life.ts';
import { pageView, titleOf } from '../../page/view-page.ts';
import { languageOf } from './language.ts';
import { encodingFor, type PageAssets } from './page-assets.ts';
import { PAGE_POLICY, type PageDocument, writeDocument } from './page-document.ts';
import { isProbeId } from './request.ts';

export interface ShownPages {
  /** As `request`'s sender may act: what `GET /api/v1/status` answers to it. */
  readonly status: (request: FastifyRequest) => StatusView;
  /** Null if there is no such probe. */
  readonly life: (id: string) => Promise<{ readonly view: ProbeView; readonly life: ProbeLife } | null>;
  /** All in force. */
  readonly exclusions: () => readonly Exclusion[];
}

const COSTLY = { config: { costly: true } };
const packed = promisify(gzip);
/** A name never says anything else: a year is as long as a cache keeps anything. */
const FOREVER = 'public, max-age=31536000, immutable';

export function addPages(server: FastifyInstance, assets: PageAssets, shown: ShownPages): void {
  addAssets(server, assets);
  server.get('/', COSTLY, async (request, reply) => {
    const language = languageOf(request);
    const status = shown.status(request);
    const state = firstState(status, language);
    const data = { language, status };
    return answer(request, reply, assets, {
      entry: 'main',
      language,
      title: titleOf(state),
      view: pageView(state),
      data,
    });
  });
  server.get<{ Params: { id: string } }>('/probes/:id', COSTLY, async (request, reply) => {
    const { id } = request.params;
    const language = languageOf(request);
    const found = isProbeId(id) ? await shown.life(id) : null;
    if (found === null) return reply.code(404).send({ error: 'no such probe' });
    const { version, providers } = shown.status(request);
    const provider = providers.find(({ name }) => name === found.view.provider);
    const timeZone = provider?.month?.timeZone ?? 'UTC';
    const report = provider === undefined ? null : termsOf(provider, found.view, shown.exclusions());
    const state: LifeState = { language, ...found, timeZone, version, report };
    return answer(request, reply, assets, {
      entry: 'probe',
      language,
      title: lifeTitle(state),
      view: lifeView(state),
      data: state,
    });
  });
}

/** Null where the provider is held to no contract. */
function termsOf(
  provider: ProviderStatus,
  { path, plannedAt }: ProbeView,
  exclusions: readonly Exclusion[],
): ReportTerms | null {
  if (provider.month === null) return null;
  const touching = exclusions.filter(
    (each) =>
      each.provider === provider.name &&
      (each.path === null || each.path === path) &&
      each.toMs >= Date.parse(plannedAt),
  );
  return {
    maximumSeconds: limitsOf(provider, path)?.maximum ?? null,
    exclusions: touching.map(({ fromMs, toMs }) => ({ fromMs, toMs })),
  };
}

function addAssets(server: FastifyInstance, { files }: PageAssets): void {
  server.get<{ Params: { '*': string } }>('/assets/*', async (request, reply) => {
    const asset = files.get(request.params['*']);
    if (asset === undefined) return reply.code(404).send({ error: 'no such resource' });
    const encoding = encodingFor(request.headers['accept-encoding']);
    if (encoding !== 'identity') void reply.header('content-encoding', encoding);
    return reply
      .headers({ 'cache-control': FOREVER, vary: 'accept-encoding' })
      .type(asset.contentType)
      .send(asset.bodies[encoding]);
  });
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  assets: PageAssets,
  document: PageDocument,
): Promise<FastifyReply> {
  const text = writeDocument(document, assets);
  void reply
    .headers({
      'content-security-policy': PAGE_POLICY,
      vary: 'accept-encoding, accept-language',
    })
    .type('text/html; charset=utf-8');
  if (encodingFor(request.headers['accept-encoding']) === 'identity') return reply.send(text);
  return reply.header('content-encoding', 'gzip').send(await packed(text));
}
