/** The port Checker over SMTP: a submission server as a client meets it, an MX as another host does. Hands over no message. */
import type { SecureContext } from 'node:tls';
import { conceal } from '../../domain/conceal.ts';
import type { CheckDepth, CheckResult } from '../../domain/endpoint.ts';
import {
  ABORTED,
  isMailboxFull,
  isOurDoing,
  isTemporary,
  isThrottling,
  type Path,
  type Refusal,
  type Stage,
} from '../../domain/probe.ts';
import type { Login, MxSettings, SubmissionSettings } from '../../domain/settings.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import {
  CHECK_MS_MAX,
  type Checker,
  type CheckReport,
  type Clock,
  SESSION_ANSWER_MS_MAX,
  SESSION_SECONDS_MAX,
} from '../../ports.ts';
import { trustIn } from './connect.ts';
import { greetingOf } from './conversation.ts';
import { aborted, LIMIT_MS, within } from './deadline.ts';
import { type Failure, toFailure } from './failure.ts';
import { nothingSeen, reach, type Server, stagesTo } from './reach.ts';
import type { Reply } from './reply.ts';
import { Session } from './session.ts';
import type { Ending } from './transcript.ts';

/** Milliseconds for a new connection: what a kept one's silence before it and the QUIT after it leave of a check. */
const VISIT_MS_MAX = CHECK_MS_MAX - SESSION_ANSWER_MS_MAX - LIMIT_MS.quit;

const STOPPED: CheckResult = { kind: 'inconclusive', reason: aborted().message };

/** Depths `session` and `login`; without a login in the settings `login` ends with EHLO. Throws on authorities that are no PEM. */
export function createSubmissionChecker(settings: SubmissionSettings, clock: Clock): Checker {
  const host: Host = { server: settings, trust: trustIn(settings.tls), login: settings.login, path: 'send', clock };
  let kept: Kept | null = null;
  const forget = async (signal: AbortSignal): Promise<void> => {
    const { session } = kept ?? {};
    kept = null;
    await session?.leave([], signal);
  };
  return {
    async check(depth, signal) {
      mustBe(depth, ['session', 'login']);
      if (depth === 'session' && kept !== null && isFresh(kept, clock)) {
        const report = await askKept(kept, host, signal);
        if (report?.result.kind === 'up') return report;
        kept.session.close();
        kept = null;
        if (report !== null) return report;
      }
      await forget(signal);
      const { session, report } = await visit(host, 'login', null, signal);
      session?.settle();
      kept = session === null ? null : { session, since: report.began, expiresMs: report.certificateExpiresMs };
      return report;
    },
    close: () => forget(new AbortController().signal),
  };
}

/** Depths `greeting`, and `recipient` for the address of a mailbox. Throws on authorities that are no PEM. */
export function createMxChecker(settings: MxSettings, recipient: string | null, clock: Clock): Checker {
  const host: Host = { server: settings, trust: trustIn(settings.tls), login: null, path: 'receive', clock };
  return {
    async check(depth, signal) {
      mustBe(depth, recipient === null ? ['greeting'] : ['greeting', 'recipient']);
      const named = depth === 'recipient' && recipient !== null;
      const envelope = named ? { sender: settings.from, recipient } : null;
      const { session, report } = await visit(host, depth, envelope, signal);
      await session?.leave(named ? ['RSET'] : [], signal);
      return report;
    },
    close: async () => {},
  };
}

interface Host {
  readonly server: Server;
  readonly trust: SecureContext;
  readonly login: Login | null;
  /** Of the probes that are handed over here. */
  readonly path: Path;
  readonly clock: Clock;
}
interface Kept {
  readonly session: Session;
  readonly since: Instant;
  readonly expiresMs: number | null;
}
interface Envelope {
  readonly sender: string;
  readonly recipient: string;
}

function isFresh({ since }: Kept, clock: Clock): boolean {
  return spanBetween(since, clock.now()).hi <= SESSION_SECONDS_MAX;
}

/** A NOOP. Null where the session was lost or says nothing: servers end idle ones, and so do firewalls in silence; a client logs in anew. */
async function askKept({ session, expiresMs }: Kept, host: Host, signal: AbortSignal): Promise<CheckReport | null> {
  const began = host.clock.now();
  const end = (result: CheckResult): CheckReport => reportOf('session', began, result, expiresMs, host.clock.now());
  let reply: Reply;
  try {
    reply = await within(host.clock, SESSION_ANSWER_MS_MAX, signal, (cut) => session.command('NOOP', cut));
  } catch (error) {
    return toFailure(error).code === ABORTED ? end(STOPPED) : null;
  }
  if (reply.code < 300) return end({ kind: 'up' });
  // 421 ends a session for the server's own reasons (RFC 5321 §3.8).
  if (reply.code === 421) return null;
  const result = resultOf({ kind: 'refused', stage: 'greeting', ...reply }, host);
  return end(result.kind === 'down' ? { ...result, stage: 'session' } : result);
}

