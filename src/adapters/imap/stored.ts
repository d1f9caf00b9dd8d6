/** Goes once through a whole mailbox for messages of ours that lie there, read-only, beside whoever else uses it. */
import type { MailboxSettings } from '../../domain/settings.ts';
import type { Clock, Log } from '../../ports.ts';
import { Connection } from './connection.ts';
import { Looker } from './looker.ts';
import { Reader, type StoredMessage } from './reader.ts';

/** UIDs gone through at a time: bounds what is held in memory. */
const UIDS_AT_ONCE = 200;

/** A message with what names its place: folder, UIDVALIDITY and UID. */
export interface Stored extends StoredMessage {
  readonly where: string;
}

/** Every folder's messages with something like a token in their header. Rejects with MailboxError. */
export async function* readStored(settings: MailboxSettings, clock: Clock, log: Log): AsyncGenerator<Stored> {
  const ended = new AbortController();
  const opened: Connection[] = [];
  const connect = async (): Promise<Connection> => {
    const connection = await Connection.open(settings, clock, log, ended.signal);
    opened.push(connection);
    return connection;
  };
  try {
    const looker = new Looker(await connect(), clock);
    const reader = new Reader(await connect(), clock, []);
    const { folders } = await looker.look();
    for (const folder of folders) {
      const wireName = looker.wireNameOf(folder.path) ?? folder.path;
      for (let from = 1; from < folder.uidNext; from += UIDS_AT_ONCE) {
        const to = Math.min(from + UIDS_AT_ONCE, folder.uidNext);
        for (const message of await reader.readStored(folder, wireName, from, to))
          yield { ...message, where: `${folder.path}/${folder.uidValidity}/${message.uid}` };
      }
    }
  } finally {
    ended.abort();
    await Promise.all(opened.map((connection) => connection.close()));
  }
}
