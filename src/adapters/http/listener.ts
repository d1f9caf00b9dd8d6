/** A server with no address yet: what bounds everybody who connects, and what every answer has, those to what is no request included. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Clock, LedgerRefused, type Log, TooBusy, UnknownRoute } from '../../ports.ts';
import { askerOf } from './asker.ts';
import { createDoor } from './door.ts';
import { HEADERS } from './headers.ts';
import { createRateLimit, type Rate } from './rate-limit.ts';
import { MalformedRequest } from './request.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether an answer takes a thread's time. */
    readonly costly?: boolean;
  }
}

/** A request is a few hundred bytes, but where its route says more. */
const BODY_BYTES_MAX = 4096;
/** Milliseconds a request may take to arrive, and its head; looked at every so often. */
const REQUEST_TIMEOUT = 10_000;
const HEAD_TIMEOUT = 5000;
const TIMEOUTS_LOOK = 2000;
/** Milliseconds without a request after which a connection is closed; Prometheus and browsers open another. */
const IDLE_TIMEOUT = 20_000;
/** Milliseconds in which whoever asked reads nothing of an answer; Node may look a second time before it closes. */
const UNREAD_TIMEOUT = 10_000;
/** Some scrapers, a browser and a few commands; more than this is a flood. */
export const CONNECTIONS_MAX = 256;
/** Requests of one asker that take a thread's time: a page that is opened asks for a few. */
export const COSTLY_REQUESTS: Rate = { burst: 120, every: 0.5 };

/** What a status says beyond its number, where Fastify's own text would tell of our inside. */
const REASONS: Readonly<Record<number, (reply: FastifyReply) => string>> = {
  413: ({ routeOptions }) => `a body must have at most ${routeOptions.bodyLimit} bytes`,
  415: () => 'a body must be application/json',
};

/** What is sent in place of a payload, whose status is set. */
export type Dress = (request: FastifyRequest, reply: FastifyReply, payload: unknown) => unknown;

export function createListener(
  log: Log,
  clock: Pick<Clock, 'now'>,
  dress: Dress = (_request, _reply, payload) => payload,
): FastifyInstance {
  const asked = new WeakSet<Socket>();
  const door = createDoor(clock);
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    serverFactory: (answer) => {
      const options = {
        headersTimeout: HEAD_TIMEOUT,
        requestTimeout: REQUEST_TIMEOUT,
        keepAliveTimeout: IDLE_TIMEOUT,
        connectionsCheckingInterval: TIMEOUTS_LOOK,
        // host-name.ts asks for it: Node's own answer has none of our headers.
        requireHostHeader: false,
      };
      return createServer(options, (request, response) => {
        if (door.opens(request, response)) answer(request, response);
      });
    },
    forceCloseConnections: true,
    logger: false,
    // Before any hook.
    frameworkErrors: (error, request: FastifyRequest, reply: FastifyReply) => {
      const payload = JSON.stringify(toldOf(error, reply, log));
      void reply.type('application/json; charset=utf-8');
      const dressed = dress(request, reply, payload);
      addHeaders(reply);
      void reply.send(dressed);
    },
    clientErrorHandler: (error, socket) => {
      door.misread(socket);
      refuseUnread(error, socket, asked.has(socket));
    },
  });
  server.server.on('request', ({ socket }: IncomingMessage) => asked.add(socket));
  server.server.maxConnections = CONNECTIONS_MAX;
  server.server.on('connection', (socket: Socket) => door.enter(socket));
  // Such as no memory for another connection: who asked comes again.
  server.server.on('error', (error) => log.debug('http could not accept a connection', { error }));
  server.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    if (!door.opens(request, response)) return;
    response.writeHead(417, { ...HEADERS, connection: 'close' }).end();
  });
  server.removeContentTypeParser('text/plain');
  server.setErrorHandler((error, _request, reply) => reply.send(toldOf(error, reply, log)));
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such resource' }));
  addLimits(server, clock);
  server.addHook('onSend', async (request, reply, payload) => {
    const dressed = dress(request, reply, payload);
    addHeaders(reply);
    request.raw.socket.setTimeout(UNREAD_TIMEOUT);
    return dressed;
  });
  return server;
}

/** What never changes is kept, and a page brings a policy of its own. */
function addHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(HEADERS)) if (!reply.hasHeader(name)) void reply.header(name, value);
}

function addLimits(server: FastifyInstance, clock: Pick<Clock, 'now'>): void {
  const costly = createRateLimit(COSTLY_REQUESTS, clock);
  server.addHook('onRequest', async ({ ip, routeOptions }) => {
    const wait = routeOptions.config.costly === true ? costly.take(askerOf(ip)) : 0;
    if (wait > 0) throw new TooBusy('too many requests came from this address', wait);
  });
}

/** One line for the client, whose status is set, the whole of it for the log; nothing of our inside leaves. */
function toldOf(error: unknown, reply: FastifyReply, log: Log): { readonly error: string } {
  const tell = (status: number, message: string): { readonly error: string } => {
    void reply.code(status);
    return { error: message };
  };
  if (error instanceof MalformedRequest) return tell(400, error.message);
  if (error instanceof UnknownRoute) return tell(404, error.message);
  if (error instanceof TooBusy) {
    void reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterSeconds)));
    return tell(429, error.message);
  }
  // Why, with its paths, stands in the log and in /readyz.
  if (error instanceof LedgerRefused) return tell(503, 'the ledger takes nothing now');
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return tell(status, REASONS[status]?.(reply) ?? 'the request must be well-formed');
  log.error('a request failed', { error });
  return tell(500, 'internal error');
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};

/** Answers what is no request (RFC 9112 §2.2), or none in time. A connection that has been asked something is only closed: its answer may be on its way. */
function refuseUnread({ code }: NodeJS.ErrnoException, socket: Socket, isAsked: boolean): void {
  if (!socket.writable || isAsked) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ error: 'the request must be well-formed' });
  const headers = {
    ...HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${UNREADABLE[code ?? ''] ?? '400 Bad Request'}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}
