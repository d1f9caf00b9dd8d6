/** The hook before every request that needs a bearer token, or loopback: what sends mail, changes state, or is shown to few. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TooBusy } from '../../ports.ts';
import { askerOf } from './asker.ts';
import { type Admission, admit } from './auth.ts';
import type { Rate, RateLimit } from './rate-limit.ts';

/** To be spread into a route's options. `onRequest`: before anything else of the request is read. */
export interface Guard {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Whoever holds the token may ask under any name, but by a browser, in which a page of a stranger's could use up the tries. */
  readonly config: { readonly anyHost: boolean };
}

/** Wrong tokens of one asker: enough for a person who mistypes, none for a program that tries words. */
export const WRONG_TOKENS: Rate = { burst: 10, every: 60 };

/** `wrong` counts the wrong tokens. Who has given too many is asked to wait, even with the right one, or each guess would be answered. */
export function guard(token: string | null, wrong: RateLimit): Guard {
  return {
    config: { anyHost: token !== null },
    async onRequest(request, reply) {
      const asker = askerOf(request.ip);
      const wait = token === null ? 0 : wrong.wait(asker);
      if (wait > 0) throw new TooBusy('too many wrong tokens came from this address', wait);
      const admission = admit(token, request);
      if (admission === 'token-needed' && request.headers.authorization !== undefined) wrong.take(asker);
      if (admission !== 'admitted') await refuse(reply, admission);
    },
  };
}

function refuse(reply: FastifyReply, admission: Exclude<Admission, 'admitted'>): FastifyReply {
  switch (admission) {
    case 'token-needed':
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'the bearer token is needed' });
    case 'loopback-only':
      return reply.code(403).send({ error: 'without a bearer token configured this is for loopback alone' });
  }
}
