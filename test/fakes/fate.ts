/** What becomes of a message at the simulated provider, decided beforehand, and what the provider's books then say of it. */
import type { OutgoingMessage } from '../../src/ports.ts';

/** An attempt to transfer that fails: how far it gets, and when it ends. */
export interface FailingAttempt {
  /** `connect`: before MAIL; `mail`: before RCPT; `rcpt`: after it; `envid`: attributable by its ENVID. */
  readonly reaches: 'connect' | 'mail' | 'rcpt' | 'envid';
  readonly mailAfterMs: number;
  readonly endsAfterMs: number;
  readonly nextAfterMs: number;
  /** Whether the next attempt comes after its beginning, not its end. */
  readonly overlaps: boolean;
}

/** What becomes of one message, decided beforehand. */
export interface Fate {
  readonly connectMs: number;
  /** From the last bytes to complete reception, and from there to the reply. */
  readonly receiveMs: number;
  readonly replyMs: number;
  /** 4xx answers before the last one. */
  readonly deferrals: number;
  /** `lose`: taken, but the connection ends before the reply; `drop`: it ends and nothing was taken. */
  readonly answer: 'accept' | 'refuse' | 'lose' | 'drop' | 'hang';
  /** The delay to be measured; `never` is silent loss; a bounce comes instead. */
  readonly end: { readonly what: 'delivered' | 'bounced'; readonly afterMs: number } | { readonly what: 'never' };
  readonly attempts: readonly FailingAttempt[];
  readonly mailAfterMs: number;
  readonly endsAfterMs: number;
  /** Keeps the connection open, for the next message to use. */
  readonly keepsOpen: boolean;
  readonly folder: 'INBOX' | 'Junk' | 'Lists';
  readonly announced: boolean;
  /** Another client moves it to another folder soon after. */
  readonly movedAfterMs: number | null;
  readonly copies: readonly { readonly afterMs: number; readonly folder: 'INBOX' | 'Junk' | 'Lists' }[];
}

/** In the books, by probe id. Milliseconds that passed for everybody. */
export interface Truth {
  readonly fate: Fate;
  readonly message: OutgoingMessage;
  tries: number;
  acceptedMs: number | null;
  /** When it first was there for us: taken by the sink, or in the mailbox. */
  reachedMs: number | null;
  /** Whether the provider refused it, never answered, or bounced it. */
  faulted: boolean;
}

/** The report that a message could not be delivered (RFC 3464), to its sender. */
export function bounceOf(message: OutgoingMessage, status = '5.1.1'): OutgoingMessage {
  return toSender(message, reportOf(message, 'failed', status, message.recipient));
}

/** What a provider tells a sender beside a bounce: none of it says that the message has failed. */
export const SIDE_NOTICES = ['delayed', 'relayed', 'other recipient', 'absent', 'read', 'free words'] as const;
export type SideNotice = (typeof SIDE_NOTICES)[number];

export function noticeOf(message: OutgoingMessage, what: SideNotice): OutgoingMessage {
  const { recipient, text } = message;
  const header = text.slice(0, text.indexOf('\r\n\r\n'));
  switch (what) {
    case 'delayed':
      return toSender(message, reportOf(message, 'delayed', '4.4.1', recipient));
    case 'relayed':
      return toSender(message, reportOf(message, 'relayed', '2.0.0', recipient));
    case 'other recipient':
      return toSender(message, reportOf(message, 'failed', '5.1.1', 'somebody@else.example'));
    case 'absent':
      return toSender(message, [`From: ${recipient}`, 'Auto-Submitted: auto-replied', '', 'I am away.', '', header]);
    case 'read':
      return toSender(message, [
        `From: ${recipient}`,
        'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
        '',
        '--b',
        'Content-Type: message/disposition-notification',
        '',
        `Final-Recipient: rfc822; ${recipient}`,
        'Disposition: manual-action/MDN-sent-manually; displayed',
        '',
        '--b',
        'Content-Type: text/rfc822-headers',
        '',
        header,
        '',
        '--b--',
      ]);
    case 'free words':
      return toSender(message, ['From: mailer-daemon@acme.example', '', 'About your message:', '', header]);
  }
}

function toSender({ sender }: OutgoingMessage, lines: readonly string[]): OutgoingMessage {
  return { sender: '', recipient: sender, envelopeId: '', text: [...lines, ''].join('\r\n') };
}

function reportOf(
  { envelopeId }: OutgoingMessage,
  action: 'failed' | 'delayed' | 'relayed',
  status: string,
  recipient: string,
): readonly string[] {
  return [
    'From: mailer-daemon@acme.example',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    action,
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.acme.example',
    `Original-Envelope-Id: ${envelopeId}`,
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${status}`,
    '',
    '--b--',
  ];
}
