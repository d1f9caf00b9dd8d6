/** Looks: the state of every folder, on a connection that never selects one (measurement.md, "A look"). */
import type { ImapResponse } from 'imapflow';
import { decodePath } from 'imapflow/lib/tools.js';
import { type Clock, type FolderState, type Look, MailboxError } from '../../ports.ts';
import type { Connection } from './connection.ts';
import { type ListedFolder, ROLE_ATTRIBUTES, rolesOf } from './roles.ts';
import { type Argument, atom, isList, numberOf, textOf } from './wire.ts';

/** Far more than an account has; a server that lists more is not to be believed. */
const FOLDERS_MAX = 10_000;
/** Servers allow some hundred. To decode one of a quarter megabyte takes as many milliseconds, and it would stand in errors and in the ledger. */
const NAME_LENGTH_MAX = 2000;

/** Attributes that mean something to a look; a server may give a folder any others. */
const READ = new Set(['\\noselect', '\\nonexistent', ...ROLE_ATTRIBUTES]);

interface Listed extends ListedFolder {
  /** As the server writes it. */
  readonly wireName: string;
}
interface Status {
  readonly uidNext: number | null;
  readonly uidValidity: number | null;
}
/** What one look gathered, by the folders' names as the server writes them. */
interface Gathered {
  readonly listed: Map<string, Listed>;
  readonly statuses: Map<string, Status>;
}

