/** Bounces that are no RFC 3464 report: qmail's QSBMF, Exim's older form, and whatever else a mailer daemon writes. */

import type { DeliveryStatus } from '../probe.ts';
import { DIAGNOSTIC_LENGTH_MAX, enhancedStatus } from './dsn.ts';
import { type HeaderField, headerValues, tidy } from './header.ts';

/** Who speaks: a mail system about a message, a responder in its owner's place, or neither. */
export type Voice = 'mailer' | 'responder' | 'other';

/** A reply of a server as bounces quote it. */
const REPLY = /(?:^|[^\d.])([245]\d\d[ -](?:#?\d\.\d{1,3}\.\d{1,3} )?[^\n]{3,})/;
const RECIPIENT_LENGTH_MAX = 320;
/** The copy of the message that came back begins below a line like this; what it says is not about the delivery. */
const COPY =
  /^(?:-{2,}.{0,40}(?:original message|copy of the message|message headers|returned message|forwarded)|--- Below this line)/im;
/** The explanation stands at the beginning. */
const EXPLANATION_LENGTH_MAX = 8192;

export function voiceOf(fields: readonly HeaderField[]): Voice {
  const returnPath = headerValues(fields, 'Return-Path')[0]?.replace(/\s/g, '');
  const from = headerValues(fields, 'From')[0] ?? '';
  const failed = headerValues(fields, 'X-Failed-Recipients').length > 0;
  if (
    failed ||
    returnPath === '<>' ||
    /(?:^|[\s<"])(?:mailer-daemon|postmaster)@/i.test(from.slice(0, 1000)) ||
    /^mailer-daemon\b/i.test(from)
  ) {
    return 'mailer';
  }
  const automatic = headerValues(fields, 'Auto-Submitted')[0] ?? '';
  if (
    /^auto-(?:replied|notified)/i.test(automatic) ||
    /^multipart\/report\b/i.test(headerValues(fields, 'Content-Type')[0] ?? '')
  )
    return 'responder';
  // A probe answers nothing: what refers to another message is somebody's reply to it.
  return headerValues(fields, 'In-Reply-To').length > 0 || headerValues(fields, 'References').length > 0
    ? 'responder'
    : 'other';
}

/** What a mailer says in its own words; `delayed` where it speaks of a delay alone, else `failed`. */
export function readBounce(fields: readonly HeaderField[], text: string): DeliveryStatus {
  const bounded = text.slice(0, EXPLANATION_LENGTH_MAX);
  const copy = bounded.search(COPY);
  const explanation = (copy < 0 ? bounded : bounded.slice(0, copy)).replace(/\r/g, '');
  const diagnostic = tidy(REPLY.exec(explanation)?.[1] ?? '', DIAGNOSTIC_LENGTH_MAX);
  const named =
    headerValues(fields, 'X-Failed-Recipients')[0] ??
    /^[ \t]*<([^\s<>@]+@[^\s<>]+)>:?[ \t]*$/m.exec(explanation)?.[1] ??
    '';
  const recipient = tidy(named.split(',')[0] ?? '', RECIPIENT_LENGTH_MAX);
  const status = enhancedStatus(diagnostic) ?? enhancedStatus(explanation);
  const subject = headerValues(fields, 'Subject')[0] ?? '';
  const delayed =
    status === null
      ? /\bdelay|\bwarning\b/i.test(subject)
      : status.startsWith('4') && /\bdelay|\bwarning\b|still be|retried/i.test(subject + explanation);
  return {
    action: delayed ? 'delayed' : 'failed',
    status,
    recipient: recipient === '' ? null : recipient,
    diagnostic: diagnostic === '' ? null : diagnostic,
  };
}
