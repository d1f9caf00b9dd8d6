/** Keeps a connection in IDLE on the inbox, for hints that new mail came; a lost one is replaced, for a look does not need it. */
import { type Backoff, failuresInRow, retryDelayMs } from '../../domain/time/backoff.ts';
import { spanBetween } from '../../domain/time/instant.ts';
import type { Clock, Log, Random } from '../../ports.ts';
import type { Connection } from './connection.ts';

/** Milliseconds between two IDLEs, so that a server that ends each at once is not flooded. */
const RENEWAL_PAUSE = 1000;
const REPLACE: Backoff = { firstMs: 5000, maxMs: 300_000 };
/** Milliseconds for selecting the inbox. */
const SELECT_MAX = 60_000;

export interface IdlerParts {
  /** Opens a connection and says where it went, so that it is closed at the end. */
  readonly connect: () => Promise<Connection>;
  readonly onHint: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Selects the inbox read-only and passes on every EXISTS from then on. */
export async function watchInbox(connection: Connection, onHint: () => void): Promise<void> {
  connection.client.on('exists', () => onHint());
  await connection.within('EXAMINE', SELECT_MAX, 1, () => connection.client.mailboxOpen('INBOX', { readOnly: true }));
}

/** Runs until `signal` is aborted. Never rejects. `connection` is watching the inbox already. */
export async function keepIdling(connection: Connection, parts: IdlerParts, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = parts;
  let current: Connection | null = connection;
  let failures = 0;
  while (!signal.aborted) {
    const from = clock.now();
    if (current !== null) {
      await idleUntilLost(current, clock, signal);
      await current.close();
      if (signal.aborted) return;
    }
    failures = failuresInRow(failures, current === null ? 0 : spanBetween(from, clock.now()).lo);
    // Servers end idle connections as a matter of course: nobody has to do anything.
    if (failures === 1) log.debug('the IDLE connection to the mailbox was lost, looks go on without hints');
    await clock.sleep(retryDelayMs(failures, REPLACE, random.uniform()), signal);
    current = signal.aborted ? null : await replace(parts);
    // What came in between was not announced.
    if (current !== null) parts.onHint();
  }
  await current?.close();
}

/** Null where it failed: the looks tell of a mailbox that cannot be reached. */
async function replace({ connect, onHint, log }: IdlerParts): Promise<Connection | null> {
  let connection: Connection | null = null;
  try {
    connection = await connect();
    await watchInbox(connection, onHint);
    return connection;
  } catch (error) {
    log.debug('the IDLE connection could not be replaced', { error: String(error) });
    await connection?.close();
    return null;
  }
}

async function idleUntilLost(connection: Connection, clock: Clock, signal: AbortSignal): Promise<void> {
  const { client } = connection;
  while (client.usable && !signal.aborted) {
    await connection.idle();
    if (client.usable) await clock.sleep(RENEWAL_PAUSE, signal);
  }
}
