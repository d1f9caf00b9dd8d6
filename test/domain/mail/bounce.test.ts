/** What mail systems say in their own words: only what they say to be final is a failure, and replies and receipts say nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBounce, voiceOf } from '../../../src/domain/mail/bounce.ts';
import { parseHeader } from '../../../src/domain/mail/header.ts';
import { recognise } from '../../../src/domain/mail/recognise.ts';
import { newProbeId, tokenOf } from '../../../src/domain/token.ts';

const KEY = new Uint8Array(32).fill(7);
const TOKEN = tokenOf(newProbeId(new Uint8Array(10).fill(3)), KEY);
const RETURNED = [
  '',
  '------ This is a copy of the message, including all the headers. ------',
  `Message-ID: <${TOKEN}@acme.example>`,
];
const FROM_MAILER = ['From: postmaster@acme.example', 'Return-Path: <>'];
const AWAY = [
  'From: probe@acme.example',
  'Return-Path: <>',
  `In-Reply-To: <${TOKEN}@acme.example>`,
  'Subject: 550 5.1.1 I am away',
];

/** What is made of it: the kind, or a notice's actions. */
function read(header: readonly string[], body: readonly string[]): string {
  const [found] = recognise({ header: header.join('\r\n'), body: body.join('\r\n') }, [KEY]);
  return found?.kind === 'notice' ? found.statuses.map(({ action }) => action).join() : (found?.kind ?? 'nothing');
}
const bytes = (text: string): string => Buffer.from(text).toString('latin1');

describe('a mailer’s own words', () => {
  it.each([
    ['failed', 'a permanent reply', '<a@b.example>: host mx said: 550 5.1.1 no such user'],
    ['failed', 'a permanent reply without an enhanced code', 'it said: 554 no such user'],
    ['failed', 'a permanent reply after others', 'MAIL: 250 2.1.0 ok\r\nRCPT: 451 4.4.1 busy\r\nRCPT: 550 5.1.1 no'],
    ['failed', 'that time ran out', '451 4.4.1 busy\r\nI have given up.'],
    ['failed', 'that time ran out, as qmail does', 'I’m not going to try again; it has been in the queue too long.'],
    ['delivered', 'success', '  <a@b.example>: 250 2.0.0 OK'],
    ['delayed', 'a temporary reply', '451 4.4.1 connection timed out'],
    [
      'delayed',
      'that it goes on',
      'It has not been delivered; we will keep trying for 4 days.\r\n550 5.0.0 last reply',
    ],
    ['failed', 'a reply with such words', 'Delivery failed:\r\n550 5.1.1 mailbox not yet activated'],
    ['failed', 'a reply that warns', 'Delivery failed:\r\n550 5.7.1 if you continue to try, you will be blocked'],
    ['unclear', 'nothing that can be told', 'Your message could not be sent.'],
    ['unclear', 'something in Chinese', bytes('您的邮件暂未送达，系统将继续尝试投递，无需重发。')],
  ])('are %s where they tell of %s', (action, _, said) => {
    expect(read(FROM_MAILER, [said, ...RETURNED])).toBe(action);
  });

  it('mean the same whatever the subject says, and however it is written', () => {
    const subjects = [
      'Delivery receipt',
      'Delayed',
      `=?utf-8?B?${Buffer.from('邮件投递延迟通知').toString('base64')}?=`,
      '=?utf-8?Q?failed_550_5=2E1=2E1?=',
    ];
    const said = ['451 4.4.1 connection timed out', ...RETURNED];
    for (const subject of subjects)
      expect(read([...FROM_MAILER, `Subject: ${subject}`], said), subject).toBe('delayed');
  });

  it('speak of each recipient that they name', () => {
    const names = ['<a@b.example>:', '550 5.1.1 no such user', '', '<c@d.example>:', '550 5.2.2 full'].join('\r\n');
    expect(readBounce([], names).map(({ recipient }) => recipient)).toEqual(['a@b.example', 'c@d.example']);
    const fields = [{ name: 'X-Failed-Recipients', value: 'e@f.example, g@h.example' }];
    expect(readBounce(fields, names)).toEqual(
      ['e@f.example', 'g@h.example'].map((recipient) => ({
        ...{ action: 'failed', status: '5.1.1', recipient, diagnostic: '550 5.1.1 no such user' },
      })),
    );
  });

  it('end where the message that came back begins, and after 8,192 characters', () => {
    const copies = ['--- Below this line is a copy', '------ The original message', '--=_x Forwarded'];
    for (const line of copies) {
      expect(readBounce([], `451 4.4.1 busy\n${line}\n550 5.1.1 no`)[0]?.action, line).toBe('delayed');
      expect(readBounce([], `${line}\n550 5.1.1 no`)[0]?.action, line).toBe('unclear');
    }
    const at = (start: number) => readBounce([], `${' '.repeat(start)}550 no such user`)[0]?.diagnostic;
    expect([at(100), at(8184), at(8192)]).toEqual(
      ['550 no such user', '550 no s', undefined].map((text) => text ?? null),
    );
  });

  it('name a status that stands in no reply, the gravest one, and none where there is none', () => {
    const statusOf = (said: string) => readBounce([], said)[0]?.status;
    expect(statusOf('Remote error (#4.4.1), then (#5.1.1) and (#5.2.2)')).toBe('5.1.1');
    expect(statusOf('554 no such user')).toBeNull();
    expect(statusOf('I am sorry.')).toBeNull();
  });

  it('name 16 recipients at most, and none that is empty', () => {
    const recipients = (value: string) =>
      readBounce([{ name: 'X-Failed-Recipients', value }], '').map((it) => it.recipient);
    expect(recipients(' , a@b.example,, ')).toEqual(['a@b.example']);
    expect(recipients(' , ')).toEqual([null]);
    // Whoever is named there has failed, whatever else is promised.
    const [named] = readBounce([{ name: 'X-Failed-Recipients', value: 'a@b.example' }], 'We will keep trying.');
    expect(named?.action).toBe('failed');
    expect(recipients(Array.from({ length: 20 }, (_, index) => `r${index}@b.example`).join(','))).toHaveLength(16);
    expect(recipients('x'.repeat(500))).toEqual(['x'.repeat(320)]);
  });

  it('are never a failure without a permanent code, a recipient in the header, or an end of patience', () => {
    const pieces = fc.constantFrom('451 4.4.1 busy', '250 2.0.0 ok', '\n', ' ', 'delay', 'error', '4.7.1', '<a@b.c>:');
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        for (const { action } of readBounce([], parts.join(''))) expect(action).not.toBe('failed');
      }),
    );
  });
});

