/** The text of a probe: a plain message that says what it is, whom to ask, and where the ledger stood. */
import type { ChainHead } from '../evidence/chain.ts';
import type { Path } from '../probe.ts';
import type { Instant } from '../time/instant.ts';
import { formatMailDate } from './mail-date.ts';
import { ReadMessage } from './mime.ts';

export interface ProbeText {
  readonly id: string;
  readonly token: string;
  readonly agent: string;
  readonly provider: string;
  readonly path: Path;
  readonly sender: string;
  readonly recipient: string;
  readonly date: Instant;
  /** The ledger's last entry, so that the provider's own signature or mailbox anchors the chain (measurement.md, "Evidence"). */
  readonly chainHead: ChainHead;
  /** Whom to ask about the message. */
  readonly contact: string;
  /** Also in the subject; filters dislike it. */
  readonly subjectToken?: boolean;
}

/** Carries the token in the header. */
export const TOKEN_FIELD = 'X-Mailflow-Probe';
/** RFC 5322 §2.1.1 says 78; two less leaves room for the space that guards a line's beginning. */
const LINE_LENGTH_MAX = 76;
/** Names and contacts are for people; longer than this they are a mistake. */
const NAME_LENGTH_MAX = 200;
/** RFC 5321 §4.5.3.1: 64 for the local part, 255 for the domain, and the @. */
const ADDRESS_LENGTH_MAX = 320;

/**
 * RFC 5322 text, ASCII, CRLF line ends, no line that begins with a dot or `From `.
 * Throws RangeError naming the field that is no printable ASCII or no address: nothing given can add a header.
 */
export function composeProbe(probe: ProbeText): string {
  check(probe);
  const { agent, provider, path, token, chainHead } = probe;
  const domain = probe.sender.slice(probe.sender.lastIndexOf('@') + 1);
  const subject = `Mail flow measurement by ${agent} (${path})`;
  const header = [
    `From: Mail flow probe <${probe.sender}>`,
    `To: <${probe.recipient}>`,
    `Date: ${formatMailDate(probe.date.wallMs)}`,
    `Message-ID: <${token}@${domain}>`,
    `Subject: ${probe.subjectToken === true ? `${subject} ${token}` : subject}`,
    `${TOKEN_FIELD}: ${token}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    'Content-Transfer-Encoding: 7bit',
  ];
  const body = [
    ...wrap(
      `This is a synthetic message. The agent "${agent}" sent it to measure how long mail takes on the path "${path}" of ${provider}. ` +
        'It is safe to delete, and nobody reads replies.',
      '',
    ),
    ...wrap(`Questions: ${probe.contact}`, ''),
    '',
    `Token: ${token}`,
    `Ledger: ${chainHead.seq} ${chainHead.hash}`,
  ];
  return `${[...header.flatMap((field) => wrap(field, ' ')), '', ...body].join('\r\n')}\r\n`;
}

/** Where the ledger stood, as a probe's body says it, encoded for transport or not; null where it says nothing, or two things. */
export function chainHeadOf(header: string, body: string): ProbeText['chainHead'] | null {
  const texts = [body, ...new ReadMessage({ header, body }).leaves.map(({ text }) => text)];
  for (const text of texts) {
    const lines = new Set([...text.matchAll(/^Ledger: (\d{1,15} [0-9a-f]{64})\r?$/gm)].map(([, head = '']) => head));
    const [[seq = '', hash = ''] = []] = [...lines].map((line) => line.split(' '));
    if (lines.size > 0) return lines.size === 1 ? { seq: Number(seq), hash } : null;
  }
  return null;
}

function check(probe: ProbeText): void {
  for (const field of ['agent', 'provider', 'contact'] as const) {
    demand(
      field,
      probe[field],
      new RegExp(`^[\\x20-\\x7e]{1,${NAME_LENGTH_MAX}}$`),
      `1 to ${NAME_LENGTH_MAX} characters of printable ASCII`,
    );
  }
  for (const field of ['sender', 'recipient'] as const) {
    demand(field, probe[field], /^[!#-'*+\-./-9=?A-Z^-~]+@[A-Za-z0-9.-]+$/, 'an address in ASCII');
    if (probe[field].length > ADDRESS_LENGTH_MAX)
      throw new RangeError(`${field} must be at most ${ADDRESS_LENGTH_MAX} long, is ${probe[field].length}`);
  }
  demand('id', probe.id, /^[a-z2-7]{16}$/, 'a probe id');
  demand('token', probe.token, /^[a-z2-7]{32}$/, 'a token');
  if (!probe.token.startsWith(probe.id))
    throw new RangeError(`token must begin with the id ${probe.id}, is ${probe.token}`);
  demand('path', probe.path, /^[a-z]{1,16}$/, 'a path');
  demand('chainHead.seq', String(probe.chainHead.seq), /^\d{1,16}$/, 'a whole number');
  demand('chainHead.hash', probe.chainHead.hash, /^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');
}

function demand(field: string, value: string, rule: RegExp, expected: string): void {
  if (!rule.test(value))
    throw new RangeError(`${field} must be ${expected}, is ${JSON.stringify(value.slice(0, NAME_LENGTH_MAX))}`);
}

/** Breaks at spaces; every line but the first begins with `indent`. A word longer than a line stays whole. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    // A header's first line keeps its first word: a line of white space alone would end the field's name from its value.
    const full =
      indent.length + longer.length > LINE_LENGTH_MAX &&
      line !== '' &&
      !(indent !== '' && lines.length === 0 && line.endsWith(':'));
    if (full) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines.map((each, index) => guard(index === 0 ? each : indent + each));
}

/** A leading dot is doubled on the way (RFC 5321 §4.5.2) and a leading `From ` mangled by mailboxes: neither is sent. */
function guard(line: string): string {
  return line.startsWith('.') || line.startsWith('From ') ? ` ${line}` : line;
}
