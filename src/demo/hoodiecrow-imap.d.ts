/** The slice of hoodiecrow-imap 2 that the demo's mailbox uses; the package has no types of its own. */
declare module 'hoodiecrow-imap' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket } from 'node:net';

  namespace hoodiecrow {
    interface Folder {
      'special-use'?: string;
      uidvalidity?: number;
      /** Filled in by the server. */
      readonly messages?: Message[];
    }
    interface Message {
      readonly uid: number;
      readonly raw: string;
    }
    interface Node {
      readonly type: string;
      readonly value: string;
      readonly section?: readonly unknown[];
      readonly partial?: readonly number[];
    }
    interface Response {
      tag: string;
      attributes: unknown[];
    }
    interface Connection {
      socket: Socket | null;
      /** Set while the client idles: takes its next line. */
      inputHandler: ((line: string) => void) | false;
      /** Whether notifications are sent at once. */
      directNotifications: boolean;
    }
    type FetchHandler = (connection: Connection, message: Message, query: Node) => unknown;
    interface Options {
      plugins: readonly string[];
      users: Readonly<Record<string, { readonly password: string }>>;
      storage: {
        INBOX: Folder;
        '': { separator: string; folders: Record<string, Folder> };
      };
      id?: Readonly<Record<string, string>>;
    }
    interface IMAPServer extends EventEmitter {
      readonly server: Server;
      readonly connectionHandlers: ((connection: Connection) => void)[];
      readonly outputHandlers: ((connection: Connection, response: Response, description: string) => void)[];
      /** Looked up before the built-in ones. */
      readonly fetchHandlers: Record<string, FetchHandler>;
      listen(port: number, host: string): void;
      close(callback: (error?: Error) => void): void;
      getMailbox(path: string): (Folder & { messages: Message[] }) | undefined;
      /** `raw` is latin1. Announces EXISTS to whoever has the folder selected. */
      appendMessage(folder: string, flags: readonly string[], internalDate: Date, raw: string): void;
      notify(response: Response, folder: Folder): void;
    }
  }
  function hoodiecrow(options: hoodiecrow.Options): hoodiecrow.IMAPServer;
  export = hoodiecrow;
}

declare module 'hoodiecrow-imap/lib/commands/handlers/fetch.js' {
  import type { FetchHandler } from 'hoodiecrow-imap';

  const handlers: { readonly BODY: FetchHandler };
  export = handlers;
}
