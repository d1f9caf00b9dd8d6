/** Headers, reports and pieces of them as mail systems write them, with `token` where the message is named. */
import { composeProbe } from '../../src/domain/mail/message.ts';
import { tokenOf } from '../../src/domain/token.ts';
import { at } from '../domain/events.ts';
import {
  exchange,
  exim,
  eximPlain,
  htmlBounce,
  postfix,
  postfixDelayed,
  qmail,
  qmailReport,
} from '../domain/reports.ts';

export const KEY = new Uint8Array(32).fill(9);
export const ID = 'mzxw6ytbojtg633c';
/** The one token that there is. */
export const TOKEN = tokenOf(ID, KEY);
/** Looks like one, and was signed with another key. */
export const FALSE_TOKEN = tokenOf(ID, new Uint8Array(32).fill(8));

export interface Message {
  readonly header: string;
  readonly body: string;
}

/** As it came through Postfix, Exim and Dovecot's LMTP. */
const TRACE = `Return-Path: <probe@example.com>\r
Delivered-To: probe@corp.example\r
Received: from mail.example.com ([192.0.2.1])\r
\tby mx.corp.example with LMTP\r
\tid 0GvyI1nKE2mzcQAA0J78UA\r
\t(envelope-from <probe@example.com>)\r
\tfor <probe@corp.example>; Thu, 12 Nov 2026 03:04:09 +0000\r
Received: from smtp.example.com (smtp.example.com [IPv6:2001:db8::1])\r
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r
\t key-exchange X25519 server-signature ECDSA (P-256))\r
\tby mail.example.com (Postfix) with ESMTPS id 4A1B2C3D\r
\tfor <probe@corp.example>; Thu, 12 Nov 2026 11:04:08 +0800 (CST)\r
Received: from [192.0.2.9] (helo=agent) by smtp.example.com with esmtpa (Exim 4.96)\r
\t(envelope-from <probe@example.com>) id 1rAbCd-0001Ef-2G; Wed, 11 Nov 2026 22:04:07 -0500\r
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=2026;\r
\tt=1794452646; bh=g3zLYH4xKxcPrHOD18z9YfpQcnk/GaJedfustWU5uGs=;\r
\th=From:To:Subject:Date:Message-ID; b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSb\r
\tav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r
`;

export function messagesWith(token: string): readonly Message[] {
  const probe = composeProbe({
    id: token.slice(0, 16),
    token,
    agent: 'fuzz',
    provider: 'acme',
    path: 'receive',
    sender: 'probe@example.com',
    recipient: 'probe@corp.example',
    date: at(0),
    chainHead: { seq: 7, hash: '0'.repeat(64) },
    contact: 'postmaster@example.com',
  });
  const end = probe.indexOf('\r\n\r\n');
  const samples = [postfix, postfixDelayed, exim, exchange, qmailReport, qmail, eximPlain, htmlBounce];
  const [header, body] = [probe.slice(0, end + 2), probe.slice(end + 4)];
  return [
    { header, body },
    { header: TRACE + header, body },
    { header: `${TRACE}MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n`, body: btoa(body) },
    ...samples.map((sample) => sample(token)),
  ];
}

/** What the parsers look for, and what they stumble over; `token` once. */
export const piecesWith = (token: string): readonly string[] => [
  token,
  btoa(token),
  `X-Mailflow-Probe: ${token}\r\n`,
  `Message-ID: <${token}@x>\r\n`,
  'Ledger: 7 0000000000000000000000000000000000000000000000000000000000000000\r\n',
  ...['\r\n', '\n', '\r', '\r\n\r\n', '\r\n ', '\n\t', ' ', '\t', '\0', '\x0b', '\x1b[2J', '\x85', '\xa0', '\xff'],
  ...['(', ')', '\\', '"', ';', ':', '<', '>', '@', '=', ',', '.', '-', '--', '----', '/', '[', ']', '%s', '&#x3c;'],
  ...['Received: ', 'Received: from a by b; ', 'from ', 'by ', 'Date: ', 'Thu, 12 Nov 2026 03:04:05 +0000', '+9999'],
  ...[
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n',
    'Content-Type: multipart/report; boundary="b"\r\n',
    '--b\r\n',
  ],
  ...['--b--\r\n', 'Content-Type: message/delivery-status\r\n\r\n', 'Content-Transfer-Encoding: base64\r\n\r\n'],
  ...['Content-Transfer-Encoding: quoted-printable\r\n\r\n', '=\r\n', '=20', '=?utf-8?B?', '?=', '=?x?Q?=22?=', 'AAAA'],
  ...['Final-Recipient: rfc822; ', 'Action: failed\r\n', 'Action: delivered\r\n', 'Status: 5.1.1\r\n', '4.2.2', '550 '],
  ...['Diagnostic-Code: smtp; ', 'Original-Envelope-Id: ', 'Return-Path: <>\r\n', 'X-Failed-Recipients: a@b\r\n'],
  ...['From: MAILER-DAEMON@x\r\n', 'In-Reply-To: <', 'Auto-Submitted: auto-replied\r\n', 'mailbox full', '<a@b>:\r\n'],
  ...[
    'DKIM-Signature: v=1; a=rsa-sha256; d=a.b; s=c; h=from; b=',
    'bh=',
    'l=0;',
    '--- Below this line',
    '1',
    'aaaaaaaa',
  ],
];
