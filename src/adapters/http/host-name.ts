/**
 * Under which names the agent answers. A page of a stranger's whose name resolves to this agent (DNS rebinding) counts for the browser as
 * one with it, and could read all that it shows; but the browser then names the stranger as the host, and an address cannot be rebound.
 */

import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route answers under whatever name what is no browser. */
    readonly anyHost?: boolean;
  }
}

/** Refuses what is asked for under another name than an address, `localhost` and `names`, but what no browser asks for of routes that say `anyHost`. */
export function addHostCheck(server: FastifyInstance, names: readonly string[]): void {
  const known = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  server.addHook('onRequest', async (request, reply) => {
    // What stands there instead of a path would go before the Host (RFC 9112 §3.2.2), and is for proxies.
    if (!request.raw.url?.startsWith('/')) return reply.code(400).send({ error: 'a request must be for a path' });
    const hosts = hostsOf(request);
    // RFC 9112 §3.2: else two who read the request may take it for another's.
    if (hosts.length > 1 || (hosts.length === 0 && request.raw.httpVersion !== '1.0'))
      return reply.code(400).send({ error: 'a request must have one Host' });
    if (hosts.length === 0) return undefined;
    if (request.routeOptions.config.anyHost === true && !isBrowsers(request)) return undefined;
    const name = nameOf(hosts[0] ?? '');
    if (isIP(name) !== 0 || known.has(name)) return undefined;
    return reply.code(403).send({ error: 'the host must be an address, localhost, or one of http.names' });
  });
}

/**
 * A script cannot keep its browser from sending one of these, though it may change what it says. Scrapers, health checks and commands send
 * none; Node's own `fetch` names a language, and so has to ask by an address or one of the names.
 */
const BROWSER_HEADERS = ['accept-language', 'origin', 'sec-fetch-site'];

function isBrowsers({ headers }: FastifyRequest): boolean {
  return BROWSER_HEADERS.some((name) => headers[name] !== undefined);
}

function hostsOf({ raw }: FastifyRequest): readonly string[] {
  return raw.headersDistinct['host'] ?? [];
}

/** Without port, brackets and the final dot of a full name. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
