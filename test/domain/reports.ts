/** Reports on a message as mail systems write them, names replaced: `token` stands where the system returns or refers to the message. */

export interface SampleReport {
  readonly header: string;
  readonly body: string;
}

const crlf = (text: string): string => text.replace(/^\n/, '').replace(/\n/g, '\r\n');

/** Postfix 3.7, RET=HDRS, with ENVID. */
export const postfix = (token: string): SampleReport => ({
  header: crlf(`
Return-Path: <>
Date: Thu, 12 Nov 2026 03:04:06 +0000 (UTC)
From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: probe@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4A1B2C3D.1794452646/mail.example.com"
Content-Transfer-Encoding: 8bit
Message-Id: <20261112030406.5E6F7A8B@mail.example.com>
`),
  body: crlf(`
This is a MIME-encapsulated message.

--4A1B2C3D.1794452646/mail.example.com
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mail.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<nobody@sink.example.org>: host mx.sink.example.org[192.0.2.25] said: 550 5.1.1
    <nobody@sink.example.org>: no such user (in reply to RCPT TO command)

--4A1B2C3D.1794452646/mail.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
Original-Envelope-Id: ${token}
X-Postfix-Queue-ID: 4A1B2C3D
X-Postfix-Sender: rfc822; probe@example.com
Arrival-Date: Thu, 12 Nov 2026 03:04:05 +0000 (UTC)

Final-Recipient: rfc822; nobody@sink.example.org
Original-Recipient: rfc822;nobody@sink.example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.sink.example.org
Diagnostic-Code: smtp; 550 5.1.1 <nobody@sink.example.org>: no such user

--4A1B2C3D.1794452646/mail.example.com
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 8bit

Return-Path: <probe@example.com>
From: Mail flow probe <probe@example.com>
To: <nobody@sink.example.org>
Message-ID: <${token}@example.com>
X-Mailflow-Probe: ${token}

--4A1B2C3D.1794452646/mail.example.com--
`),
});

/** Postfix's warning after delay_warning_time. */
export const postfixDelayed = (token: string): SampleReport => {
  const sample = postfix(token);
  return {
    header: sample.header.replace('Undelivered Mail Returned to Sender', 'Delayed Mail (still being retried)'),
    body: sample.body
      .replace('Action: failed', 'Action: delayed')
      .replace('Status: 5.1.1', 'Status: 4.4.1')
      .replace(
        /Diagnostic-Code: .*/,
        'Diagnostic-Code: X-Postfix; connect to mx.sink.example.org[192.0.2.25]:25:\r\n    Connection refused\r\nWill-Retry-Until: Tue, 17 Nov 2026 03:04:05 +0000 (UTC)',
      ),
  };
};

/** Exim 4.96. */
export const exim = (token: string): SampleReport => ({
  header: crlf(`
Return-path: <>
Received: from Debian-exim by mail.example.net with local (Exim 4.96)
	id 1t9x0a-0001bc-1A
	for probe@example.com;
	Thu, 12 Nov 2026 03:04:06 +0000
X-Failed-Recipients: nobody@sink.example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: probe@example.com
References: <${token}@example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=1794452646-eximdsn-804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1t9x0a-0001bc-1A@mail.example.net>
`),
  body: crlf(`
--1794452646-eximdsn-804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  nobody@sink.example.org
    host mx.sink.example.org [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<nobody@sink.example.org>:
    550 5.1.1 no such user

--1794452646-eximdsn-804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Action: failed
Final-Recipient: rfc822;nobody@sink.example.org
Status: 5.0.0
Remote-MTA: dns; mx.sink.example.org
Diagnostic-Code: smtp; 550 5.1.1 no such user

--1794452646-eximdsn-804289383
Content-type: message/rfc822

Return-path: <probe@example.com>
Message-ID: <${token}@example.com>
X-Mailflow-Probe: ${token}

Token: ${token}

--1794452646-eximdsn-804289383--
`),
});

