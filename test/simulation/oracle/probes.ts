/** What is said of single probes, held against what became of their messages. */
import { DELAY_MAXIMUM_LIMIT, LOST_AFTER } from '../../../src/domain/contract.ts';
import { assess, exceedsMaximum } from '../../../src/domain/delay/delay.ts';
import { type Outcome, type ProbeRecord, sentAt } from '../../../src/domain/record.ts';
import { isClockSettled } from '../../../src/domain/time/instant.ts';
import { isOverBoot } from '../../engine/judgement.ts';
import type { WorldView } from '../simulation.ts';
import type { MessageTruth } from '../truth.ts';
import type { Findings } from './findings.ts';
import { trueDelayOf } from './true-delay.ts';

/** NTP may slew the agent's clocks by this: an interval must hold the truth at either end of it. */
const CLOCK_RATE = 500e-6;
const ROUNDING = 1e-6;
/** Seconds. Two boots are told apart by the wall clock alone, which is right within two seconds and may be slewed. */
const EXPIRY_EARLY_MAX = 300;

/** At any moment: nothing that a record says is not so. */
export function holdRecord(view: WorldView, record: ProbeRecord, findings: Findings): void {
  const truth = view.books.messages.get(record.id);
  const nowMs = view.nowMs();
  const { outcome, delay } = assess(record, view.ledger.state().absence);
  const { loMost, hiLeast } = trueDelayOf(truth, nowMs);
  const lo = delay?.lo ?? 0;
  const hi = delay?.hi ?? Number.POSITIVE_INFINITY;
  const breach = exceedsMaximum(record, view.ledger.state().absence);
  const wrongs: readonly (readonly [boolean, string])[] = [
    [record.capture !== null && (truth?.reachedMs ?? null) === null, 'captured, and never reached us'],
    [outcome === 'delivered' && !Number.isFinite(hi) && !isOverBoot(record), 'delivered without a delay'],
    [outcome === 'lost' && expiredEarly(truth, nowMs), 'lost before five days have passed'],
    [outcome === 'failed' && !mayFail(record, truth), 'failed, and the provider did not fail it'],
    [lo > loMost * (1 - CLOCK_RATE) + ROUNDING, `at least ${lo} s, was ready after ${loMost} s`],
    [hi < hiLeast * (1 + CLOCK_RATE) - ROUNDING, `at most ${hi} s, was accessible after ${hiLeast} s`],
    [breach && !(loMost > DELAY_MAXIMUM_LIMIT), `over the maximum, was ready after ${loMost} s`],
  ];
  for (const [wrong, what] of wrongs) if (wrong) findings.say(`${nameOf(record)}: ${what}`);
}

/**
 * When everything has come to its end: it became what it had to become. Of what was sent before its boot's clock was set nobody knows
 * how old it is once the host has booted again, as it has in the last days of a world: it may be waited for.
 */
export function holdOutcome(view: WorldView, record: ProbeRecord, findings: Findings): void {
  holdRecord(view, record, findings);
  const truth = view.books.messages.get(record.id);
  const { outcome } = assess(record, view.ledger.state().absence);
  const ended = finalOutcomes(record, truth);
  const expected = isClockSettled(sentAt(record)) ? ended : [...ended, 'pending'];
  findings.hold(
    expected.includes(outcome),
    () => `${nameOf(record)}: ends ${outcome}, must end ${expected.join(' or ')}; by the books ${inBooks(truth)}`,
  );
}

/** Whose probe, on which path. */
export function nameOf({ id, provider, path, kind }: ProbeRecord): string {
  return `probe ${id} (${provider} ${path}, ${kind})`;
}

function expiredEarly(truth: MessageTruth | undefined, nowMs: number): boolean {
  return truth === undefined || nowMs - truth.begunMs < (LOST_AFTER - EXPIRY_EARLY_MAX) * 1000;
}

/**
 * A failure that is told by an answer, a refusal or a bounce, was the provider's and no doing of ours. That a connection could not be
 * made or was lost may have been our own line: such a failure proves nothing, and so may be told, whatever became of the message.
 */
function mayFail({ handover, notice }: ProbeRecord, truth: MessageTruth | undefined): boolean {
  const answered = handover?.kind === 'refused' || notice?.action === 'failed';
  return !answered || (truth?.ours !== true && (truth?.failure ?? null) !== null);
}

function finalOutcomes(record: ProbeRecord, truth: MessageTruth | undefined): readonly Outcome[] {
  // Never begun: the agent was gone before it tried, or gave up.
  if (truth === undefined) return ['unmeasured', 'failed'];
  const { reachedMs, begunMs, failure, ours, receivedMs } = truth;
  // Refused, never answered or bounced by our own doing is nobody's.
  // A bounce that nobody read leaves a message that never came.
  if (ours && record.handover?.kind !== 'refused' && record.notice?.action !== 'failed')
    return ['unmeasured', 'lost', 'failed'];
  if (ours) return reachedMs === null ? ['unmeasured'] : ['unmeasured', 'delivered'];
  const { handover } = record;
  // It was the provider's fault, but nobody could tell it from an old password of ours.
  if (handover?.kind === 'refused' && handover.stage === 'auth' && handover.code >= 500) return ['unmeasured'];
  const answered = handover?.kind === 'refused' || record.notice?.action === 'failed';
  if (answered) return ['failed'];
  if (reachedMs !== null) {
    const inTime = reachedMs - begunMs < (LOST_AFTER - EXPIRY_EARLY_MAX) * 1000;
    if (inTime && failure === null) return ['delivered'];
    return ['delivered', 'failed', 'lost', 'unmeasured'];
  }
  // Whoever was interrupted in a handover does not know how it ended.
  if (record.handover === null) return ['unmeasured', 'failed'];
  if (receivedMs === null) return ['unmeasured', 'failed'];
  return record.handover.kind === 'accepted' ? ['lost', 'failed'] : ['failed'];
}

function inBooks(truth: MessageTruth | undefined): string {
  if (truth === undefined) return 'never begun';
  const { begunMs, receivedMs, readyMs, reachedMs, failure, ours } = truth;
  const times = `begun ${begunMs} ms, received ${receivedMs}, ready ${readyMs}, reached us ${reachedMs}`;
  return `${times}, ${failure ?? 'not failed'}${ours ? ' by our doing' : ''}`;
}
