/** Keeps a connection in IDLE on the inbox, for hints that new mail came; a lost one is replaced, for a look does not need it. */
import type { Clock, Log } from '../../ports.ts';
import type { Connection } from './connection.ts';

/** Milliseconds between two IDLEs, so that a server that ends each at once is not flooded. */
const RENEWAL_PAUSE = 1000;
/** Milliseconds before a lost connection is replaced, doubled from the first to the last. */
const REPLACE_AFTER_MIN = 5000;
const REPLACE_AFTER_MAX = 300_000;
/** Milliseconds for selecting the inbox. */
const SELECT_MAX = 60_000;

export interface IdlerParts {
  /** Opens a connection and says where it went, so that it is closed at the end. */
  readonly connect: () => Promise<Connection>;
  readonly onHint: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Selects the inbox read-only and passes on every EXISTS from then on. */
export async function watchInbox(connection: Connection, onHint: () => void): Promise<void> {
  connection.client.on('exists', () => onHint());
  await connection.within('EXAMINE', SELECT_MAX, 1, () => connection.client.mailboxOpen('INBOX', { readOnly: true }));
}

/** Runs until `signal` is aborted. Never rejects. `connection` is watching the inbox already. */
export async function keepIdling(connection: Connection, parts: IdlerParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts;
  let current: Connection | null = connection;
  let wait = REPLACE_AFTER_MIN;
  while (!signal.aborted) {
    if (current !== null) {
      if (await idleUntilLost(current, clock, signal)) wait = REPLACE_AFTER_MIN;
      await current.close();
      if (signal.aborted) return;
      log.info('the IDLE connection to the mailbox was lost, looks go on without hints');
    }
    await clock.sleep(wait, signal);
    wait = Math.min(wait * 2, REPLACE_AFTER_MAX);
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

/** Resolves to whether it idled at all. */
async function idleUntilLost({ client }: Connection, clock: Clock, signal: AbortSignal): Promise<boolean> {
  let idled = false;
  while (client.usable && !signal.aborted) {
    // Resolves when IDLE ends, for whatever reason; the library renews it in time, and polls where there is none.
    idled = (await client.idle()) !== false || idled;
    if (client.usable) await clock.sleep(RENEWAL_PAUSE, signal);
  }
  return idled;
}