/** Exchange Online: blank lines within the status part, fields without a space after the type, an HTML part in base64. */
export const exchange = (token: string): SampleReport => ({
  header: crlf(`
From: <postmaster@tenant.example.com>
To: <probe@example.com>
Date: Thu, 12 Nov 2026 03:04:06 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="b9f1c0de-0001-4000-8000-00000000beef"
Content-Language: en-US
Message-ID: <b9f1c0de@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>
In-Reply-To: <${token}@example.com>
References: <${token}@example.com>
Subject: Undeliverable: Mail flow measurement by agent (send)
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:
`),
  body: crlf(`
--b9f1c0de-0001-4000-8000-00000000beef
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="b9f1c0de-0002-4000-8000-00000000beef"

--b9f1c0de-0002-4000-8000-00000000beef
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to nobody@contoso.example couldn't be delivered.=20
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient=
 not found'

--b9f1c0de-0002-4000-8000-00000000beef
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: base64

PGh0bWw+PGJvZHk+WW91ciBtZXNzYWdlIGNvdWxkbid0IGJlIGRlbGl2ZXJlZC48L2JvZHk+PC9o
dG1sPg==
--b9f1c0de-0002-4000-8000-00000000beef--

--b9f1c0de-0001-4000-8000-00000000beef
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;DB8PR01MB5678.eurprd01.prod.exchangelabs.com
Arrival-Date: Thu, 12 Nov 2026 03:04:05 +0000


Original-Recipient: rfc822;nobody@contoso.example
Final-Recipient: rfc822;nobody@contoso.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@contoso.example not found by SMTP address lookup
X-Display-Name: nobody@contoso.example


--b9f1c0de-0001-4000-8000-00000000beef
Content-Type: message/rfc822

From: Mail flow probe <probe@example.com>
Message-ID: <${token}@example.com>

--b9f1c0de-0001-4000-8000-00000000beef--
`),
});

/** A qmail descendant with a DSN patch: no empty line between the message's fields and the recipient's, no closing delimiter. */
export const qmailReport = (token: string): SampleReport => ({
  header: crlf(`
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: probe@example.com
Subject: failure notice
MIME-Version: 1.0
Content-Type: multipart/report; report-type="delivery-status"; boundary="=_qmail-1794452646"
`),
  body: crlf(`
--=_qmail-1794452646

Hi. This is the qmail-send program at mx.example.net.

--=_qmail-1794452646
Content-Type: Message/Delivery-Status

Reporting-MTA: mx.example.net
Final-Recipient: nobody@sink.example.org
Action: FAILED (final)
Status: 5.0.0 (permanent failure)
Final-Recipient: RFC822; <other@sink.example.org>
Action: failed
Status: 5.2.2

--=_qmail-1794452646
Content-Type: message/rfc822

Message-ID: <${token}@example.com>
`),
});

/** qmail's own form, QSBMF: plain text. */
export const qmail = (token: string): SampleReport => ({
  header: crlf(`
Return-Path: <>
Received: (qmail 1234 invoked for bounce); 12 Nov 2026 03:04:06 -0000
Date: 12 Nov 2026 03:04:06 -0000
From: MAILER-DAEMON@mx.example.net
To: probe@example.com
Subject: failure notice
`),
  body: crlf(`
Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<nobody@sink.example.org>:
192.0.2.25 does not like recipient.
Remote host said: 550 5.1.1 no such user
Giving up on 192.0.2.25.

--- Below this line is a copy of the message.

Return-Path: <probe@example.com>
Message-ID: <${token}@example.com>
X-Mailflow-Probe: ${token}

Token: ${token}
`),
});

/** Exim before 4.88: plain text and X-Failed-Recipients. */
export const eximPlain = (token: string): SampleReport => ({
  header: crlf(`
X-Failed-Recipients: nobody@sink.example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: probe@example.com
Subject: Mail delivery failed: returning message to sender
`),
  body: crlf(`
This message was created automatically by mail delivery software.

  nobody@sink.example.org
    SMTP error from remote mail server after RCPT TO:<nobody@sink.example.org>:
    host mx.sink.example.org [192.0.2.25]: 550 no such user

------ This is a copy of the message, including all the headers. ------

Message-ID: <${token}@example.com>

Token: ${token}
`),
});

/** A web mailer's HTML in base64 with the message's id in it, and the null sender. */
export const htmlBounce = (token: string): SampleReport => ({
  header: crlf(`
Return-Path: <>
From: "PostMaster" <PostMaster@example.cn>
Subject: =?utf-8?B?57O757uf6YCA5L+h?=
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64
`),
  body: crlf(
    (
      btoa(`<p>host mx.sink.example.org said: 552 5.2.2 mailbox full</p><p>Message-ID: ${token}@example.com</p>`).match(
        /.{1,76}/g,
      ) ?? []
    ).join('\n'),
  ),
});
