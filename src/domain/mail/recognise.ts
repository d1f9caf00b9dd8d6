/** Whether a message is a probe of ours, a notice about one, or neither. */

import { type DeliveryStatus, GRAVITY } from '../probe.ts';
import { findTokens, verifyToken } from '../token.ts';
import { readBounce, voiceOf } from './bounce.ts';
import { parseDeliveryStatus } from './dsn.ts';
import { type HeaderField, headerValues } from './header.ts';
import { TOKEN_FIELD } from './message.ts';
import { ReadMessage } from './mime.ts';

export type Recognition =
  /** A copy of the probe itself. */
  | { readonly kind: 'probe'; readonly id: string; readonly where: 'header' | 'message-id' | 'body' }
  /** A report on the probe, what it says of each recipient, the gravest first; never counts as its delivery. */
  | { readonly kind: 'notice'; readonly id: string; readonly statuses: readonly DeliveryStatus[] }
  /** Claims to be a probe by a token that does not verify. */
  | { readonly kind: 'forged' }
  /** None of our business. */
  | { readonly kind: 'foreign' };

/** Latin1, the body from its beginning. */
export interface RawMessage {
  readonly header: string;
  readonly body: string;
}

/** A message has one (RFC 5322 §3.6.4), one that was passed on sometimes another; each costs a MAC, and a header holds a thousand. */
const MESSAGE_IDS_MAX = 4;

/** By tokens that any of the keys signed. At least one, one only unless a report speaks of several probes. Never throws; linear in what it is given. */
export function recognise(raw: RawMessage, keys: readonly Uint8Array[]): readonly Recognition[] {
  const message = new ReadMessage(raw);
  const { fields } = message;
  const report = parseDeliveryStatus(message);
  if (report !== null) {
    const statuses = report.statuses.toSorted((a, b) => GRAVITY.indexOf(a.action) - GRAVITY.indexOf(b.action));
    const ids = idsReported(message, report.envelopeId ?? '', keys);
    return notices(ids, statuses.length > 0 ? statuses : readBounce(fields, message.text), message.body);
  }
  const claim = recogniseHeader(fields, keys);
  if (claim.kind !== 'foreign') return [claim];
  const voice = voiceOf(fields);
  if (voice === 'responder') return [claim];
  if (voice === 'mailer')
    return notices(idsReported(message, '', keys), readBounce(fields, message.text), message.body);
  const ids = idsWithin(message, keys);
  // A body with the tokens of several probes was put together by somebody else.
  const [id, ...others] = ids;
  return id === undefined || others.length > 0 ? [claim] : [{ kind: 'probe', id, where: 'body' }];
}

/** Any one place suffices: systems on the way rewrite Message-ID, or strip fields they do not know. */
function recogniseHeader(fields: readonly HeaderField[], keys: readonly Uint8Array[]): Recognition {
  const inField = findTokens(headerValues(fields, TOKEN_FIELD).join('\n'));
  const [byField] = inField.flatMap((token) => verified(token, keys));
  if (byField !== undefined) return { kind: 'probe', id: byField, where: 'header' };
  const inMessageId = headerValues(fields, 'Message-ID')
    .slice(0, MESSAGE_IDS_MAX)
    .flatMap((value) => /^<([a-z2-7]{32})@[^\s<>]*>$/i.exec(value)?.[1]?.toLowerCase() ?? []);
  const [byMessageId] = inMessageId.flatMap((token) => verified(token, keys));
  if (byMessageId !== undefined) return { kind: 'probe', id: byMessageId, where: 'message-id' };
  return { kind: inField.length + inMessageId.length > 0 ? 'forged' : 'foreign' };
}

function notices(ids: readonly string[], statuses: readonly DeliveryStatus[], body: string): readonly Recognition[] {
  if (ids.length > 0) return ids.map((id) => ({ kind: 'notice', id, statuses }));
  const returned = new RegExp(`^${TOKEN_FIELD}:[ \\t]*([a-z2-7]{32})[ \\t]*\\r?$`, 'im');
  return [{ kind: returned.test(body) ? 'forged' : 'foreign' }];
}

/** A report names its message by ENVID, by reference to its Message-ID, or by returning it. */
function idsReported(message: ReadMessage, envelopeId: string, keys: readonly Uint8Array[]): readonly string[] {
  const { fields } = message;
  const references = [...headerValues(fields, 'References'), ...headerValues(fields, 'In-Reply-To')].join('\n');
  return [...new Set([...verified(`${envelopeId}\n${references}`, keys), ...idsWithin(message, keys)])];
}

/** Probe ids whose tokens stand in the body, as it is or with its encodings undone. */
function idsWithin(message: ReadMessage, keys: readonly Uint8Array[]): readonly string[] {
  const asIs = verified(message.body, keys);
  return asIs.length > 0 ? asIs : verified(message.text, keys);
}

function verified(text: string, keys: readonly Uint8Array[]): readonly string[] {
  return findTokens(text).flatMap((token) => {
    const result = verifyToken(token, keys);
    return result.ok ? [result.id] : [];
  });
}
