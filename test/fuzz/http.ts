/** Hostile requests by hand at the real HTTP server: it stays up, answers in time, and acts for nobody without the token. */
import { setTimeout as delay } from 'node:timers/promises';
import { serveHttp } from '../../src/adapters/http/server.ts';
import { renderProbeMetrics } from '../../src/adapters/prometheus/probe-metrics.ts';
import { ENDPOINTS } from '../../src/domain/endpoint.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { createExclusionDesk } from '../../src/engine/exclusion-desk.ts';
import { createStatusBoard } from '../../src/engine/status-board.ts';
import type { Inquiries, Log, Reports } from '../../src/ports.ts';
import { dial, readAnswer } from '../adapters/http/raw.ts';
import { type FakeWorld, fakeWorld, seededRandom } from '../fakes/agent.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { Draw } from '../simulation/draw.ts';
import { type Hostile, hostileRequest, TOKEN } from './http-grammar.ts';

export interface Fuzzed {
  readonly tried: number;
  /** A line each: the seed and the case, so that it can be had again, and what was wrong. */
  readonly findings: readonly string[];
}

/** Requests at once: fewer than one address may have connections. */
const AT_ONCE = 16;
/** Addresses that they come from: ten wrong tokens of one, and the right one is not answered there either. */
const ASKERS = 200;
/** Milliseconds without a byte after which the request is over: the client closes its side. */
const QUIET = 40;
/** Milliseconds from then on in which the server has to let go. Its own limits for who is slow are longer, and tested elsewhere. */
const PATIENCE = 4000;
/** Virtual seconds that pass while a request is under way: rates fill up again, and waits end. */
const PASSING = 5;
/** What must stand in every answer. */
const HEADERS = [
  'x-content-type-options',
  'x-frame-options',
  'content-security-policy',
  'referrer-policy',
  'cache-control',
];
/** A stack, a path of a host, or what only our inside says. */
const INSIDE = /\n\s+at |node:internal|node_modules|\/srv\/mailflow|\.ts:\d|TypeError|ERR_[A-Z]/;
/** What parts fail with: none of it may leave. */
const BROKEN = `EACCES: permission denied, open '/srv/mailflow/${TOKEN}'`;
const FINDING_MAX = 600;

export async function fuzzHttp(seed: number, count: number, tried: () => void = () => undefined): Promise<Fuzzed> {
  const errors: string[] = [];
  await using served = await start(errors);
  const findings: string[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => first + index);
    // Whole batches are without the token, so that what was done can be laid to them.
    const allowed = new Draw('http', seed, 'batch', first).chance(0.3);
    const before = served.acts();
    const found = await Promise.all(
      batch.map(async (index) => {
        const request = hostileRequest(new Draw('http', seed, index), allowed);
        const wrong = await wrongWith(served, request, `127.0.0.${2 + (index % ASKERS)}`);
        return wrong === null
          ? []
          : [`case ${index}: ${wrong} on ${JSON.stringify(request.text).slice(0, FINDING_MAX)}`];
      }),
    );
    findings.push(...found.flat());
    for (const _ of batch) tried();
    if (!allowed && served.acts() !== before)
      findings.push(`cases ${batch[0]} to ${batch.at(-1)}: acted without the token`);
    for (const error of errors.splice(0)) findings.push(`cases ${batch[0]} to ${batch.at(-1)}: ${error}`);
    if (!(await served.isUp()))
      return { tried: batch.at(-1) ?? 0, findings: [...findings, `seed ${seed}: it is down`] };
  }
  return { tried: count, findings: findings.map((finding) => `http, seed ${seed}, ${finding}`) };
}

