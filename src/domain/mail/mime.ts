/** The parts of a MIME message (RFC 2045, 2046), as far as it takes to read reports on mail: bounded, and never failing. */
import { type HeaderField, headerValues, LINES_MAX, parseHeader } from './header.ts';

export interface ContentType {
  /** Lower-case `type/subtype`. */
  readonly type: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}
/** A part that holds no others. */
export interface Leaf {
  readonly type: string;
  /** With its transfer encoding undone; bytes as latin1. */
  readonly text: string;
}

/** A message whose parts are taken apart once, and only if they are asked for. */
export class ReadMessage {
  readonly fields: readonly HeaderField[];
  readonly body: string;
  #leaves: readonly Leaf[] | null = null;

  constructor({ header, body }: { readonly header: string; readonly body: string }) {
    this.fields = parseHeader(header);
    this.body = body;
  }

  get leaves(): readonly Leaf[] {
    this.#leaves ??= leavesOf(this.fields, this.body);
    return this.#leaves;
  }

  /** What its parts say, their encodings undone. */
  get text(): string {
    return this.leaves.map(({ text }) => text).join('\n');
  }
}

/** A report has three parts; a list or a gateway may wrap it once or twice. */
const DEPTH_MAX = 4;
const LEAVES_MAX = 32;
/** RFC 2046 §5.1.1: at most 70; some exceed it. */
const BOUNDARY_LENGTH_MAX = 200;

/** `text/plain` where there is none or it makes no sense (RFC 2045 §5.2). */
export function contentType(fields: readonly HeaderField[]): ContentType {
  const [value = ''] = headerValues(fields, 'Content-Type');
  const type = /^\s*([\w.+-]{1,100}\/[\w.+-]{1,100})/.exec(value)?.[1]?.toLowerCase() ?? 'text/plain';
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of value
    .slice(0, 4096)
    .matchAll(/;\s*([\w*-]{1,60})\s*=\s*(?:"([^"]*)"|([^\s;"]+))/g)) {
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), quoted ?? plain);
  }
  return { type, parameters };
}

/** Every part that holds no other parts, in order. A message that is no multipart is its own only leaf. */
function leavesOf(fields: readonly HeaderField[], body: string): readonly Leaf[] {
  const leaves: Leaf[] = [];
  collect(fields, body, 0, leaves);
  return leaves;
}

function collect(fields: readonly HeaderField[], body: string, depth: number, leaves: Leaf[]): void {
  if (leaves.length >= LEAVES_MAX) return;
  const { type, parameters } = contentType(fields);
  const boundary = parameters.get('boundary') ?? '';
  if (
    !type.startsWith('multipart/') ||
    boundary === '' ||
    boundary.length > BOUNDARY_LENGTH_MAX ||
    depth === DEPTH_MAX
  ) {
    leaves.push({ type, text: decodeTransfer(fields, body) });
    return;
  }
  for (const part of partsOf(body, boundary)) {
    const { header, content } = splitPart(part);
    collect(parseHeader(header), content, depth + 1, leaves);
  }
}

/** What stands between the delimiter lines; a last delimiter that was cut off is made up for. */
function partsOf(body: string, boundary: string): readonly string[] {
  const parts: string[][] = [];
  for (const line of body.split(/\r?\n/, LINES_MAX)) {
    const mark = line.trimEnd();
    if (mark === `--${boundary}--`) break;
    if (mark === `--${boundary}`) parts.push([]);
    else parts.at(-1)?.push(line);
    if (parts.length > LEAVES_MAX) break;
  }
  return parts.map((lines) => lines.join('\n'));
}

/** The first empty line ends the header; a part may have none and begin with it. */
function splitPart(part: string): { header: string; content: string } {
  if (part.startsWith('\n')) return { header: '', content: part.slice(1) };
  const end = part.indexOf('\n\n');
  return end < 0 ? { header: part, content: '' } : { header: part.slice(0, end), content: part.slice(end + 2) };
}

function decodeTransfer(fields: readonly HeaderField[], text: string): string {
  const encoding = headerValues(fields, 'Content-Transfer-Encoding')[0]?.toLowerCase();
  if (encoding === 'base64') return decodeBase64(text);
  if (encoding === 'quoted-printable') {
    return text
      .replace(/=[ \t]*\r?\n/g, '')
      .replace(/=([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return text;
}

/** Stops at the padding, and leaves out a last group that was cut off. */
function decodeBase64(text: string): string {
  const [data = ''] = text.replace(/[^A-Za-z0-9+/=]/g, '').split('=');
  // One character left over encodes nothing.
  return atob(data.length % 4 === 1 ? data.slice(0, -1) : data);
}