describe('who speaks', () => {
  it.each([
    ['mailer', 'X-Failed-Recipients: a@b.example\nAuto-Submitted: auto-replied'],
    ['mailer', 'From: <MAILER-DAEMON@b.example>\nAuto-Submitted: auto-replied'],
    ['mailer', 'From: "Mail Delivery" <postmaster@b.example>\nPrecedence: bulk'],
    ['mailer', 'From: postmaster@b.example\nPrecedence: bulk'],
    ['mailer', 'From: Mailer-Daemon (Mail Delivery)\nPrecedence: bulk'],
    ['mailer', 'Return-Path: < >\nFrom: a@b.example'],
    ['mailer', 'From: postmaster@b.example\nContent-Type: multipart/report; boundary=b'],
    ['mailer', 'Return-Path: <>\nContent-Type: multipart/report; report-type=Delivery-Status; boundary=b'],
    ['responder', 'From: not-postmaster@b.example\nPrecedence: bulk'],
    ['responder', 'From: a mailer-daemon\nPrecedence: bulk'],
    ['responder', 'Return-Path: <>\nAuto-Submitted: auto-notified'],
    ['responder', 'From: postmaster@b.example\nContent-Type: multipart/report; report-type=other; boundary=b'],
    ['responder', 'Content-Type: multipart/report; boundary=b'],
    ['responder', 'In-Reply-To: <a@b.example>'],
    ['responder', 'References: <a@b.example>'],
    ['responder', 'Return-Path: <>\nPrecedence: junk'],
    ['other', 'Return-Path: <a@b.example>'],
    ['other', 'Auto-Submitted: auto-generated'],
    ['other', 'Auto-Submitted: no; not auto-replied'],
    ['other', 'Precedence: not-bulk'],
    ['other', 'Content-Type: text/plain; report-type=other'],
    ['other', ''],
  ])('is a %s by "%s"', (voice, header) => {
    expect(voiceOf(parseHeader(header))).toBe(voice);
  });
});

describe('nothing is said of the message by', () => {
  it.each([
    'Auto-Submitted: auto-replied (vacation)',
    'Precedence: bulk',
    'Precedence: auto_reply',
    'X-Autoreply: yes',
  ])('an automatic reply with a null return path: %s', (field) => {
    expect(read([...AWAY, field], ['I am away until Monday.'])).toBe('foreign');
    // Mail systems call their bounces replies too.
    expect(read([...FROM_MAILER, field], ['550 5.1.1 no such user', ...RETURNED])).toBe('failed');
  });

  it.each(['probe@acme.example', 'postmaster@acme.example'])('a receipt (RFC 8098) of %s', (from) => {
    const header = [
      'Return-Path: <>',
      `From: ${from}`,
      'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
      `References: <${TOKEN}@acme.example>`,
    ];
    const body = [
      '--b',
      'Content-Type: message/disposition-notification',
      '',
      `Original-Message-ID: <${TOKEN}@acme.example>`,
      'Disposition: automatic-action/MDN-sent-automatically; displayed',
      '--b--',
    ];
    expect(read(header, body)).toBe('foreign');
  });
});
