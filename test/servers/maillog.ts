/** What Postfix's log says of a delivery: the truth that measured delays are compared with. */
import { readFile } from 'node:fs/promises';
import type { Interval } from '../../src/domain/interval.ts';
import { eventually, tail } from './daemon.ts';

export interface DeliveryMatch {
  readonly recipient?: string;
  /** With or without angle brackets. */
  readonly messageId?: string;
  readonly queueId?: string;
  /** `sent` unless given. */
  readonly status?: DeliveryStatus;
}
export type DeliveryStatus = 'sent' | 'deferred' | 'bounced';

/** One attempt to deliver to one recipient. Times are seconds. */
export interface Delivery {
  readonly queueId: string;
  readonly recipient: string;
  readonly status: DeliveryStatus;
  /** Enhanced status code. */
  readonly dsn: string;
  /** Why, or the reply of the other side. */
  readonly text: string;
  /**
   * From MAIL FROM until the queue manager took it up for this attempt, earlier attempts included. Begins before the
   * 250 to the sender, and holds the time of `holdQueue`.
   */
  readonly a: Interval;
  /** In the queue manager. */
  readonly b: Interval;
  /** Connection set-up, with EHLO and TLS. */
  readonly c: Interval;
  /** Transfer of the message. */
  readonly d: Interval;
}

/** Postfix prints two significant digits, from a second up tenths, from ten up whole seconds, and at most microseconds. */
function printed(figure: string): Interval {
  const seconds = Number(figure);
  const digit = seconds >= 10 ? 1 : Math.max(1e-6, 10 ** (Math.floor(Math.log10(seconds)) - 1));
  return { lo: Math.max(0, seconds - digit / 2), hi: seconds + digit / 2 };
}

/** The time of several terms together. */
export function total(...terms: readonly Interval[]): Interval {
  return terms.reduce((sum, { lo, hi }) => ({ lo: sum.lo + lo, hi: sum.hi + hi }), { lo: 0, hi: 0 });
}

const ATTEMPT =
  /: (?<queueId>\w+): to=<(?<recipient>[^>]*)>,.* delays=(?<delays>[\d./e+-]+), dsn=(?<dsn>[\d.]+), status=(?<status>sent|deferred|bounced) \((?<text>.*)\)$/;

/** Every attempt in the log, in its order. */
export function parseDeliveries(log: string): readonly Delivery[] {
  return log.split('\n').flatMap((line): Delivery[] => {
    const groups = ATTEMPT.exec(line)?.groups;
    if (groups === undefined) return [];
    const { queueId = '', recipient = '', delays = '', dsn = '', status, text = '' } = groups;
    const [a, b, c, d] = delays.split('/').map(printed) as [Interval, Interval, Interval, Interval];
    return [{ queueId, recipient, status: status as DeliveryStatus, dsn, text, a, b, c, d }];
  });
}

/** Waits for the first attempt that matches in every respect given. */
export function awaitDelivery(logFile: string, match: DeliveryMatch): Promise<Delivery> {
  return eventually(
    () => `a delivery of ${JSON.stringify(match)}\n${tail(logFile)}`,
    async () => {
      const log = await readFile(logFile, 'utf8');
      const ofMessage = match.messageId === undefined ? null : queueIds(log, match.messageId);
      return parseDeliveries(log).find(
        ({ queueId, recipient, status }) =>
          status === (match.status ?? 'sent') &&
          (match.recipient === undefined || match.recipient === recipient) &&
          (match.queueId === undefined || match.queueId === queueId) &&
          (ofMessage === null || ofMessage.has(queueId)),
      );
    },
  );
}

function queueIds(log: string, messageId: string): ReadonlySet<string> {
  const wanted = messageId.replaceAll(/^<|>$/g, '');
  const ids = new Set<string>();
  for (const [, queueId = '', id] of log.matchAll(/: (\w+): message-id=<?([^>\n]*)>?$/gm))
    if (id === wanted) ids.add(queueId);
  return ids;
}
