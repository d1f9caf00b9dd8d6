/** The scrape, and the health beside it. */
import type { FastifyInstance } from 'fastify';
import type { ScrapeFormat } from '../../ports.ts';
import { scrapeFormat } from './accept.ts';
import { type Guard, guard } from './admitted.ts';
import type { RateLimit } from './rate-limit.ts';

export interface Rendered {
  readonly contentType: string;
  readonly body: string;
}
export type Metrics = (format: ScrapeFormat) => Promise<Rendered>;

/** A scrape may be asked for under any name, but by a browser: a script of somebody's would read it. */
const ANYBODY: Partial<Guard> & Pick<Guard, 'config'> = { config: { anyHost: true } };

/** `token` is that of the scrape alone; null shows it to anybody. */
export function addMetrics(server: FastifyInstance, token: string | null, wrong: RateLimit, metrics: Metrics): void {
  server.get('/metrics', token === null ? ANYBODY : guard(token, wrong), async ({ headers }, reply) => {
    const { contentType, body } = await metrics(scrapeFormat(headers.accept));
    return reply.header('vary', 'accept').type(contentType).send(body);
  });
}