async function wrongWith({ url }: Served, { text, pieces, acts }: Hostile, from: string): Promise<string | null> {
  const socket = await dial(url, from);
  const parts: Buffer[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<'closed' | 'held'>();
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('close', () => resolve('closed'));
  socket.setTimeout(QUIET, () => {
    socket.end();
    socket.setTimeout(PATIENCE, () => resolve('held'));
  });
  for (const piece of pieces) socket.write(piece, 'latin1');
  const ending = await closed;
  socket.destroy();
  const said = Buffer.concat(parts).toString('latin1');
  const { status, headers } = readAnswer(said);
  if (ending === 'held' && !headers.get('content-type')?.startsWith('text/event-stream'))
    return 'it holds the connection';
  // Or only told to go on with a body that then did not come as it should.
  if (/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)*$/.test(said)) return null;
  if (status === null) return `it answers no HTTP: ${said.slice(0, 80)}`;
  const missing = HEADERS.filter((name) => !headers.has(name));
  if (missing.length > 0) return `${status} without ${missing.join()}`;
  // What was asked for may come back; what was not must not.
  if (said.includes(TOKEN) && !text.includes(TOKEN)) return `${status} tells the token`;
  if (INSIDE.test(said) && !INSIDE.test(text)) return `${status} tells of the inside: ${INSIDE.exec(said)?.[0]}`;
  if (status >= 200 && status < 300 && acts && !text.includes(TOKEN)) return `${status} for what needs the token`;
  return null;
}

interface Served extends AsyncDisposable {
  readonly url: string;
  /** Entries of the ledger that only who has the token may cause. */
  readonly acts: () => number;
  readonly isUp: () => Promise<boolean>;
}

/** The agent over fakes; what it tells the log as an error goes to `errors`, but for the failures that are meant. */
async function start(errors: string[]): Promise<Served> {
  const stack = new AsyncDisposableStack();
  const world = fakeWorld();
  const { clock, ledger } = world;
  const providers = [{ name: 'acme', paths: PATHS, endpoints: ENDPOINTS, contract: CONTRACT }];
  const board = createStatusBoard({
    version: '0',
    dataFolder: '/srv/mailflow',
    checkEverySeconds: 60,
    clock,
    providers,
  });
  const engine = await world.start({ observer: board });
  const desk = { ledger, clock, random: seededRandom(2), recorder: engine.recorder };
  const exclusions = createExclusionDesk({ ...desk, changed: board.exclusionsChanged });
  board.attach({ engine, exclusions, recent: [] });
  const log: Log = {
    ...silentLog,
    error: (message, fields) => {
      const error = String(fields?.['error']);
      if (!error.includes(BROKEN)) errors.push(`it logs ${message}: ${error}`);
    },
  };
  const broken = (): Promise<never> => Promise.reject(new Error(BROKEN));
  const reports: Reports = { rendered: broken };
  const inquiries: Inquiries = { delays: broken, preview: broken };
  const server = await serveHttp(
    {
      ...{ listen: { host: '127.0.0.1', port: 0 }, token: TOKEN, spotChecksPerMinute: 20, names: [] },
      metrics: { listen: null, token: null },
    },
    {
      ...{ control: engine, board, reports, inquiries, exclusions, clock, log },
      zones: new Map([['acme', CONTRACT.timeZone]]),
      metrics: async () => ({ contentType: 'text/plain', body: 'mailflow_build_info 1\n' }),
      probeMetrics: renderProbeMetrics,
    },
  );
  stack.defer(passTime(world));
  stack.defer(async () => {
    await server.close();
    const stopped = engine.stop();
    await clock.advance(5);
    await stopped;
  });
  const { url } = server;
  const isUp = async (): Promise<boolean> => (await fetch(new URL('/healthz', url)).catch(() => null))?.status === 200;
  const acts = (): number =>
    ledger.events('probe.planned').length +
    ledger.events('exclusion.added').length +
    ledger.events('exclusion.retracted').length;
  return { url, acts, isUp, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Until what it gives is called. */
function passTime({ clock }: FakeWorld): () => Promise<void> {
  const over = new AbortController();
  const passing = (async () => {
    while (!over.signal.aborted) {
      await clock.advance(PASSING);
      await delay(QUIET / 4);
    }
  })();
  return async () => {
    over.abort();
    await passing;
  };
}
