/** What the demo's provider writes on top of a message: trace fields, and the report on one it could not deliver. */
import { formatMailDate } from '../domain/mail/mail-date.ts';

/** A `Received` field (RFC 5321 §4.4) and its line end. */
export function receivedField(from: string, by: string, protocol: string, queueId: string, wallMs: number): string {
  return `Received: from ${from}\r\n\tby ${by} with ${protocol} id ${queueId};\r\n\t${formatMailDate(wallMs)}\r\n`;
}

export interface Bounce {
  readonly reporter: string;
  readonly sender: string;
  readonly recipient: string;
  readonly envelopeId: string | null;
  readonly status: string;
  readonly diagnostic: string;
  readonly queueId: string;
  readonly wallMs: number;
  /** Header section of what is returned. */
  readonly returned: string;
}

/** A delivery status notification (RFC 3464) to the sender, from the null sender. */
export function composeBounce(bounce: Bounce): string {
  const boundary = `demo-${bounce.queueId}`;
  const diagnostic = bounce.diagnostic.replace(/\s+/g, ' ');
  return [
    'Return-Path: <>',
    `From: Mail Delivery System <mailer-daemon@${bounce.reporter}>`,
    `To: <${bounce.sender}>`,
    `Date: ${formatMailDate(bounce.wallMs)}`,
    `Message-ID: <${bounce.queueId}.bounce@${bounce.reporter}>`,
    'Subject: Undelivered mail returned to sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `Your message to <${bounce.recipient}> could not be delivered:`,
    diagnostic,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${bounce.reporter}`,
    ...(bounce.envelopeId === null ? [] : [`Original-Envelope-Id: ${bounce.envelopeId}`]),
    '',
    `Final-Recipient: rfc822; ${bounce.recipient}`,
    'Action: failed',
    `Status: ${bounce.status}`,
    `Diagnostic-Code: smtp; ${diagnostic}`,
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    bounce.returned,
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n');
}
