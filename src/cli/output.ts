/** What commands print: to standard output, whose reader may go away, or to a new file. */
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';

/**
 * Resolves once the text is handed over; `gone` if the reader has had enough, as `head` has, which is no failure.
 * Rejects when it cannot be written, on a full disk for one.
 */
export function print(text: string): Promise<'taken' | 'gone'> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error) resolve('taken');
      else if ('code' in error && error.code === 'EPIPE') resolve('gone');
      else reject(new Error(`cannot write to standard output: ${error.message}`, { cause: error }));
    });
  });
}

/** For people and programs: what JSON leaves as it is and may drive a terminal is escaped too. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(UNESCAPED, escaped)}\n`;
}

/** C1 controls and DEL, and what cannot be seen or turns the direction of what follows. */
const UNESCAPED = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(char: string): string {
  return char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Nothing listens for the errors of these two but what writes: an error that is not listened for would end the process. */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Writes a new file of the owner's alone: whole and on the disk when it resolves, and gone again if `work` or the disk fails. */
export async function writeNewFile(
  path: string,
  work: (write: (text: string) => Promise<void>) => Promise<void>,
  option = '--output',
): Promise<void> {
  const handle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw new Error(`${option} must name a new file in a folder that can be written, is ${path} (${codeOf(cause)})`, {
      cause,
    });
  });
  const stream = handle.createWriteStream({ flush: true });
  const ended = new Promise<void>((resolve, reject) => {
    stream.once('error', (cause) => reject(new Error(`cannot write ${path}: ${cause.message}`, { cause })));
    stream.once('close', resolve);
  });
  // It may fail while nothing waits for it; whoever waits next is told.
  ended.catch(() => {});
  try {
    await work(async (text) => {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), ended]);
    });
    stream.end();
    await ended;
  } catch (error) {
    stream.destroy();
    await Promise.allSettled([ended]);
    await rm(path, { force: true });
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
