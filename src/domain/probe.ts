/** The nouns of a probe: which path it takes, what each side said of it, and where a message was found. */
import type { Instant } from './time/instant.ts';

/** `send`: submission to our sink (clause 2a). `receive`: our injector to the mailbox (2b). `internal`: submission to the mailbox (1). */
export const PATHS = ['send', 'receive', 'internal'] as const;
export type Path = (typeof PATHS)[number];

/** Only `scheduled` probes enter the statistics; a spot check is asked for by hand and shown, never averaged. */
export const PROBE_KINDS = ['scheduled', 'spot'] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

/** The steps of handing a message over, in their order. `data` ends with the reply to the final dot. */
export const STAGES = ['dns', 'connect', 'tls', 'greeting', 'auth', 'mail', 'rcpt', 'data'] as const;
export type Stage = (typeof STAGES)[number];

export interface StageTiming {
  readonly name: Stage;
  readonly seconds: number;
}

/** A reply of the other side that was not success (RFC 5321 §4.2, enhanced codes RFC 3463). */
export interface Refusal {
  readonly kind: 'refused';
  readonly stage: Stage;
  readonly code: number;
  /** `5.1.1`, or null where the server gives none. */
  readonly enhanced: string | null;
  readonly text: string;
}

/** The code of a handover that the agent itself gave up before the message was handed over. */
export const ABORTED = 'ABORTED';

/** No reply at all: the name did not resolve, the port was closed, TLS or time failed. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly stage: Stage;
  /** A short stable code: `ENOTFOUND`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `TIMEOUT` … */
  readonly code: string;
  readonly text: string;
}

/** The connection ended after the last bytes were handed over and before their reply: the message may arrive. Never sent again. */
export interface Uncertain {
  readonly kind: 'uncertain';
  /** Just before the last bytes of the message were handed to the socket. */
  readonly handedOver: Instant;
  readonly code: string;
  readonly text: string;
}

/** The other side took responsibility (250 to the final dot, RFC 5321 §4.2.5). */
export interface Accepted {
  readonly kind: 'accepted';
  /** Just before the last bytes of the message were handed to the socket: the earliest complete reception. */
  readonly handedOver: Instant;
  /** When the 250 was read: the latest. */
  readonly acknowledged: Instant;
  /** The 250's text, often with the provider's queue id. */
  readonly reply: string;
}

/** How handing a message over ended, with what the connection showed on the way. */
export type Handover = (Accepted | Refusal | Unreachable | Uncertain) & {
  readonly stages: readonly StageTiming[];
  /** `address:port` that was connected to, null if none was. */
  readonly peer: string | null;
  /** The certificate's last valid moment, milliseconds since the epoch, null without TLS. */
  readonly certificateExpiresMs: number | null;
};

/** When the peer said what at our sink: the raw readings behind the bounds of a transfer. Seconds since the accept, null for what it did not say. */
export interface SinkSteps {
  readonly accepted: Instant;
  readonly ehlo: number | null;
  readonly mail: number | null;
  /** The first one of the transaction. */
  readonly rcpt: number | null;
  readonly data: number | null;
}

/** What a folder is to a delivery. `ignored` ones (\Sent, \Drafts, \All, \Flagged, \Important) are no delivery. */
export type FolderRole = 'inbox' | 'junk' | 'trash' | 'other' | 'ignored';

/** One line of a message's `Received` trace (RFC 5321 §4.4): what others say, diagnosis and never the measurement. */
export interface Hop {
  readonly by: string | null;
  readonly from: string | null;
  /** RFC 3339, as stamped by that host's clock. */
  readonly at: string | null;
  /** Seconds since the hop before, by the hosts' own clocks; null for the first. */
  readonly seconds: number | null;
}

/** What a delivery status notification says of one recipient (RFC 3464). */
export interface DeliveryStatus {
  /** `unclear`: a mailer's own words, of which nobody can tell whether it goes on trying. */
  readonly action: 'failed' | 'unclear' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  /** Enhanced status code, e.g. `5.1.1`. */
  readonly status: string | null;
  readonly recipient: string | null;
  readonly diagnostic: string | null;
}

/** What a report may say, the most consequential first: of several recipients the one that failed is the news. */
export const GRAVITY: readonly DeliveryStatus['action'][] = [
  'failed',
  'unclear',
  'delayed',
  'delivered',
  'relayed',
  'expanded',
];

/** Whether temporary: another attempt with the same message is right (RFC 5321 §4.2.1). */
export function isTemporary(refusal: Refusal): boolean {
  return refusal.code >= 400 && refusal.code < 500;
}

/**
 * Whether it may be nobody but us who is to blame for the refusal of a probe on this path: we sent too much, our password is old, our mailbox
 * is full, or what the other side looks up of us as a sender is wrong.
 */
export function isOurDoing(refusal: Refusal, path: Path): boolean {
  if (isThrottling(refusal) || isLoginRefused(refusal)) return true;
  if (path === 'receive' && isSenderRefused(refusal)) return true;
  return endsInMailbox(path) && isMailboxFull(refusal);
}

/** The same of a notice that a message was not delivered. */
export function isOurDoingNoticed(notice: DeliveryStatus, path: Path): boolean {
  if (endsInMailbox(path) && isMailboxFullNotice(notice)) return true;
  const { action, status, diagnostic } = notice;
  const said = { enhanced: quotedStatus(notice) ?? status, text: diagnostic ?? '' };
  return path === 'receive' && action === 'failed' && isSenderRefused(said);
}

