/** Reads the files a configuration is made of, never more of one than it may hold. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exposureOf, type Keeping } from './exposure.ts';

export type FileContent =
  | { readonly ok: true; readonly bytes: Buffer }
  /** `reason` reads on from "a file that": `exists`, `can be read (EACCES)`. */
  | { readonly ok: false; readonly reason: string };

/** Reads a file, pipes included, of at most `bytesMax`, if nobody else can get at what it keeps. A file that cannot be had is a value; only a bug throws. */
export async function readBounded(path: string, bytesMax: number, keeping: Keeping = 'open'): Promise<FileContent> {
  try {
    await using handle = await open(path, 'r');
    const exposure = exposureOf(await handle.stat(), resolve(path), keeping);
    if (exposure !== null) return { ok: false, reason: exposure };
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 65_536 })) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > bytesMax) return { ok: false, reason: `holds at most ${bytesMax} bytes` };
    }
    return { ok: true, bytes: Buffer.concat(chunks) };
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return { ok: false, reason: code === 'ENOENT' ? 'exists' : `can be read (${code})` };
  }
}

/** The system's code (`EACCES`), null for what is no error of the system. A path with a NUL in it is Node's own error. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Text of UTF-8 bytes without a byte order mark, null if they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
