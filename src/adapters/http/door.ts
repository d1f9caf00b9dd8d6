/** Who is answered at all, before a request is looked at: whoever asks beyond the limit must cost next to nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../ports.ts';
import { askerOf } from './asker.ts';
import { DEFAULT_POLICY, SECURITY_HEADERS } from './headers.ts';
import { createRateLimit, type Rate } from './rate-limit.ts';

/** Requests of one asker: a page with its modules is fifty, and a command that follows a probe asks a few times a second. */
export const REQUESTS: Rate = { burst: 1000, every: 0.05 };
/** Of those beyond it that are told so: who goes on all the same is not let in. */
export const REFUSALS: Rate = { burst: 100, every: 0.1 };

/** What every answer has. */
export const HEADERS = { ...SECURITY_HEADERS, 'content-security-policy': DEFAULT_POLICY };

export interface Door {
  /** Whether a connection may stay. */
  admits(socket: Socket): boolean;
  /** Whether a request is to be answered; if not, that has been seen to. */
  opens(request: IncomingMessage, response: ServerResponse): boolean;
  /** What came over a connection was no request: it counts as one. */
  misread(socket: Socket): void;
}

export function createDoor(clock: Pick<Clock, 'now'>): Door {
  const asked = createRateLimit(REQUESTS, clock);
  const refused = createRateLimit(REFUSALS, clock);
  const answering = new WeakSet<Socket>();
  /** Seconds to wait; 0 where the turn was taken. */
  const take = (socket: Socket): number => {
    const asker = askerOf(socket.remoteAddress);
    const wait = asked.take(asker);
    if (wait > 0) refused.take(asker);
    return wait;
  };
  return {
    admits: ({ remoteAddress }) => refused.wait(askerOf(remoteAddress)) === 0,
    opens({ socket }, response) {
      // No browser, scraper or command pipelines (RFC 9112 §9.3.2), and of who does a thousand requests are read at a time.
      if (answering.has(socket)) {
        if (!socket.destroyed) refused.take(askerOf(socket.remoteAddress));
        socket.destroy();
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