/**
 * Whether our login is refused for good, which a provider's fault looks like no more than our own expired password: 535 and 5.7.8
 * (RFC 4954 §6), and the 526, 534 or 550 that servers say in their place. A service that is out of order for now says 454.
 */
export function isLoginRefused({ stage, code, enhanced }: Pick<Refusal, 'stage' | 'code' | 'enhanced'>): boolean {
  return stage === 'auth' && (code >= 500 || enhanced === '5.7.8');
}

/**
 * The sender's domain is not found (X.1.8, RFC 3463), has a null MX (X.7.27, RFC 7505), or fails DKIM, SPF or the reverse look-up
 * (X.7.20 to X.7.26, RFC 7372), or its address is on a public list. Codes that say no more than policy leave it to the words.
 */
function isSenderRefused({ enhanced, text }: Pick<Refusal, 'enhanced' | 'text'>): boolean {
  if (enhanced !== null && /^[45]\.(?:1\.8|7\.2[0-7])$/.test(enhanced)) return true;
  const open = enhanced === null || /^[45]\.(?:0\.0|7\.[01])$/.test(enhanced);
  return open && OF_SENDER.test(text);
}

/** Our records, and lists of addresses like ours; the last two as Coremail's servers, 163.com among them, name them. */
const OF_SENDER =
  /\b(?:SPF|DKIM|DMARC|PTR|reverse (?:DNS|lookup|hostname)|(?:blocked|listed) (?:using|in|by|at) \S+\.\w+|RBL|DNSBL|(?:block|black|deny)[ -]?list(?:ed)?|DT:RBL|WM:BL[IU])\b/i;

/** Whether the far end of a path is our own mailbox, which it is our part to keep from filling up. */
export function endsInMailbox(path: Path): boolean {
  return path !== 'send';
}

/**
 * X.2.2 says that the recipient's mailbox is full (RFC 3463 §3.3). Where there is no enhanced code the words tell; one that
 * says something else is believed, not the words: a provider's own disk that is full is X.3.1.
 */
export function isMailboxFull({ code, enhanced, text }: Pick<Refusal, 'code' | 'enhanced' | 'text'>): boolean {
  if (code < 400) return false;
  return enhanced === null ? FULL.test(text) : /^[45]\.2\.2$/.test(enhanced);
}

/** The same of a notice that a message was not delivered. Its status may tell only that time ran out: then the reply it quotes does. */
export function isMailboxFullNotice(notice: DeliveryStatus): boolean {
  const { action, status, diagnostic } = notice;
  if (action !== 'failed') return false;
  if (status !== null && /^[45]\.2\.2$/.test(status)) return true;
  const quoted = quotedStatus(notice);
  if (quoted !== null) return /^[45]\.2\.2$/.test(quoted);
  // X.0.0 and X.4.7 (delivery time expired) leave open why.
  const open = status === null || /^[45]\.(?:0\.0|4\.7)$/.test(status);
  return open && diagnostic !== null && FULL.test(diagnostic);
}

/** The enhanced status code of the reply that it quotes. */
function quotedStatus({ diagnostic }: DeliveryStatus): string | null {
  return /(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(diagnostic ?? '')?.[0] ?? null;
}

const FULL =
  /\bmail ?box (?:is )?full\b|\bover ?-?quota\b|\bquota (?:is )?(?:exceeded|full)\b|\bexceed(?:s|ed)? (?:\w+ ){0,4}quota\b/i;

/** Words on how much comes from us, and how Coremail's servers, 163.com among them, and Alibaba's say the same. */
const TOO_MUCH =
  /\b(?:HL:(?:REP|ICC|IF[CQ]|MEP)|(?:MI|RP):(?:CEL|DMC|DRC|CCL|SFQ|STC))\b|\bbehaviou?r spam\b|\btoo (?:many|much) (?:[\w-]+ ){0,3}?(?:messages?|e?-?mails?|connections?|sessions?|recipients?|requests?|commands?|log-?ins?|attempts?)\b|\btoo fast\b|\b(?:rate|frequency) (?:limit|exceed)|\b(?:sending|submission|hourly|daily) (?:[\w-]+ ){0,3}?(?:limit|quota)\b/i;

/**
 * Throttling is an answer to how much we send, hence our doing and not a fault of the provider (421 too many, 4.7.x, limits for a day,
 * which are said in a 5xx). A failing login or TLS service answers 4.7.0 too (454, RFC 4954 §6 and RFC 3207 §4): that is no throttling.
 * Nor is X.3.x, a mail system's own trouble (RFC 3463 §3.4), in which too many files may be open, or a loop, with too many hops.
 */
export function isThrottling(refusal: Refusal): boolean {
  const { code, enhanced, stage, text } = refusal;
  if (TOO_MUCH.test(text)) return true;
  if (!isTemporary(refusal) || enhanced?.startsWith('4.3.') === true) return false;
  if (/\btoo (?:many|much)\b(?! (?:open|hops|received))/i.test(text)) return true;
  const ofService = code === 454 || stage === 'tls' || stage === 'auth';
  return !ofService && enhanced?.startsWith('4.7.') === true;
}
