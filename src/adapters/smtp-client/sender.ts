/** The port Sender over SMTP: submission as a client (RFC 6409) and injection as a source MTA (RFC 5321), one attempt each. */
import { Resolver } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Handover, Stage } from '../../domain/probe.ts';
import type { Login, MxSettings, SubmissionSettings } from '../../domain/settings.ts';
import type { Clock, OutgoingMessage, Sender } from '../../ports.ts';
import { connectFirst, secure, tlsOptions, trustIn } from './connect.ts';
import { converse, type Errand } from './conversation.ts';
import { LIMIT_MS, within } from './deadline.ts';
import { createSigner } from './dkim.ts';
import { toFailure } from './failure.ts';
import { resolveHost } from './resolve.ts';
import { createStageClock, type StageClock } from './stage-clock.ts';
import type { Ending } from './transcript.ts';

/** Throws on authorities that are no PEM. */
export function createSubmitter(settings: SubmissionSettings, clock: Clock): Sender {
  return createSender(settings, settings.login, async (text) => Buffer.from(text, 'latin1'), clock);
}

/** One transaction for each `send`: when to come again after a 4xx is the caller's. Throws on authorities or a DKIM key that are no PEM. */
export function createInjector(settings: MxSettings, clock: Clock): Sender {
  const sign = settings.dkim === null ? null : createSigner(settings.dkim);
  return createSender(settings, null, sign ?? (async (text) => Buffer.from(text, 'latin1')), clock);
}

type Server = Pick<SubmissionSettings, 'host' | 'port' | 'security' | 'tls' | 'helo'>;

function createSender(
  server: Server,
  login: Login | null,
  prepare: (text: string) => Promise<Buffer>,
  clock: Clock,
): Sender {
  const trust = trustIn(server.tls);
  return {
    async send(message, onStage, signal) {
      // Signed before the first stage: our own work is no part of any timing.
      const bytes = await prepare(message.text);
      const handover = await handOver({ server, trust, login, message, bytes, clock }, onStage, signal);
      return login === null ? handover : conceal(handover, login);
    },
  };
}

interface Job {
  readonly server: Server;
  readonly trust: SecureContext;
  readonly login: Login | null;
  readonly message: OutgoingMessage;
  readonly bytes: Buffer;
  readonly clock: Clock;
}

async function handOver(job: Job, onStage: (stage: Stage) => void, signal: AbortSignal): Promise<Handover> {
  const { server, clock } = job;
  const stages = createStageClock(isIP(server.host) === 0 ? 'dns' : 'connect', clock, onStage);
  const seen: Seen = { socket: null, peer: null, certificateExpiresMs: null };
  let ending: Ending;
  try {
    ending = await attempt(job, stages, seen, signal);
  } catch (error) {
    const { code, message: text } = toFailure(error);
    ending = { kind: 'unreachable', stage: stages.current(), code, text };
  } finally {
    stages.end();
    seen.socket?.destroy();
  }
  return { ...ending, stages: stages.timings(), peer: seen.peer, certificateExpiresMs: seen.certificateExpiresMs };
}

/** What a connection showed, however it ended. */
interface Seen {
  socket: Socket | null;
  peer: string | null;
  certificateExpiresMs: number | null;
}

async function attempt(job: Job, stages: StageClock, seen: Seen, signal: AbortSignal): Promise<Ending> {
  const { server, clock, message } = job;
  const addresses = await addressesOf(server.host, stages, clock, signal);
  const plain = await connectFirst(addresses, server.port, clock, signal);
  seen.socket = plain;
  seen.peer = endpoint(plain);
  const tls = tlsOptions(server.host, server.tls, job.trust, (expiresMs) => {
    seen.certificateExpiresMs = expiresMs;
  });
  let socket = plain;
  if (server.security === 'tls') {
    stages.enter('tls');
    socket = await within(clock, LIMIT_MS.handshake, signal, (cut) => secure(plain, tls, cut));
  }
  stages.enter('greeting');
  const errand: Errand = {
    host: server.host,
    helo: server.helo,
    encryption: ENCRYPTION[server.security],
    tls,
    login: job.login,
    sender: message.sender,
    recipient: message.recipient,
    envelopeId: message.envelopeId,
    message: job.bytes,
  };
  return converse(socket, errand, clock, stages, signal);
}

const ENCRYPTION = { tls: 'is', starttls: 'must', none: 'none' } as const;

async function addressesOf(
  host: string,
  stages: StageClock,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const addresses = await within(clock, LIMIT_MS.dns, signal, (cut) => resolveHost(host, new Resolver(), cut));
  stages.enter('connect');
  return addresses;
}

function endpoint({ remoteAddress, remotePort }: Socket): string | null {
  if (remoteAddress === undefined) return null;
  return isIP(remoteAddress) === 6 ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** A server may quote what it was sent. The password, in the forms it travels in, stays out of what is kept and shown. */
function conceal(handover: Handover, { username, password }: Login): Handover {
  const secrets = [base64(`\0${username}\0${password}`), base64(password), password].filter((secret) => secret !== '');
  const clean = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return handover.kind === 'accepted'
    ? { ...handover, reply: clean(handover.reply) }
    : { ...handover, text: clean(handover.text) };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
