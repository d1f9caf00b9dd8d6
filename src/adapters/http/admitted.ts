/** The hook before every request that sends mail or changes state. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Admission, admit } from './auth.ts';

/** As `onRequest`: before anything else of the request is read. */
export function admitted(token: string | null): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async ({ headers, ip }, reply) => {
    const admission = admit(token, { remote: ip, headers });
    if (admission !== 'admitted') await refuse(reply, admission);
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
