/** A provider's mailbox over IMAP (RFC 3501, RFC 9051), for the port Mailbox. */
import { createAddressesSeen } from '../../domain/addresses-seen.ts';
import type { MailboxSettings } from '../../domain/settings.ts';
import { type Clock, type FolderState, type Log, type Mailbox, MailboxError, type Random } from '../../ports.ts';
import { addressOf, Connection } from './connection.ts';
import { keepIdling, watchInbox } from './idler.ts';
import { Looker } from './looker.ts';
import { Reader } from './reader.ts';

export interface MailboxParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * `fetch` returns candidates alone: messages with something like a token in X-Mailflow-Probe or Message-ID, reports and bounces,
 * and messages from one of `ownSenders`. Whatever is left out holds nothing of ours.
 *
 * Three connections, for nothing may be selected where looks are made, and leaving a folder is not safe everywhere: UNSELECT is
 * often missing, and CLOSE, harmless after EXAMINE by RFC 3501 §6.4.2, deletes other people's mail on servers that are wrong.
 * With a connection of their own, fetches never leave one folder but for another, and no look waits for a fetch.
 */
export function createMailbox(
  settings: MailboxSettings,
  ownSenders: readonly string[],
  { clock, random, log }: MailboxParts,
): Mailbox {
  let session: Session | null = null;
  const see = createAddressesSeen();
  const current = (): Session => {
    if (session === null) throw new MailboxError('CLOSED', `${addressOf(settings)}: not open`);
    return session;
  };
  const close = async (): Promise<void> => {
    const ended = session;
    session = null;
    await ended?.close();
  };
  return {
    async open(onHint) {
      await close();
      const opening = new Session(settings, ownSenders, { clock, random, log });
      session = opening;
      try {
        const opened = await opening.open(onHint);
        const before = opened.peer === null ? null : see(opened.peer);
        if (before !== null)
          log.info('a server answers at another address', { host: settings.host, before, now: opened.peer });
        return opened;
      } catch (error) {
        if (session === opening) session = null;
        await opening.close();
        throw error;
      }
    },
    look: async () => current().parts.looker.look(),
    fetch: async (folder, fromUid, toUid) =>
      current().parts.reader.fetch(folder, current().wireNameOf(folder), fromUid, toUid),
    remove: async (folder, uids) => current().parts.reader.remove(folder, current().wireNameOf(folder), uids),
    close,
  };
}

/** From one open to its close. */
class Session {
  readonly #settings: MailboxSettings;
  readonly #ownSenders: readonly string[];
  readonly #with: MailboxParts;
  readonly #ended = new AbortController();
  readonly #connections = new Set<Connection>();
  readonly #background: Promise<void>[] = [];
  #parts: { readonly looker: Looker; readonly reader: Reader } | null = null;

  constructor(settings: MailboxSettings, ownSenders: readonly string[], parts: MailboxParts) {
    this.#settings = settings;
    this.#ownSenders = ownSenders;
    this.#with = parts;
  }

  get parts(): { readonly looker: Looker; readonly reader: Reader } {
    if (this.#parts === null) throw new MailboxError('CLOSED', `${addressOf(this.#settings)}: not open yet`);
    return this.#parts;
  }

  /** The first alone: a wrong password is offered once, not three times. */
  async open(
    onHint: () => void,
  ): Promise<{ readonly certificateExpiresMs: number | null; readonly peer: string | null }> {
    const looking = await this.#connect();
    const [reading, idling] = await Promise.all([this.#connect(), this.#connect()]);
    await watchInbox(idling, onHint);
    this.#mustGoOn();
    this.#parts = {
      looker: new Looker(looking, this.#with.clock),
      reader: new Reader(reading, this.#with.clock, this.#ownSenders),
    };
    const { signal } = this.#ended;
    const idler = { connect: () => this.#connect(), onHint, ...this.#with };
    this.#background.push(looking.keepAlive(signal), reading.keepAlive(signal), keepIdling(idling, idler, signal));
    return { certificateExpiresMs: looking.certificateExpiresMs, peer: looking.peer };
  }

  /** As its server writes it. */
  wireNameOf(folder: FolderState): string {
    const name = this.parts.looker.wireNameOf(folder.path);
    if (name !== null) return name;
    throw new MailboxError(
      'NO',
      `${addressOf(this.#settings)}: no look has shown the folder ${JSON.stringify(folder.path)}`,
    );
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await Promise.all(this.#background);
  }

  async #connect(): Promise<Connection> {
    const connection = await Connection.open(this.#settings, this.#with.clock, this.#with.log, this.#ended.signal);
    this.#connections.add(connection);
    connection.client.once('close', () => this.#connections.delete(connection));
    if (this.#ended.signal.aborted) await connection.close();
    this.#mustGoOn();
    return connection;
  }

  #mustGoOn(): void {
    if (this.#ended.signal.aborted) throw new MailboxError('CLOSED', `${addressOf(this.#settings)}: closed meanwhile`);
  }
}
