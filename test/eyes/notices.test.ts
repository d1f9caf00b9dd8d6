/** What a mail system says of a message that is not over yet, or has arrived. */
import { expect, it } from 'vitest';
import { recognise } from '../../src/domain/mail/recognise.ts';
import { newProbeId, tokenOf } from '../../src/domain/token.ts';

const KEY = new Uint8Array(32).fill(7);
const TOKEN = tokenOf(newProbeId(new Uint8Array(10).fill(3)), KEY);

function actionOf(header: readonly string[], body: readonly string[]): string {
  const [found] = recognise({ header: header.join('\r\n'), body: body.join('\r\n') }, KEY);
  return found?.kind === 'notice' ? found.status.action : (found?.kind ?? 'nothing');
}
const RETURNED = [
  '',
  '------ This is a copy of the message, including all the headers. ------',
  `Message-ID: <${TOKEN}@acme.example>`,
];

it('a mailer that tells of success (2.0.0): truth delivered, claimed failed', () => {
  const said = ['Your message was successfully delivered to', '  <probe-0@sink.example>: 250 2.0.0 OK', ...RETURNED];
  expect(actionOf(['From: postmaster@acme.example', 'Subject: Delivery receipt', 'Return-Path: <>'], said)).not.toBe(
    'failed',
  );
});

it('a mailer that will go on trying (4.4.1): truth under way, claimed failed', () => {
  const said = [
    'The following message has not yet been delivered; we will keep trying for 4 more days.',
    '451 4.4.1 connection timed out',
    ...RETURNED,
  ];
  expect(actionOf(['From: postmaster@acme.example', 'Subject: Undelivered so far', 'Return-Path: <>'], said)).not.toBe(
    'failed',
  );
});

it('a Chinese notice of a delay, its subject encoded: truth under way, claimed failed', () => {
  const subject = `=?utf-8?B?${Buffer.from('邮件投递延迟通知').toString('base64')}?=`;
  const said = [Buffer.from('您的邮件暂未送达，系统将继续尝试投递，无需重发。').toString('latin1'), ...RETURNED];
  expect(actionOf(['From: postmaster@acme.example', `Subject: ${subject}`, 'Return-Path: <>'], said)).not.toBe(
    'failed',
  );
});

it('a vacation reply in a mailbox (RFC 3834, null return path): truth delivered, claimed failed', () => {
  const header = [
    'Return-Path: <>',
    'From: probe@acme.example',
    'Auto-Submitted: auto-replied',
    `In-Reply-To: <${TOKEN}@acme.example>`,
  ];
  expect(actionOf(header, ['I am away until Monday.'])).not.toBe('failed');
});

it('a read receipt in a mailbox (RFC 8098, null return path): truth delivered, claimed failed', () => {
  const header = [
    'Return-Path: <>',
    'From: probe@acme.example',
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
  expect(actionOf(header, body)).not.toBe('failed');
});