/** A new connection, up to the login or the envelope. `session` is the caller's to leave; null where it is no good and closed. */
async function visit(
  { server, trust, login, path, clock }: Host,
  depth: CheckDepth,
  envelope: Envelope | null,
  signal: AbortSignal,
): Promise<{ readonly session: Session | null; readonly report: CheckReport }> {
  const began = clock.now();
  const stages = stagesTo(server.host, clock, () => {});
  const seen = nothingSeen();
  const held: { session: Session | null; letIn: Instant | null } = { session: null, letIn: null };
  let result: CheckResult = { kind: 'up' };
  let refused = false;
  try {
    await within(clock, VISIT_MS_MAX, signal, async (cut) => {
      const { socket, tls } = await reach(server, trust, clock, stages, seen, cut);
      held.session = new Session(
        socket,
        seen.socket,
        greetingOf(server, tls),
        { login: login !== null },
        clock,
        stages,
      );
      await held.session.open(login, cut);
      held.letIn = clock.now();
      if (envelope !== null) await held.session.envelope(envelope.sender, envelope.recipient, cut);
    });
  } catch (error) {
    const failure = toFailure(error);
    const ending = held.session?.ending(failure) ?? unreachable(failure, stages.current());
    result = resultOf(ending, { login, path });
    refused = ending.kind === 'refused';
  }
  const until = result.kind === 'up' && held.letIn !== null ? held.letIn : clock.now();
  const report = reportOf(depth, began, result, seen.certificateExpiresMs, until);
  if (result.kind === 'up') return { session: held.session, report };
  if (refused) await held.session?.leave([], signal);
  held.session?.close();
  seen.socket?.destroy();
  return { session: null, report };
}

function reportOf(
  depth: CheckDepth,
  began: Instant,
  result: CheckResult,
  certificateExpiresMs: number | null,
  until: Instant,
): CheckReport {
  const seconds = (until.monoUs - began.monoUs) / 1e6;
  return { depth, began, seconds, result, certificateExpiresMs };
}

function unreachable({ code, message }: Failure, stage: Stage): Ending {
  return { kind: 'unreachable', stage, code, text: message };
}

function resultOf(ending: Ending, { login, path }: Pick<Host, 'login' | 'path'>): CheckResult {
  const clean = (text: string): string => (login === null ? text : conceal(text, login));
  switch (ending.kind) {
    case 'unreachable':
      if (ending.code === ABORTED) return STOPPED;
      return { kind: 'down', stage: ending.stage, code: ending.code, text: clean(ending.text) };
    case 'refused':
      if (isThrottling(ending)) return { kind: 'inconclusive', reason: clean(`throttled: ${saying(ending)}`) };
      // The one recipient that is asked for is our own mailbox, which we have let fill up.
      if (ending.stage === 'rcpt' && isMailboxFull(ending))
        return { kind: 'inconclusive', reason: clean(`our mailbox is full: ${saying(ending)}`) };
      // A login that is refused is told of, and judged by mayBeOurs.
      if (ending.stage !== 'auth' && isOurDoing(ending, path))
        return { kind: 'inconclusive', reason: clean(`what is looked up of us is wrong: ${saying(ending)}`) };
      // It may be greylisting, whose replies nobody can tell from others (RFC 6647 §5.1).
      if (ending.stage === 'rcpt' && isTemporary(ending))
        return { kind: 'inconclusive', reason: clean(`asked to come again: ${saying(ending)}`) };
      return { kind: 'down', stage: ending.stage, code: String(ending.code), text: clean(wordsOf(ending)) };
    case 'accepted':
    case 'uncertain':
      throw new Error(`a check hands over no message, and yet its end is ${ending.kind}`);
  }
}

function saying(refusal: Refusal): string {
  return `${refusal.code} ${wordsOf(refusal)}`;
}

function wordsOf({ enhanced, text }: Refusal): string {
  return enhanced === null ? text : `${enhanced} ${text}`;
}

function mustBe(depth: CheckDepth, possible: readonly CheckDepth[]): void {
  if (!possible.includes(depth)) throw new Error(`a check here is ${possible.join(' or ')}, not ${depth}`);
}
