/** What Postfix's log says of a delivery: the truth that measured delays are compared with. */
import { readFile } from 'node:fs/promises';
import { eventually } from './daemon.ts';

export interface DeliveryMatch {
  readonly recipient?: string;
  /** With or without angle brackets. */
  readonly messageId?: string;
  readonly queueId?: string;
  /** `sent` unless given. */
  readonly status?: DeliveryStatus;
}
export type DeliveryStatus = 'sent' | 'deferred' | 'bounced';

/** One attempt to deliver to one recipient. */
export interface Delivery {
  readonly queueId: string;
  readonly recipient: string;
  readonly status: DeliveryStatus;
  /** Enhanced status code. */
  readonly dsn: string;
  /** Why, or the reply of the other side. */
  readonly text: string;
  /** Seconds from MAIL FROM until the queue manager took it up for this attempt, earlier attempts included; begins before the 250 to the sender. */
  readonly a: number;
  /** Seconds in the queue manager. */
  readonly b: number;
  /** Seconds for connection set-up, with EHLO and TLS. */
  readonly c: number;
  /** Seconds for the transfer of the message. */
  readonly d: number;
}

const ATTEMPT =
  /: (?<queueId>\w+): to=<(?<recipient>[^>]*)>,.* delays=(?<delays>[\d./e+-]+), dsn=(?<dsn>[\d.]+), status=(?<status>sent|deferred|bounced) \((?<text>.*)\)$/;

/** Every attempt in the log, in its order. */
export function parseDeliveries(log: string): readonly Delivery[] {
  return log.split('\n').flatMap((line): Delivery[] => {
    const groups = ATTEMPT.exec(line)?.groups;
    if (groups === undefined) return [];
    const { queueId = '', recipient = '', delays = '', dsn = '', status, text = '' } = groups;
    const [a, b, c, d] = delays.split('/').map(Number) as [number, number, number, number];
    return [{ queueId, recipient, status: status as DeliveryStatus, dsn, text, a, b, c, d }];
  });
}

/** Waits for the first attempt that matches in every respect given. */
export function awaitDelivery(logFile: string, match: DeliveryMatch): Promise<Delivery> {
  return eventually(`a delivery of ${JSON.stringify(match)}`, async () => {
    const log = await readFile(logFile, 'utf8');
    const ofMessage = match.messageId === undefined ? null : queueIds(log, match.messageId);
    return parseDeliveries(log).find(
      ({ queueId, recipient, status }) =>
        status === (match.status ?? 'sent') &&
        (match.recipient === undefined || match.recipient === recipient) &&
        (match.queueId === undefined || match.queueId === queueId) &&
        (ofMessage === null || ofMessage.has(queueId)),
    );
  });
}

function queueIds(log: string, messageId: string): ReadonlySet<string> {
  const wanted = messageId.replaceAll(/^<|>$/g, '');
  const ids = new Set<string>();
  for (const [, queueId = '', id] of log.matchAll(/: (\w+): message-id=<?([^>\n]*)>?$/gm))
    if (id === wanted) ids.add(queueId);
  return ids;
}
