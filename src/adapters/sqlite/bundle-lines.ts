/** Reads a bundle line by line, as bytes: what is signed and hashed must not be made up for on the way. */
import { createReadStream } from 'node:fs';

/** The longest line is a checkpoint, or a report with its evidence: some megabytes. Whatever is longer is no bundle. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;
const LINE_FEED = 0x0a;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line feed. */
  readonly bytes: Buffer;
  /** Whether a line feed ended it; only the last line can lack one. */
  readonly whole: boolean;
}

/** Rejects with the system's error, or an Error that names a line that is too long. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield { number, bytes: joined(parts, chunk.subarray(from, end)), whole: true };
      number += 1;
      parts = [];
      length = 0;
      from = end + 1;
    }
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LINE_BYTES_MAX)
      throw new Error(`${file}: line ${number} must be at most ${LINE_BYTES_MAX} bytes long`);
  }
  if (length > 0) yield { number, bytes: Buffer.concat(parts), whole: false };
}

function joined(parts: readonly Buffer[], last: Buffer): Buffer {
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}

/** Null where the bytes are no UTF-8: what was replaced would hash as something else. */
export function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
