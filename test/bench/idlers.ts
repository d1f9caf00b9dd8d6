/**
 * The agent's connections in IDLE and nothing else, as a process of its own: opens one for each mailbox that its parent names, says so, and
 * tells of every hint with the monotonic clock, which both processes share.
 */
import { Connection } from '../../src/adapters/imap/connection.ts';
import { keepIdling, watchInbox } from '../../src/adapters/imap/idler.ts';
import { systemClock, systemRandom } from '../../src/app.ts';
import type { MailboxSettings } from '../../src/domain/settings.ts';
import { QUIET } from './ledger-of.ts';

export type Said =
  | { readonly kind: 'started' }
  /** Once all are in IDLE; the port of each on our side, in the order of the mailboxes. */
  | { readonly kind: 'idling'; readonly ports: readonly number[] }
  | { readonly kind: 'hint'; readonly mailbox: number; readonly atUs: number };

/** Logins at once: a mail server takes some milliseconds of processor for each. */
const LANES = 8;

const clock = systemClock();
const { signal } = new AbortController();

function say(said: Said): void {
  process.send?.(said);
}

async function idle(settings: MailboxSettings, mailbox: number): Promise<number> {
  const connect = () => Connection.open(settings, clock, QUIET, signal);
  const onHint = (): void => say({ kind: 'hint', mailbox, atUs: clock.now().monoUs });
  const connection = await connect();
  await watchInbox(connection, onHint);
  void keepIdling(connection, { connect, onHint, clock, random: systemRandom, log: QUIET }, signal);
  const { socket } = connection.client as unknown as { readonly socket: { readonly localPort: number } };
  return socket.localPort;
}

async function idleAll(mailboxes: readonly MailboxSettings[]): Promise<void> {
  const ports: number[] = [];
  const lane = async (first: number): Promise<void> => {
    for (let index = first; index < mailboxes.length; index += LANES)
      ports[index] = await idle(mailboxes[index]!, index);
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  say({ kind: 'idling', ports });
}

process.on('message', (mailboxes: readonly MailboxSettings[]) => void idleAll(mailboxes));
process.on('disconnect', () => process.exit());
say({ kind: 'started' });
