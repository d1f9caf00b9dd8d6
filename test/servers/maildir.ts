/** Looks into an account's Maildir, and drops other people's mail there. */
import { chown, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from './daemon.ts';
import type { Owner } from './system-users.ts';

export interface MaildirFile {
  /** `INBOX`, or the folder's name as it is on disk. */
  readonly folder: string;
  readonly path: string;
  /** Microseconds since the Unix epoch, when Dovecot began to write the file: no later than it could be seen. */
  readonly deliveredUs: number;
}
export interface MaildirMessage extends MaildirFile {
  readonly text: string;
}

/** Every message below `maildir`, oldest first. */
export async function maildirFiles(maildir: string): Promise<readonly MaildirFile[]> {
  const folders = (await list(maildir)).filter((name) => /^\.[^.]/.test(name));
  const files: MaildirFile[] = [];
  for (const name of ['', ...folders]) {
    for (const part of ['new', 'cur']) {
      const folder = name === '' ? 'INBOX' : name.slice(1);
      for (const file of await list(join(maildir, name, part))) {
        files.push({ folder, path: join(maildir, name, part, file), deliveredUs: deliveryInstant(file) });
      }
    }
  }
  return files.sort((a, b) => a.deliveredUs - b.deliveredUs);
}

/** `seconds.MmicrosecondsPpid.host,…` */
function deliveryInstant(name: string): number {
  const [, seconds, micros] = /^(\d+)\.M(\d+)P/.exec(name) ?? [];
  if (seconds === undefined) throw new Error(`a Maildir file must be named seconds.M…P…, is named ${name}`);
  return Number(seconds) * 1_000_000 + Number(micros);
}

/** Waits for a message that contains `text`, in any folder. */
export function awaitMessage(maildir: string, text: string): Promise<MaildirMessage> {
  return eventually(`a message with ${text} in ${maildir}`, async () => {
    for (const file of await maildirFiles(maildir)) {
      const content = await contentOf(file.path);
      if (content?.includes(text)) return { ...file, text: content };
    }
    return undefined;
  });
}

/** Puts messages (RFC 5322 text) into a folder at once, as a delivery agent does: whole before they can be seen. */
export async function dropMessages(
  maildir: string,
  folder: string,
  owner: Owner,
  messages: readonly string[],
): Promise<void> {
  const own = (path: string) => chown(path, owner.uid, owner.gid);
  const target = folder === 'INBOX' ? maildir : join(maildir, `.${folder}`);
  for (const path of [dirname(maildir), maildir, target, ...['cur', 'new', 'tmp'].map((part) => join(target, part))]) {
    await mkdir(path, { recursive: true });
    await own(path);
  }
  const nowUs = Date.now() * 1000;
  for (const [index, message] of messages.entries()) {
    const us = nowUs + index;
    const name = `${Math.floor(us / 1_000_000)}.M${us % 1_000_000}P${process.pid}.dropped`;
    await writeFile(join(target, 'tmp', name), message);
    await own(join(target, 'tmp', name));
    await rename(join(target, 'tmp', name), join(target, 'new', name));
  }
}

async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(nothingWhenGone([]));
}

/** Undefined when an IMAP session has just moved the file from `new` to `cur`. */
function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'latin1').catch(nothingWhenGone(undefined));
}

function nothingWhenGone<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  };
}
