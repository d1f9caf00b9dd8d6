/** Who is answered at all, before a request is looked at: whoever asks beyond the limit must cost next to nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../ports.ts';
import { askerOf } from './asker.ts';
import { HEADERS } from './headers.ts';
import { createRateLimit, type Rate } from './rate-limit.ts';

/** Requests of one asker: a page with its modules is fifty, and a command that follows a probe asks a few times a second. */
export const REQUESTS: Rate = { burst: 1000, every: 0.05 };
/** Of those beyond it that are told so: who goes on all the same is not let in. */
export const REFUSALS: Rate = { burst: 100, every: 0.1 };

/**
 * Requests that came before the answer to the one before (RFC 9112 §9.3.2): no browser, scraper or command sends any. Node reads 64 kB of
 * them together, a thousand and more, which takes 40 ms.
 */
export const PIPELINED: Rate = { burst: 5, every: 2 };
/** Connections of one asker: a proxy in front of the agent is one. */
export const ASKER_CONNECTIONS_MAX = 64;

export interface Door {
  /** A connection that may not stay is closed. */
  enter(socket: Socket): void;
  /** Whether a request is to be answered; if not, that has been seen to. */
  opens(request: IncomingMessage, response: ServerResponse): boolean;
  /** What came over a connection was no request: it counts as one. */
  misread(socket: Socket): void;
}

export function createDoor(clock: Pick<Clock, 'now'>): Door {
  const asked = createRateLimit(REQUESTS, clock);
  const refused = createRateLimit(REFUSALS, clock);
  const pipelined = createRateLimit(PIPELINED, clock);
  const open = new Map<string, Set<Socket>>();
  const answering = new WeakSet<Socket>();
  const leave = (asker: string, socket: Socket): void => {
    const sockets = open.get(asker);
    sockets?.delete(socket);
    if (sockets?.size === 0) open.delete(asker);
  };
  /** Seconds to wait; 0 where the turn was taken. */
  const take = (socket: Socket): number => {
    const asker = askerOf(socket.remoteAddress);
    const wait = asked.take(asker);
    if (wait > 0) refused.take(asker);
    return wait;
  };
  const pipelines = (socket: Socket): void => {
    if (socket.destroyed) return;
    const asker = askerOf(socket.remoteAddress);
    socket.destroy();
    // Its other connections have as much to be read.
    if (pipelined.take(asker) > 0) for (const other of open.get(asker) ?? []) other.destroy();
  };
  return {
    enter(socket) {
      const asker = askerOf(socket.remoteAddress);
      const sockets = open.get(asker) ?? new Set();
      open.set(asker, sockets.add(socket));
      socket.once('close', () => leave(asker, socket));
      const isWelcome = refused.wait(asker) === 0 && pipelined.wait(asker) === 0;
      if (sockets.size > ASKER_CONNECTIONS_MAX || !isWelcome) socket.destroy();
    },
    opens({ socket }, response) {
      if (answering.has(socket)) {
        pipelines(socket);
        return false;
      }
      answering.add(socket);
      response.once('close', () => answering.delete(socket));
      const wait = take(socket);
      if (wait > 0) refuse(response, wait);
      return wait === 0;
    },
    misread: (socket) => void take(socket),
  };
}

function refuse(response: ServerResponse, waitSeconds: number): void {
  const body = JSON.stringify({ error: 'too many requests came from this address' });
  response
    .writeHead(429, {
      ...HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'retry-after': String(Math.max(1, Math.ceil(waitSeconds))),
      connection: 'close',
    })
    .end(body);
}