export class Looker {
  readonly #connection: Connection;
  readonly #clock: Clock;
  /** How the server writes the names of the folders it listed last. */
  #wireNames: ReadonlyMap<string, string> = new Map();
  #style: 'list-status' | 'status';

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#style = connection.offers('LIST-STATUS') ? 'list-status' : 'status';
  }

  /** The name that a folder of the last look has on the wire; null if it was not in it. */
  wireNameOf(path: string): string | null {
    return this.#wireNames.get(path) ?? null;
  }

  /**
   * Folders are listed anew each time, for one made since the last look may hold the message.
   * Rejects unless every folder that can be selected was answered with UIDNEXT and UIDVALIDITY.
   */
  look(): Promise<Look> {
    return this.#connection.exclusive(async () => {
      if (this.#style === 'list-status') {
        try {
          return await this.#lookAtOnce();
        } catch (error) {
          if (!(error instanceof MailboxError && error.code === 'BAD')) throw error;
          // Some servers offer the extension and do not understand it.
          this.#style = 'status';
        }
      }
      return this.#lookOneByOne();
    });
  }

  /** RFC 5819. */
  async #lookAtOnce(): Promise<Look> {
    const wanted: Argument[] = [atom('STATUS'), [atom('UIDNEXT'), atom('UIDVALIDITY')]];
    if (this.#connection.offers('SPECIAL-USE')) wanted.unshift(atom('SPECIAL-USE'));
    const gathered = emptyGathered();
    const sentAt = this.#clock.now();
    await this.#connection.command('LIST', ['', '*', atom('RETURN'), wanted], this.#handlers(gathered));
    return this.#conclude(gathered, sentAt);
  }

  /** A message delivered while the folders are asked one after the other may be missed by all of them: only the first send counts. */
  async #lookOneByOne(): Promise<Look> {
    const gathered = emptyGathered();
    const handlers = this.#handlers(gathered);
    const extended = this.#connection.offers('LIST-EXTENDED') && this.#connection.offers('SPECIAL-USE');
    const sentAt = this.#clock.now();
    await this.#connection.command(
      'LIST',
      ['', '*', ...(extended ? [atom('RETURN'), [atom('SPECIAL-USE')]] : [])],
      handlers,
    );
    const selectable = [...gathered.listed.values()].filter(isSelectable);
    const roles = rolesOf(selectable, this.#prefixes());
    for (const [index, { wireName }] of selectable.entries()) {
      if (roles[index] === 'ignored') continue;
      await this.#connection.command('STATUS', [wireName, [atom('UIDNEXT'), atom('UIDVALIDITY')]], handlers);
    }
    return this.#conclude(gathered, sentAt);
  }

  #handlers({ listed, statuses }: Gathered): Readonly<Record<string, (response: ImapResponse) => void>> {
    return {
      LIST: (response) => {
        if (listed.size === FOLDERS_MAX) throw this.#connection.error('TOO_LARGE', `more than ${FOLDERS_MAX} folders`);
        const folder = this.#readList(response);
        listed.set(folder.wireName, folder);
      },
      STATUS: ({ attributes = [] }) => {
        const written = textOf(attributes[0]);
        const items = attributes[1];
        if (written === null || !isList(items)) return;
        const name = this.#bounded(canonical(written));
        if (!statuses.has(name) && statuses.size === FOLDERS_MAX)
          throw this.#connection.error('TOO_LARGE', `STATUS of more than ${FOLDERS_MAX} folders`);
        statuses.set(name, { uidNext: itemOf(items, 'UIDNEXT'), uidValidity: itemOf(items, 'UIDVALIDITY') });
      },
    };
  }

  #bounded(name: string): string {
    if (name.length <= NAME_LENGTH_MAX) return name;
    throw this.#connection.error(
      'TOO_LARGE',
      `the name of a folder must have at most ${NAME_LENGTH_MAX} characters, has ${name.length}`,
    );
  }

  #readList({ attributes = [] }: ImapResponse): Listed {
    const [flags, delimiter, name] = attributes;
    const written = textOf(name);
    if (!isList(flags) || written === null) throw this.#connection.error('PROTOCOL', 'a line of LIST names no folder');
    const wireName = this.#bounded(canonical(written));
    const path = decodePath(this.#connection.client, wireName);
    return {
      wireName,
      path,
      delimiter: textOf(delimiter),
      attributes: new Set(flags.map((flag) => textOf(flag)?.toLowerCase() ?? '').filter((each) => READ.has(each))),
    };
  }

  /** The library has asked for them when it logged in. */
  #prefixes(): readonly string[] {
    const { client } = this.#connection;
    return client.namespaces?.personal.map(({ prefix }) => decodePath(client, prefix)) ?? [];
  }

  #conclude({ listed, statuses }: Gathered, sentAt: Look['sentAt']): Look {
    const selectable = [...listed.values()].filter(isSelectable);
    // An account always has one (RFC 3501 §5.1): a list without it is not the whole list.
    if (!selectable.some(({ path }) => path === 'INBOX'))
      throw this.#connection.error('PROTOCOL', 'LIST names no INBOX');
    const roles = rolesOf(selectable, this.#prefixes());
    const folders: FolderState[] = [];
    for (const [index, { path, wireName }] of selectable.entries()) {
      const role = roles[index] ?? 'other';
      if (role === 'ignored') continue;
      const { uidNext = null, uidValidity = null } = statuses.get(wireName) ?? {};
      if (uidNext === null || uidValidity === null) {
        throw this.#connection.error('NO', `no UIDNEXT and UIDVALIDITY of the folder ${JSON.stringify(path)}`);
      }
      folders.push({ path, role, uidValidity: String(uidValidity), uidNext });
    }
    this.#wireNames = new Map(selectable.map(({ path, wireName }) => [path, wireName]));
    return { sentAt, folders };
  }
}

function emptyGathered(): Gathered {
  return { listed: new Map(), statuses: new Map() };
}

/** INBOX alone is written without regard to case (RFC 3501 §5.1). */
function canonical(name: string): string {
  return name.toUpperCase() === 'INBOX' ? 'INBOX' : name;
}

function isSelectable({ attributes }: Listed): boolean {
  return !attributes.has('\\noselect') && !attributes.has('\\nonexistent');
}

/** Items and values stand in turns. */
function itemOf(items: ImapResponse['attributes'] & {}, name: string): number | null {
  const index = items.findIndex((item, i) => i % 2 === 0 && textOf(item)?.toUpperCase() === name);
  return index < 0 ? null : numberOf(items[index + 1]);
}
