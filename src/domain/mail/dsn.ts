/** Delivery status notifications (RFC 3464): what a report says of each recipient. */

import type { DeliveryStatus } from '../probe.ts';
import { type HeaderField, headerValues, LINES_MAX, parseHeader, stripComments, tidy } from './header.ts';
import { contentType, type ReadMessage } from './mime.ts';

export interface DeliveryReport {
  /** One per recipient the report names, in its order; empty if none could be made out. */
  readonly statuses: readonly DeliveryStatus[];
  /** The ENVID of the transaction reported on (RFC 3461), null if not given. */
  readonly envelopeId: string | null;
}

/** A probe has one recipient; a report on a list need not be read to its end. */
export const RECIPIENTS_MAX = 16;
export const RECIPIENT_LENGTH_MAX = 320;
/** Enough for the reply of any server and its explanation. */
export const DIAGNOSTIC_LENGTH_MAX = 500;
/** RFC 3461 §4.4: an ENVID has at most 100 characters. */
const ENVELOPE_ID_LENGTH_MAX = 100;

const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;

/** Null if the message is no delivery report. Reads what servers send rather than what they should; never throws. */
export function parseDeliveryStatus(message: ReadMessage): DeliveryReport | null {
  const { type, parameters } = contentType(message.fields);
  if (type !== 'multipart/report') return null;
  // RFC 6522 requires the parameter; a report without it is told by its part.
  const reportType = parameters.get('report-type')?.toLowerCase();
  const part = message.leaves.find((leaf) => /^message\/(global-)?delivery-status$/.test(leaf.type));
  if (reportType === undefined ? part === undefined : reportType !== 'delivery-status') return null;
  return readStatusPart(part?.text ?? fieldsWithin(message.body));
}

/** Blocks of fields separated by empty lines: one on the message, then one for each recipient (§2.1). */
function readStatusPart(text: string): DeliveryReport {
  const blocks = blocksOf(text).map(parseHeader).flatMap(splitRecipients);
  const statuses = blocks.map(readRecipient).filter((status) => status !== null);
  const [envelopeId] = blocks.flatMap((block) => headerValues(block, 'Original-Envelope-Id'));
  return {
    statuses: statuses.slice(0, RECIPIENTS_MAX),
    envelopeId: envelopeId === undefined ? null : orNull(tidy(envelopeId, ENVELOPE_ID_LENGTH_MAX)),
  };
}

function blocksOf(text: string): readonly string[] {
  const blocks: string[][] = [[]];
  for (const line of text.split(/\r?\n/, LINES_MAX)) {
    if (line.trim() !== '') blocks.at(-1)?.push(line);
    else if (blocks.at(-1)?.length !== 0) blocks.push([]);
  }
  return blocks.map((lines) => lines.join('\n'));
}

/** Some leave out the empty line between recipients: a field that comes a second time begins another one. */
function splitRecipients(block: readonly HeaderField[]): HeaderField[][] {
  const groups: HeaderField[][] = [[]];
  const seen = new Set<string>();
  for (const field of block) {
    const name = field.name.toLowerCase();
    const starts = name === 'final-recipient' || (name === 'original-recipient' && seen.has('final-recipient'));
    if (starts && (seen.has(name) || (name === 'original-recipient' && seen.has('action')))) {
      groups.push([]);
      seen.clear();
    }
    seen.add(name);
    groups.at(-1)?.push(field);
  }
  return groups;
}

/** Null for fields that are not about a recipient, or say nothing of what became of it. */
function readRecipient(fields: readonly HeaderField[]): DeliveryStatus | null {
  const first = (name: string): string => headerValues(fields, name)[0] ?? '';
  const recipient = addressOf(first('Final-Recipient')) ?? addressOf(first('Original-Recipient'));
  const diagnostic = orNull(tidy(first('Diagnostic-Code').replace(/^\s*[\w-]{1,40}\s*;/, ''), DIAGNOSTIC_LENGTH_MAX));
  const status = enhancedStatus(first('Status')) ?? null;
  const word = stripComments(first('Action').slice(0, 200)).trim().toLowerCase();
  const action = ACTIONS.find((known) => word.startsWith(known)) ?? actionOf(status);
  if (action === null || (recipient === null && status === null)) return null;
  return { action, status, recipient, diagnostic };
}

/** The first enhanced status code (RFC 3463) in a text, null if there is none. */
export function enhancedStatus(text: string): string | null {
  return /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/.exec(text.slice(0, 4096))?.[0] ?? null;
}

/** What the class of a code means (RFC 3463 §3.1) where the action is missing. */
function actionOf(status: string | null): DeliveryStatus['action'] | null {
  if (status === null) return null;
  if (status.startsWith('5')) return 'failed';
  return status.startsWith('4') ? 'delayed' : 'delivered';
}

/** `rfc822; user@example.org` without its type. */
function addressOf(value: string): string | null {
  const address = value.slice(value.indexOf(';') + 1).trim();
  return orNull(tidy(address.replace(/^<|>$/g, ''), RECIPIENT_LENGTH_MAX));
}

/** A report whose parts cannot be told apart: its fields are looked for in the whole. */
function fieldsWithin(body: string): string {
  const start = body.search(/^(?:Reporting-MTA|Original-Envelope-Id|Final-Recipient|Original-Recipient|Action):/im);
  if (start < 0) return '';
  const rest = body.slice(start);
  const end = rest.search(/^--\S/m);
  return end < 0 ? rest : rest.slice(0, end);
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
