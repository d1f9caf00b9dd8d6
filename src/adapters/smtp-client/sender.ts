/** The port Sender over SMTP: submission as a client (RFC 6409) and injection as a source MTA (RFC 5321), one attempt each. */
import type { SecureContext } from 'node:tls';
import { conceal } from '../../domain/conceal.ts';
import type { Handover, Stage } from '../../domain/probe.ts';
import type { Login, MxSettings, SubmissionSettings } from '../../domain/settings.ts';
import type { Clock, OutgoingMessage, Sender } from '../../ports.ts';
import { trustIn } from './connect.ts';
import { converse, type Errand, greetingOf } from './conversation.ts';
import { createSigner } from './dkim.ts';
import { toFailure } from './failure.ts';
import { nothingSeen, reach, type Seen, type Server, stagesTo } from './reach.ts';
import type { StageClock } from './stage-clock.ts';
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
      return login === null ? handover : concealIn(handover, login);
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
  const stages = stagesTo(server.host, clock, onStage);
  const seen = nothingSeen();
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

async function attempt(job: Job, stages: StageClock, seen: Seen, signal: AbortSignal): Promise<Ending> {
  const { server, trust, clock, message } = job;
  const { socket, tls } = await reach(server, trust, clock, stages, seen, signal);
  const errand: Errand = {
    ...greetingOf(server, tls),
    login: job.login,
    sender: message.sender,
    recipient: message.recipient,
    envelopeId: message.envelopeId,
    message: job.bytes,
  };
  return converse(socket, errand, clock, stages, signal);
}

function concealIn(handover: Handover, login: Login): Handover {
  return handover.kind === 'accepted'
    ? { ...handover, reply: conceal(handover.reply, login) }
    : { ...handover, text: conceal(handover.text, login) };
}
