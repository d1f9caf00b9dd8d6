/** When Dovecot had put each message into its mailbox, as its own log has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from '../servers/provider.ts';

const STORED = /^(\S+)\.(\d{6}) lmtp\(.*msgid=<([^>]+)>: (?:saved mail to|stored mail into mailbox) /gm;

/** Wall time in microseconds, by Message-ID without its brackets, each copy in its order. The log is written just after the fact, hence never early. */
export function storedInstants({ root }: Provider): ReadonlyMap<string, readonly number[]> {
  const stored = new Map<string, number[]>();
  for (const [, seconds = '', microseconds, messageId = ''] of readFileSync(join(root, 'dovecot.log'), 'utf8').matchAll(
    STORED,
  )) {
    // The servers are told that they are in UTC.
    const atUs = Date.parse(`${seconds}Z`) * 1000 + Number(microseconds);
    stored.set(messageId, [...(stored.get(messageId) ?? []), atUs]);
  }
  return stored;
}
