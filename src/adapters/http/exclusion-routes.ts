/** The addresses where exclusions are read, tried out, entered and taken back, by the rules of the command `exclusion`. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Exclusion } from '../../domain/exclusion.ts';
import { checkRetraction, type Retraction, readExclusion } from '../../domain/exclusion-check.ts';
import { monthRange } from '../../domain/time/calendar.ts';
import { isoText } from '../../domain/time/instant.ts';
import type { ExclusionDesk, Inquiries, RenderedReport } from '../../ports.ts';
import type { Guard } from './admitted.ts';
import { describe, MalformedRequest, readMonth } from './request.ts';

export interface ShownExclusions {
  readonly exclusions: ExclusionDesk;
  readonly inquiries: Inquiries;
  /** The time zone of each provider's contract, by the name of those that are held to one. */
  readonly zones: ReadonlyMap<string, string>;
}

/** Three texts of 500 characters, each up to six bytes where JSON escapes them, and the rest. */
const BODY_BYTES_MAX = 16_384;
/** Milliseconds from the epoch that a Date can hold. */
const DATE_MS_MAX = 8.64e15;

export function addExclusions(server: FastifyInstance, guard: Guard, shown: ShownExclusions): void {
  const { exclusions, inquiries, zones } = shown;
  const guarded = { ...guard, bodyLimit: BODY_BYTES_MAX };
  server.get<{ Querystring: { month?: unknown } }>('/api/v1/exclusions', async ({ query }, reply) => {
    const month = query.month === undefined ? null : readMonth(query.month);
    const touches = ({ provider, fromMs, toMs }: Exclusion): boolean => {
      if (month === null) return true;
      const range = monthRange(month, zones.get(provider) ?? 'UTC');
      return fromMs < range.toMs && toMs > range.fromMs;
    };
    return reply.send({ exclusions: (await exclusions.inForce()).filter(touches) });
  });
  server.post('/api/v1/exclusions', guarded, async ({ body }, reply) =>
    reply.code(201).send(await exclusions.add(readEntered(body, zones))),
  );
  server.post('/api/v1/exclusions/preview', guarded, async ({ body }, reply) =>
    sendRendered(reply, await inquiries.preview({ kind: 'added', exclusion: readEntered(body, zones) })),
  );
  server.post<{ Params: { id: string } }>(
    '/api/v1/exclusions/:id/retract',
    guarded,
    async ({ params, body }, reply) => {
      const { id } = params;
      if (!(await exclusions.retract(id, readRetraction(body)))) return noneInForce(reply);
      return reply.send({ id });
    },
  );
  server.post<{ Params: { id: string } }>(
    '/api/v1/exclusions/:id/retract/preview',
    guarded,
    async ({ params }, reply) => {
      const exclusion = (await exclusions.inForce()).find(({ id }) => id === params.id);
      if (exclusion === undefined) return noneInForce(reply);
      return sendRendered(reply, await inquiries.preview({ kind: 'retracted', exclusion }));
    },
  );
}

/** Throws MalformedRequest with all that is wrong. */
function readEntered(body: unknown, zones: ReadonlyMap<string, string>): Omit<Exclusion, 'id'> {
  const { provider, path = null, kind, from, to, by, evidence = '', note = '' } = fieldsOf(body);
  const zone = typeof provider === 'string' ? zones.get(provider) : undefined;
  if (zone === undefined)
    throw new MalformedRequest(`provider must be one of ${[...zones.keys()].join(', ')}, is ${describe(provider)}`);
  const read = readExclusion(
    {
      ...texts({ provider, kind, by, evidence, note }),
      path: path === null ? null : text('path', path),
      from: timeText('from', from),
      to: timeText('to', to),
    },
    zone,
  );
  if (read.ok) return read.exclusion;
  throw new MalformedRequest(read.problems.join('; '));
}

function readRetraction(body: unknown): Retraction {
  const { by, note } = fieldsOf(body);
  const checked = checkRetraction(texts({ by, note }));
  if (checked.ok) return checked.said;
  throw new MalformedRequest(checked.problems.join('; '));
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return (body ?? {}) as Readonly<Record<string, unknown>>;
}

function texts<K extends string>(values: Readonly<Record<K, unknown>>): Record<K, string> {
  const entries = Object.entries(values).map(([name, value]) => [name, text(name, value)]);
  return Object.fromEntries(entries) as Record<K, string>;
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new MalformedRequest(`${name} must be text, is ${describe(value)}`);
}

/** Milliseconds since the epoch, as exclusions are shown, will do as well. */
function timeText(name: string, value: unknown): string {
  if (typeof value === 'number' && Math.abs(value) <= DATE_MS_MAX) return isoText(value);
  return text(name, value);
}

function noneInForce(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'no such exclusion is in force' });
}

function sendRendered(reply: FastifyReply, rendered: RenderedReport | null): FastifyReply {
  if (rendered === null)
    return reply.code(404).send({ error: 'nothing is judged of the provider, or its month is archived' });
  return reply.type(rendered.contentType).send(rendered.body);
}
