/** Bounces that are no RFC 3464 report: qmail's QSBMF, Exim's older form, and whatever else a mailer daemon writes. */

import type { DeliveryStatus } from '../probe.ts';
import { DIAGNOSTIC_LENGTH_MAX, enhancedStatus, RECIPIENT_LENGTH_MAX, RECIPIENTS_MAX } from './dsn.ts';
import { type HeaderField, headerValues, tidy } from './header.ts';
import { contentType } from './mime.ts';

/** Who speaks: a mail system about a message, a responder in its owner's place, or neither. */
export type Voice = 'mailer' | 'responder' | 'other';

/** A reply of a server as bounces quote it. */
const REPLY = /(?:^|[^\d.])([245]\d\d[ -](?:#?\d\.\d{1,3}\.\d{1,3} )?[^\n]{3,})/g;
const ENHANCED = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/g;
/** A recipient, alone on its line. */
const NAMED = /^[ \t]*<([^\s<>@]+@[^\s<>]+)>:?[ \t]*$/gm;
/** The copy of the message that came back begins below a line like this; what it says is not about the delivery. */
const COPY =
  /^(?:-{2,}.{0,40}(?:original message|copy of the message|message headers|returned message|forwarded)|--- Below this line)/im;
/** The explanation stands at the beginning. */
const EXPLANATION_LENGTH_MAX = 8192;
/** What a mailer says while it is not over … */
const GOES_ON =
  /\b(?:keep|continue|go on) (?:on )?(?:to )?(?:re-?)?(?:try|attempt)|\bwill (?:still )?(?:be )?(?:re-?try|re-?tried|try again)\b|\bnot yet\b|\bstill be\b/i;
/** … and what it says once it is, where it quotes no permanent reply: time ran out. */
const GIVEN_UP = /\bgiv(?:en|ing) up\b|\bnot (?:going to )?try again\b|\bretry time(?:out)? exceeded\b/i;

/**
 * A receipt (RFC 8098) or another report that is not about delivery is a responder's, whoever signs it. So is an automatic reply, which
 * comes with a null return path (RFC 3834 §3.3); but mail systems call their bounces replies too, and those are known by their sender.
 */
export function voiceOf(fields: readonly HeaderField[]): Voice {
  const first = (name: string): string => headerValues(fields, name)[0] ?? '';
  const { type, parameters } = contentType(fields);
  const isReport = type === 'multipart/report';
  const report = parameters.get('report-type')?.toLowerCase();
  if (isReport && report !== undefined && report !== 'delivery-status') return 'responder';
  const from = first('From');
  if (
    headerValues(fields, 'X-Failed-Recipients').length > 0 ||
    /(?:^|[\s<"])(?:mailer-daemon|postmaster)@/i.test(from.slice(0, 1000)) ||
    /^mailer-daemon\b/i.test(from)
  )
    return 'mailer';
  if (isAutomatic(fields)) return 'responder';
  if (first('Return-Path').replace(/\s/g, '') === '<>') return 'mailer';
  // A probe answers nothing: what refers to another message is somebody's reply to it.
  return isReport || first('In-Reply-To') !== '' || first('References') !== '' ? 'responder' : 'other';
}

/** RFC 3834, and the fields that responders used before it. */
function isAutomatic(fields: readonly HeaderField[]): boolean {
  const says = (name: string, what: RegExp): boolean => headerValues(fields, name).some((value) => what.test(value));
  return (
    says('Auto-Submitted', /^auto-(?:replied|notified)/i) ||
    says('Precedence', /^(?:auto_reply|bulk|junk)/i) ||
    ['X-Autoreply', 'X-Autorespond', 'X-Autoresponder'].some((name) => says(name, /^/))
  );
}

/**
 * What a mailer says in its own words, once for each recipient it names, or once. Only what it says to be final is `failed`: it quotes a
 * permanent reply, names who failed in its header (Exim), or says that it has given up. What a reply says is not the mailer's own promise.
 */
export function readBounce(fields: readonly HeaderField[], text: string): readonly DeliveryStatus[] {
  const bounded = text.slice(0, EXPLANATION_LENGTH_MAX);
  const copy = bounded.search(COPY);
  const explanation = (copy < 0 ? bounded : bounded.slice(0, copy)).replace(/\r/g, '');
  const replies = [...explanation.matchAll(REPLY)].map(([, reply = '']) => reply);
  const statuses = [...explanation.matchAll(ENHANCED)].map(([status]) => status);
  const diagnostic = tidy(gravest(replies) ?? '', DIAGNOSTIC_LENGTH_MAX);
  const failed = headerValues(fields, 'X-Failed-Recipients').flatMap((value) => value.split(','));
  const grade = gravest([...replies, ...statuses])?.charAt(0);
  const isFinal = grade === '5' || GIVEN_UP.test(explanation);
  const goesOn = failed.length === 0 && GOES_ON.test(explanation.replace(REPLY, ''));
  const said = {
    action: goesOn ? 'delayed' : isFinal || failed.length > 0 ? 'failed' : actionOf(grade),
    status: enhancedStatus(diagnostic) ?? gravest(statuses),
    diagnostic: diagnostic === '' ? null : diagnostic,
  } as const;
  const named = failed.length > 0 ? failed : [...explanation.matchAll(NAMED)].map(([, recipient = '']) => recipient);
  const recipients = named
    .slice(0, RECIPIENTS_MAX)
    .map((recipient) => tidy(recipient, RECIPIENT_LENGTH_MAX))
    .filter((recipient) => recipient !== '');
  return recipients.length === 0
    ? [{ ...said, recipient: null }]
    : recipients.map((recipient) => ({ ...said, recipient }));
}

function actionOf(grade: string | undefined): DeliveryStatus['action'] {
  if (grade === '4') return 'delayed';
  return grade === '2' ? 'delivered' : 'unclear';
}

/** The first of those of the gravest class: a transcript quotes what was taken, too. */
function gravest(codes: readonly string[]): string | null {
  for (const grade of ['5', '4', '2']) {
    const found = codes.find((code) => code.startsWith(grade));
    if (found !== undefined) return found;
  }
  return null;
}
