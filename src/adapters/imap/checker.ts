/** The port Checker over IMAP: whether a client can log in and is told what is in its inbox, on a connection of its own. */
import type { CheckDepth, CheckResult } from '../../domain/endpoint.ts';
import type { MailboxSettings } from '../../domain/settings.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import {
  CHECK_MS_MAX,
  type Checker,
  type CheckReport,
  type Clock,
  type Log,
  MailboxError,
  SESSION_ANSWER_MS_MAX,
  SESSION_SECONDS_MAX,
} from '../../ports.ts';
import { Connection } from './connection.ts';
import { EntryError, LIMITS } from './failure.ts';
import { type Argument, atom } from './wire.ts';

/** Milliseconds that are left of a check for what a close may take. */
const CLOSE_MS_MAX = 2000;
/** Milliseconds for a new connection: what a kept one's silence before it and a close leave of a check. */
const LOGIN_MS_MAX = CHECK_MS_MAX - SESSION_ANSWER_MS_MAX - CLOSE_MS_MAX;
/** What a server says to a client that came too often, or with too many connections (ours are four): our doing. */
const THROTTLING =
  /\btoo (?:many|fast|much)\b|\brate (?:limit|exceed)|\bmaximum number of connections\b|\bconnection limit\b|\bbandwidth limits?\b|\bthrottl|\bunsafe login\b/i;

/** Each check asks for it: a server lets people in, and answers a NOOP, while the store that their mail is in is gone. */
const INBOX_STATUS: readonly Argument[] = ['INBOX', [atom('UIDNEXT')]];

/** Depths `session` and `login`. */
export function createMailboxChecker(settings: MailboxSettings, clock: Clock, log: Log): Checker {
  let kept: { readonly connection: Connection; readonly since: Instant } | null = null;
  const forget = async (): Promise<void> => {
    const { connection } = kept ?? {};
    kept = null;
    await connection?.close();
  };
  const end = (depth: CheckDepth, began: Instant, result: CheckResult, connection: Connection | null): CheckReport => ({
    depth,
    began,
    seconds: (clock.now().monoUs - began.monoUs) / 1e6,
    result,
    certificateExpiresMs: connection?.certificateExpiresMs ?? null,
  });

  /** Null where the connection was lost or says nothing: a client logs in anew. */
  const ask = async (connection: Connection, signal: AbortSignal): Promise<CheckReport | null> => {
    const began = clock.now();
    const limit = limited(clock, SESSION_ANSWER_MS_MAX, signal);
    const cut = (): void => connection.client.close();
    limit.signal.addEventListener('abort', cut);
    try {
      await askForInbox(connection);
      return end('session', began, { kind: 'up' }, connection);
    } catch (error) {
      if (signal.aborted) return end('session', began, STOPPED, connection);
      const result = resultOf(error);
      const answered = error instanceof MailboxError && ['NO', 'BAD', ...LIMITS].includes(error.code);
      return answered ? end('session', began, result, connection) : null;
    } finally {
      limit.signal.removeEventListener('abort', cut);
      limit.stop();
    }
  };

  const login = async (signal: AbortSignal): Promise<CheckReport> => {
    const began = clock.now();
    const limit = limited(clock, LOGIN_MS_MAX, signal);
    let connection: Connection | null = null;
    const cut = (): void => connection?.client.close();
    limit.signal.addEventListener('abort', cut);
    try {
      connection = await Connection.open(settings, clock, log, limit.signal);
      if (limit.signal.aborted) cut();
      await askForInbox(connection);
      kept = { connection, since: began };
      return end('login', began, { kind: 'up' }, connection);
    } catch (error) {
      cut();
      if (signal.aborted) return end('login', began, STOPPED, null);
      const result = resultOf(error);
      const text = `nothing within ${LOGIN_MS_MAX / 1000} s`;
      const timedOut = limit.signal.aborted && result.kind === 'down';
      return end('login', began, timedOut ? { ...result, code: 'TIMEOUT', text } : result, null);
    } finally {
      limit.signal.removeEventListener('abort', cut);
      limit.stop();
    }
  };

  return {
    async check(depth, signal) {
      if (depth !== 'session' && depth !== 'login') throw new Error(`a check here is session or login, not ${depth}`);
      if (depth === 'session' && kept !== null && spanBetween(kept.since, clock.now()).hi <= SESSION_SECONDS_MAX) {
        const report = await ask(kept.connection, signal);
        if (report?.result.kind === 'up') return report;
        kept.connection.client.close();
        kept = null;
        if (report !== null) return report;
      }
      await forget();
      return login(signal);
    },
    close: forget,
  };
}

async function askForInbox(connection: Connection): Promise<void> {
  let told = false;
  const STATUS = (): void => {
    told = true;
  };
  await connection.exclusive(() => connection.command('STATUS', INBOX_STATUS, { STATUS }));
  if (!told) throw connection.error('PROTOCOL', 'nothing is said of INBOX');
}

const STOPPED: CheckResult = { kind: 'inconclusive', reason: 'stopped by the agent' };

/** Aborted after `ms` too. */
function limited(clock: Clock, ms: number, outer: AbortSignal): { readonly signal: AbortSignal; stop(): void } {
  const expired = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, done.signal).then(() => (done.signal.aborted ? undefined : expired.abort()));
  return { signal: AbortSignal.any([outer, expired.signal]), stop: () => done.abort() };
}

/** Throws what is a bug. */
function resultOf(error: unknown): CheckResult {
  if (!(error instanceof MailboxError)) throw error;
  const text = error.message;
  if (LIMITS.has(error.code) || THROTTLING.test(text)) return { kind: 'inconclusive', reason: `throttled: ${text}` };
  return { kind: 'down', stage: error instanceof EntryError ? error.stage : 'session', code: error.code, text };
}
