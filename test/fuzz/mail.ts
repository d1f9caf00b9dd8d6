/** Fuzzes all that reads messages: what is made of one has a bound, no token is made up, and nothing throws. */
import fc from 'fast-check';
import { checkSignatures } from '../../src/adapters/dkim/verify.ts';
import { candidacyOf } from '../../src/adapters/imap/candidate.ts';
import { parseDeliveryStatus } from '../../src/domain/mail/dsn.ts';
import { parseHeader, tidy } from '../../src/domain/mail/header.ts';
import { formatMailDate, parseMailDate } from '../../src/domain/mail/mail-date.ts';
import { chainHeadOf } from '../../src/domain/mail/message.ts';
import { ReadMessage } from '../../src/domain/mail/mime.ts';
import { parseReceived } from '../../src/domain/mail/received.ts';
import { recognise } from '../../src/domain/mail/recognise.ts';
import type { DeliveryStatus } from '../../src/domain/probe.ts';
import { FALSE_TOKEN, ID, KEY, type Message, messagesWith, piecesWith, TOKEN } from './mail-samples.ts';
import { fuzzValues, must } from './surface.ts';
import { cook, grown, recipes } from './texts.ts';

/** As much as is ever read of a message (`HEADER_BYTES_MAX`, `BODY_BYTES_MAX`). */
const READ_MAX = 65_536;
/** Ten times that: what grows with the square of its input takes minutes, and what grows with it milliseconds. */
const GROWN = 10 * READ_MAX;
const HOPS_MAX = 100;
const LEAVES_MAX = 32;
const DAY_MS = 86_400_000;
const CONTROL = /\p{Cc}/u;

const kinds = [true, false].map((signed) => {
  const token = signed ? TOKEN : FALSE_TOKEN;
  const messages = messagesWith(token);
  return {
    signed,
    headers: messages.map(({ header }) => header),
    bodies: messages.map(({ body }) => body),
    pieces: piecesWith(token),
  };
});

/** Mutations of real messages, some with a token of ours. */
export const fuzzMail = fuzzValues(
  fc.record({ signed: fc.boolean(), header: recipes, body: recipes, together: fc.boolean() }),
  ({ signed, header, body, together }) => {
    const { headers, bodies, pieces } = kinds[signed ? 0 : 1] as (typeof kinds)[number];
    // A report's parts are of use only beside its header.
    const sample = together ? header.sample : body.sample;
    checkMessage(
      {
        header: cook(header, headers, pieces, READ_MAX),
        body: cook({ ...body, sample }, bodies, pieces, READ_MAX),
      },
      signed,
    );
  },
);

/** Headers and bodies of one thing again and again, far larger than any that is read. */
export const fuzzGrowth = fuzzValues(
  fc.record({ part: fc.constantFrom('header', 'body', 'both'), text: grown(piecesWith(FALSE_TOKEN), GROWN) }),
  ({ part, text }) => {
    const report = 'Return-Path: <>\r\nContent-Type: multipart/report; boundary=b\r\n';
    checkMessage({ header: part === 'body' ? report : report + text, body: part === 'header' ? '' : text }, false);
  },
);

function checkMessage({ header, body }: Message, signed: boolean): void {
  const fields = parseHeader(header);
  must(
    fields.every(({ name, value }) => !/[\r\n]/.test(name + value)),
    'a field holds a line end',
  );
  checkRecognised({ header, body }, signed);
  const message = new ReadMessage({ header, body });
  for (const status of parseDeliveryStatus(message)?.statuses ?? []) checkStatus(status);
  must(message.leaves.length <= LEAVES_MAX, 'a message has leaves without end');
  const hops = parseReceived(fields);
  must(hops.length <= HOPS_MAX, `${hops.length} hops`);
  for (const { by, from, at } of hops) {
    for (const name of [by, from]) must(name === null || isTidy(name, 255), 'a hop has a name that is not tidy');
    must(at === null || !Number.isNaN(Date.parse(at)), `a hop is at ${at ?? ''}`);
  }
  for (const { value } of fields.slice(0, 200)) checkDate(value.slice(value.lastIndexOf(';') + 1));
  const head = chainHeadOf(header, body);
  must(head === null || (Number.isSafeInteger(head.seq) && /^[0-9a-f]{64}$/.test(head.hash)), 'a head is none');
  for (const { domain, selector, problem } of checkSignatures({ header, body }, () => [])) {
    must(problem !== null, 'a signature holds without a key');
    must(isTidy(domain, 253) && isTidy(selector, 253), 'a signature names what is no name of DNS');
  }
  must(isTidy(tidy(header, 300), 300), 'tidy leaves a control character');
}

/** There is one token, and where none was put into the message none is found in it. */
function checkRecognised(message: Message, signed: boolean): void {
  const found = recognise(message, [KEY]);
  must(found.length >= 1 && found.length <= 1 + LEAVES_MAX, `${found.length} recognitions`);
  for (const each of found) {
    if (each.kind === 'forged' || each.kind === 'foreign') continue;
    must(signed && each.id === ID, `a ${each.kind} of ${each.id} is made up`);
    if (each.kind === 'notice') each.statuses.forEach(checkStatus);
    else if (each.where !== 'body')
      must(candidacyOf(message.header, []) !== 'none', 'a probe would be passed over in a mailbox');
  }
  must(JSON.stringify(recognise(message, [])).includes(ID) === false, 'a probe is known without a key');
}

function checkStatus({ status, recipient, diagnostic }: DeliveryStatus): void {
  must(status === null || /^[245]\.\d{1,3}\.\d{1,3}$/.test(status), `the status is ${status ?? ''}`);
  must(recipient === null || isTidy(recipient, 320), 'the recipient is not tidy');
  must(diagnostic === null || isTidy(diagnostic, 500), 'the diagnostic is not tidy');
}

function checkDate(text: string): void {
  const ms = parseMailDate(text);
  if (ms === null) return;
  must(Number.isFinite(ms), `a date is ${ms}`);
  const whole = Math.floor(ms / 1000) * 1000;
  // What is written has four digits of the year.
  const isUsual = whole > Date.UTC(1900, 0, 2) && whole < Date.UTC(9999, 11, 31) - DAY_MS;
  must(!isUsual || parseMailDate(formatMailDate(whole)) === whole, `a date is read as ${ms} and not written so`);
}

function isTidy(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax && !CONTROL.test(text);
}
