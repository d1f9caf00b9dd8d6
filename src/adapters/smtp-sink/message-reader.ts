/** Reads a message as it comes: a bounded header, a bounded start of the body, and the hash of the whole body. Keeps nothing else. */
import { createHash } from 'node:crypto';
import { BODY_BYTES_MAX, HEADER_BYTES_MAX } from '../../ports.ts';

const END_OF_DATA = '\r\n.\r\n';
const DOTTED_LINE = '\n.';
const LINE_FEED = 0x0a;
/** What most probes fit into. */
const PREFIX_BYTES_MIN = 4096;

export class MessageReader {
  readonly #hash = createHash('sha256');
  readonly #header = new Prefix(HEADER_BYTES_MAX);
  readonly #body = new Prefix(BODY_BYTES_MAX);
  /** The last two bytes of the header so far; null in the body. At first a line's end, so that a message may begin with its body. */
  #tail: Buffer | null = Buffer.from('\n');

  /** `chunk` without dot-stuffing, as a mailbox would keep it. */
  write(chunk: Buffer): void {
    if (this.#tail === null) {
      this.#writeBody(chunk);
      return;
    }
    const seen = Buffer.concat([this.#tail, chunk]);
    const empty = emptyLine(seen);
    if (empty === null) {
      this.#header.add(chunk);
      this.#tail = Buffer.from(seen.subarray(-2));
      return;
    }
    const offset = this.#tail.length;
    this.#tail = null;
    this.#header.add(chunk.subarray(0, Math.max(0, empty.from - offset)));
    this.#writeBody(chunk.subarray(empty.to - offset));
  }

  /**
   * Once, at the end of data. `header` is the raw section without the empty line. `bodySha256` is of all bytes after
   * that line, dots unstuffed, line ends as received, hexadecimal.
   */
  finish(): { readonly header: string; readonly body: string; readonly bodySha256: string } {
    // The CR of the empty line may have come with the chunk before.
    const header = this.#header.text().replace(/(^|\n)\r$/, '$1');
    return { header, body: this.#body.text(), bodySha256: this.#hash.digest('hex') };
  }

  #writeBody(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#body.add(chunk);
  }
}

/** The first empty line, after CRLF or, from hosts that know no better, after a bare line feed. */
function emptyLine(bytes: Buffer): { readonly from: number; readonly to: number } | null {
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, end + 1)) {
    if (bytes[end + 1] === LINE_FEED) return { from: end + 1, to: end + 2 };
    if (bytes[end + 1] === 0x0d && bytes[end + 2] === LINE_FEED) return { from: end + 1, to: end + 3 };
  }
  return null;
}

/** The first bytes of a stream, copied: who sends them byte by byte would else have us keep a buffer for each. */
class Prefix {
  readonly #bytesMax: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    const part = chunk.subarray(0, this.#bytesMax - this.#length);
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#bytesMax, Math.max(2 * length, PREFIX_BYTES_MIN)));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    part.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }
}

/**
 * Finds the end of data (RFC 5321 §4.1.1.4) in what the socket reads after 354. smtp-server tells of it too, but later:
 * it takes a turn of the event loop for each stuffed dot, and its stream ends in a turn of its own.
 */
export class EndOfDataScanner {
  #tail = Buffer.from('\r\n');
  #dottedLines = 0;

  /** Lines so far that begin with a dot, but for those that a chunk's end cuts. */
  get dottedLines(): number {
    return this.#dottedLines;
  }

  /** Whether the end is in this chunk. */
  read(chunk: Buffer): boolean {
    const seen = Buffer.concat([this.#tail, chunk]);
    this.#tail = Buffer.from(seen.subarray(1 - END_OF_DATA.length));
    for (let at = chunk.indexOf(DOTTED_LINE); at >= 0; at = chunk.indexOf(DOTTED_LINE, at + 1)) this.#dottedLines += 1;
    return seen.includes(END_OF_DATA, 0, 'latin1');
  }
}
