/** The demo's mailbox: one account in memory, served over IMAP by hoodiecrow, its defects worked around. */
import hoodiecrow, { type Connection, type FetchHandler, type IMAPServer, type Node } from 'hoodiecrow-imap';
import fetchHandlers from 'hoodiecrow-imap/lib/commands/handlers/fetch.js';
import type { HostPort, Login } from '../domain/settings.ts';
import { LOOPBACK, listening, trackSockets } from './sockets.ts';

export interface DemoMailbox {
  readonly at: HostPort;
  /** `raw` is latin1, CRLF line ends. */
  deliver(folder: DemoFolder, raw: string, internalDate: Date): void;
  /** How many messages a folder holds. */
  count(folder: DemoFolder): number;
  close(): Promise<void>;
}
export type DemoFolder = 'INBOX' | 'Junk';

const PLUGINS = ['ID', 'ENABLE', 'IDLE', 'UNSELECT', 'UIDPLUS', 'SPECIAL-USE', 'LITERALPLUS'] as const;
/** Everything is held in memory: a demo left alone keeps the last of these in each folder. */
const MESSAGES_MAX = 500;

export async function startDemoMailbox(login: Login): Promise<DemoMailbox> {
  const server = hoodiecrow({
    plugins: PLUGINS,
    users: { [login.username]: { password: login.password } },
    storage: {
      INBOX: { uidvalidity: 1 },
      '': {
        separator: '/',
        folders: {
          Junk: { 'special-use': '\\Junk', uidvalidity: 1 },
          Sent: { 'special-use': '\\Sent', uidvalidity: 1 },
          Trash: { 'special-use': '\\Trash', uidvalidity: 1 },
        },
      },
    },
    id: { name: 'mailflow-probe demo' },
  });
  // Each connection listens for notifications, and Node warns of more than ten.
  server.setMaxListeners(0);
  server.connectionHandlers.push(answerAtOnce, endIdleOnClose);
  server.outputHandlers.push(holdNotificationsAfterIdle, nameOriginOnly);
  server.fetchHandlers['BODY'] = fetchBody;
  server.fetchHandlers['BODY.PEEK'] = fetchBody;

  const cut = trackSockets(server.server);
  server.listen(0, LOOPBACK);
  const at = await listening(server.server);
  return {
    at,
    deliver(folder, raw, internalDate) {
      server.appendMessage(folder, [], internalDate, raw);
      dropOldest(server, folder);
    },
    count: (folder) => server.getMailbox(folder)?.messages.length ?? 0,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        cut();
      }),
  };
}

/** It writes each line apart: with Nagle's algorithm a look's tagged OK would wait 40 ms for the client's delayed ACK. */
function answerAtOnce(connection: Connection): void {
  connection.socket?.setNoDelay(true);
}

/** Its IDLE starts a timer of 30 minutes that outlives the connection and keeps the process alive: the client's DONE stops it. */
function endIdleOnClose(connection: Connection): void {
  connection.socket?.once('close', () => {
    if (connection.inputHandler !== false) connection.inputHandler('DONE');
  });
}

/** It goes on to notify at once after an IDLE has ended, in the middle of other answers. */
function holdNotificationsAfterIdle(connection: Connection, _response: unknown, description: string): void {
  if (description === 'IDLE' || description === 'INVALID IDLE') connection.directNotifications = false;
}

/** Its BODY[…]<0.n> shortens the query's own `partial`, and gives every message after the first an empty text. */
const fetchBody: FetchHandler = (connection, message, query) => {
  const { partial } = query;
  return fetchHandlers.BODY(connection, message, partial === undefined ? query : { ...query, partial: [...partial] });
};

/** A response names the origin of a partial text alone (RFC 3501 §7.4.2); it repeats the length. */
function nameOriginOnly(_connection: Connection, response: { attributes: unknown[] }, description: string): void {
  const items = response.attributes?.[2];
  if (description !== 'FETCH' || !Array.isArray(items)) return;
  response.attributes[2] = items.map((item: Node | null) =>
    item?.partial?.length === 2 ? { ...item, partial: item.partial.slice(0, 1) } : item,
  );
}

function dropOldest(server: IMAPServer, folder: DemoFolder): void {
  const mailbox = server.getMailbox(folder);
  while (mailbox !== undefined && mailbox.messages.length > MESSAGES_MAX) {
    mailbox.messages.shift();
    server.notify({ tag: '*', attributes: [1, { type: 'ATOM', value: 'EXPUNGE' }] }, mailbox);
  }
}
