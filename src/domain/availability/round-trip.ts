/** A probe as the ground truth of a round trip. */
import { bouncesHeardUntil } from '../bounce-gap.ts';
import { LOST_AFTER } from '../contract.ts';
import { ENTRY } from '../endpoint.ts';
import { isLoginRefused, isMailboxFull, isMailboxFullNotice, type Path, STAGES, type Stage } from '../probe.ts';
import { deferredText, errorOf } from '../probe-view.ts';
import { isTurnedAway, outcomeOf, type ProbeRecord, putOff, sentAt } from '../record.ts';
import { spanBetween } from '../time/instant.ts';
import type { AvailabilityQuery, RoundTrip, Served } from './facts.ts';

/** Of a scheduled probe, or of a spot check that did not fail. */
export function roundTripOf(record: ProbeRecord): RoundTrip {
  const { id: probe, path, planned } = record;
  const outcome = outcomeOf(record);
  const delivered = deliveredOf(record);
  return {
    probe,
    path,
    planned,
    delivered,
    byProvider: (outcome === 'failed' || outcome === 'lost') && isByProvider(record),
    isCovered: record.handover?.kind === 'refused' && isCovered(record.handover.stage, path),
    reason: delivered === false ? reasonOf(record) : null,
  };
}

/** A check of an MX ends with its reply to a recipient, one of a submission server with that to the login. */
function isCovered(stage: Stage, path: Path): boolean {
  return STAGES.indexOf(stage) <= STAGES.indexOf(ENTRY[path] === 'mx' ? 'rcpt' : 'auth');
}

/** Whether somebody answered, though what was said was our own doing: what failed before and after it did not fail throughout. */
export function isAnswered(record: ProbeRecord): boolean {
  const { handover, notice } = record;
  return outcomeOf(record) === 'unmeasured' && (handover?.kind === 'refused' || notice?.action === 'failed');
}

/**
 * By whom its message was taken, and when, if it arrived; if it may yet arrive too, or a breach would be taken back by mail that does. That it is seen in a
 * mailbox says nothing of checks there: a session that was let in long ago goes on while nobody is let in.
 */
export function servedBy(record: ProbeRecord): readonly Served[] {
  const { path, handover } = record;
  const outcome = outcomeOf(record);
  if (handover?.kind !== 'accepted' || (outcome !== 'delivered' && outcome !== 'pending')) return [];
  return [{ endpoint: ENTRY[path], ms: handover.acknowledged.wallMs }];
}

/** As it was known when what is said of the range became final; what was planned in the range itself had ended by then. */
export function recordAsOf(record: ProbeRecord, { toMs, finalMs }: AvailabilityQuery): ProbeRecord {
  return record.planned.wallMs < toMs || endedMs(record) < finalMs ? record : awaitedAt(record, finalMs);
}

/** Wall time from which on it was known what became of it: once its handover was over, whatever was known of it before. */
function endedMs(record: ProbeRecord): number {
  const { handover, turnedAwayAt, capture, notice, noticedAt, expired } = record;
  if (expired || outcomeOf(record) === 'pending') return Number.POSITIVE_INFINITY;
  if (turnedAwayAt !== undefined) return turnedAwayAt.wallMs;
  const news = notice?.action === 'failed' ? noticedAt : capture?.latest;
  const over = handover?.kind === 'uncertain' ? handover.handedOver : sentAt(record);
  return Math.max(over.wallMs, (news ?? over).wallMs);
}

/** The record as it was while it was still awaited. */
function awaitedAt(record: ProbeRecord, ms: number): ProbeRecord {
  const { handover, deferrals } = record;
  return {
    ...record,
    deferrals: deferrals.filter(({ at }) => at.wallMs < ms),
    handover: handover !== null && isTurnedAway(handover) ? null : handover,
    capture: null,
    notice: null,
    expired: false,
  };
}

/** That our own mailbox has no room is our doing for certain: we can see it. */
function isOurMailboxFull({ handover, notice }: ProbeRecord): boolean {
  return handover?.kind === 'refused' ? isMailboxFull(handover) : notice !== null && isMailboxFullNotice(notice);
}

/**
 * Nobody could send, or be sent to, while a message was answered with a temporary refusal after DATA, though it was taken later, nor
 * while one was turned away because of how much we send or who we are (a look-up or a list of the provider's own that is broken is told
 * in the same words): whose doing that was is not known, so it neither proves a fault nor shows mail to be coming through. A refusal before DATA may be greylisting, which everybody's first mail meets.
 */
function deliveredOf(record: ProbeRecord): boolean | null {
  const { kind } = record;
  if (kind === 'spot') return null;
  switch (outcomeOf(record)) {
    case 'delivered':
      return putOff(record.deferrals) === null;
    case 'pending':
      return putOff(record.deferrals) === null ? null : false;
    case 'failed':
    case 'lost':
      return false;
    case 'unmeasured':
      return isAnswered(record) && !isOurMailboxFull(record) ? false : null;
  }
}

/** What a server says as long as it puts a message off changes: the first time counts. */
function reasonOf(record: ProbeRecord): string | null {
  const error = outcomeOf(record) === 'pending' ? null : errorOf(record);
  const first = putOff(record.deferrals);
  return error ?? (first === null ? null : deferredText(first.refusal));
}

/**
 * A refusal or a bounce is an answer, but one of our password may be our own fault; what was accepted and never came out was in the
 * provider's hands, if that it never came out is proven. Where the connection was lost before the reply it may have been our own line.
 */
function isByProvider(record: ProbeRecord): boolean {
  const { handover, notice } = record;
  switch (handover?.kind) {
    case 'refused':
      return !isLoginRefused(handover);
    case 'accepted':
      return notice?.action === 'failed' || isLossProven(record);
    case 'unreachable':
      return false;
    case 'uncertain':
    case undefined:
      return notice?.action === 'failed';
  }
}

/**
 * Whether it was not there when it was given up, nor can have come and gone before: what a mailbox announced and never handed out may
 * have been it, deleted by somebody else, and a mailbox that nobody could look into any more shows nothing. One whose bounce may have
 * gone unheard may have found our mailbox full; that of an internal one goes to the same mailbox, and is never heard from a full one.
 */
function isLossProven({ path, planned, unseenSince, absentUntil, bounceGap }: ProbeRecord): boolean {
  if (path === 'internal' || unseenSince !== null || absentUntil === null) return false;
  return spanBetween(planned, bouncesHeardUntil(bounceGap, planned, absentUntil)).lo > LOST_AFTER;
}
