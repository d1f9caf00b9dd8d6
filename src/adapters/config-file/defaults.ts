/** What holds where the configuration says nothing, in one place for the schema, the rules and the settings. */
import { scheduledPerDayMost } from '../../domain/sending-limit.ts';
import type { Security } from '../../domain/settings.ts';
import type { Gaps } from '../../domain/time/schedule.ts';

export const DEFAULTS = {
  dataFolder: './data',
  httpListen: '127.0.0.1:9825',
  /** One for each path of a few providers at once, and about what a schedule would send. */
  spotChecksPerMinute: 20,
  sinkListen: '0.0.0.0:2525',
  /** Few enough not to look like strangers to a quota, enough that pending probes rarely share one. */
  recipients: 4,
  reachability: 'inbound',
  contract: 'enterprise-mail-sla',
  submissionSecurity: 'starttls',
  mxSecurity: 'starttls',
  mailboxSecurity: 'tls',
  mxPort: 25,
  /** Soon enough to pass a greylist within minutes, then the half hour of RFC 5321 §4.5.4.1. */
  retryAfter: ['5m', '10m', '15m', '30m'],
  cleanup: 'delete',
  /** Serves a promise of 44 minutes a month; one of 4 takes 30s. */
  checkEvery: '1m',
  logLevel: 'info',
} as const;

/** RFC 8314 §7.3 and RFC 6409 §3.1. */
export function submissionPort(security: Security): number {
  return security === 'tls' ? 465 : 587;
}

/** RFC 8314 §7.1 and RFC 9051 §2.1. */
export function mailboxPort(security: Security): number {
  return security === 'tls' ? 993 : 143;
}

/** Seconds. Nearer probes meet a provider's rate limits together; half of `every` still leaves the gaps to chance. */
export function minGap(every: number): number {
  return Math.min(10, Math.floor(every / 2));
}

/** Seconds. Cuts off one gap in a hundred and fifty: the mean stays, and no hole in the series grows long. */
export function maxGap(every: number): number {
  return 5 * every;
}

/** Messages. As much again as the schedule can need, and what a scraper that asks for each route every quarter of an hour does, and some by hand. */
export function messagesPerDay(routes: readonly Gaps[]): number {
  return 2 * scheduledPerDayMost(routes) + 100 * routes.length + 200;
}
