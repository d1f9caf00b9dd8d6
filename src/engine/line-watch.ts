/** Watches our own line while a message is on its way to the sink: what a provider tried while the line was down is no delay of its. */
import { type ProbeRecord, sentAt } from '../domain/record.ts';
import { earlierOf, type Instant, isBefore, laterOf, spanBetween } from '../domain/time/instant.ts';
import { isNewlyUnseen } from '../domain/timeline.ts';
import type { Clock, Control } from '../ports.ts';
import type { Health, PartWords } from './health.ts';
import type { Recorder } from './recorder.ts';

/**
 * Seconds from one look at the neutral hosts to the next, by how long a message has been on its way: a line that is down for less than a look
 * apart goes unnoticed, and costs what a provider's retry takes. After two hours the breach is proven, and the hosts are spared.
 */
const LOOK_EVERY = [
  { untilAge: 600, every: 5 },
  { untilAge: 7200, every: 15 },
] as const;
const LOOK_EVERY_MAX = 60;
/** Milliseconds between two rounds of asking whether a look is due. */
const ROUND_EVERY = 5000;
/** Seconds that a round may come early. */
const ROUND_SLACK = 0.5;
/** Seconds between two notes of one failure. */
const NOTE_EVERY = 3600;
/** Seconds for which a note that the ledger may not have yet is taken for told. */
const TOLD_FOR = 10;
/** Seconds that a look takes at most, and a busy host is late by. */
const LOOK_SLACK = 8;

export interface LineWatch {
  /** Up to when it is known that whatever was tried at the sink got through to it; `now` where nothing is on its way, or no host can be asked. */
  knownUntil(now: Instant): Instant;
  /** Something comes in. Records that nobody knows whether it, or what it carries, was tried before, where the last good look is too old. */
  heard(at: Instant): Promise<void>;
  /** Looks on until `signal` is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LineWatchParts {
  readonly recorder: Recorder;
  readonly health: Health;
  readonly clock: Clock;
}

const WORDS: PartWords = {
  fails: 'our own line is down, or no neutral host can be reached: nothing of that time counts against a provider',
  works: 'our own line works again',
  level: 'warn',
};

/** Without a control nothing is known of the line, and it is taken to work. `before` is up to when the last run knew. */
export function createLineWatch(
  control: Control | null,
  before: Instant | null,
  { recorder, clock, health }: LineWatchParts,
): LineWatch {
  const part = control === null ? null : health.part('line', null, WORDS);
  /** When the last look that was good was begun. */
  let lastGood = before;
  let lastNoted: { readonly at: Instant; readonly since: Instant } | null = null;
  const awaited = (): ProbeRecord[] =>
    control === null ? [] : [...recorder.state.open.values()].filter(({ path }) => path === 'send');
  const knownUntil = (now: Instant): Instant => {
    const oldest = awaited()
      .map(sentAt)
      .reduce<Instant | null>((first, sent) => earlierOf(first, sent, recorder.state.boots), null);
    return oldest === null ? now : laterOf(lastGood, oldest, recorder.state.boots);
  };
  const isTooOld = (record: ProbeRecord, known: Instant, now: Instant, slack: number): boolean =>
    spanBetween(known, now).lo > lookEvery(spanBetween(sentAt(record), now).lo) + slack;
  const noteUnproven = async (at: Instant): Promise<void> => {
    const since = awaited().length > 0 ? knownUntil(at) : (lastGood ?? at);
    // Once a failure, not once a look: what is widened already stays so. But it lasts until it is told no more.
    const { boots } = recorder.state;
    const last = lastNoted;
    const age = last === null ? null : spanBetween(last.at, at).hi;
    // While the ledger refuses, what is noted is not folded: each connection would be news.
    const covers = last !== null && age !== null && age < TOLD_FOR && !isBefore(since, last.since, boots);
    const isTold = ({ planned }: ProbeRecord): boolean => covers && isBefore(planned, last.at, boots);
    const news = awaited().some((record) => isNewlyUnseen(record, since, boots) && !isTold(record));
    if (!news && (age === null || age < NOTE_EVERY)) return;
    lastNoted = { at, since };
    await recorder.note({ type: 'sink.unproven', at, since });
  };
  const look = async (from: Control, signal: AbortSignal): Promise<void> => {
    const began = clock.now();
    const isGood = await from.healthy(false, signal);
    if (signal.aborted) return;
    if (isGood) {
      lastGood = began;
      part?.works();
    } else {
      part?.failed('no neutral host can be reached');
      await noteUnproven(clock.now());
    }
  };
  return {
    knownUntil,
    async heard(at) {
      const isDoubtful = awaited().some((record) =>
        isTooOld(record, laterOf(lastGood, sentAt(record), recorder.state.boots), at, LOOK_SLACK),
      );
      if (isDoubtful) await noteUnproven(at);
    },
    async run(signal) {
      let lastLook: Instant | null = null;
      while (control !== null) {
        await clock.sleep(ROUND_EVERY, signal);
        if (signal.aborted) return;
        const now = clock.now();
        const isDue = (record: ProbeRecord): boolean =>
          lastLook === null || isTooOld(record, lastLook, now, -ROUND_SLACK);
        // One that failed goes on until it is good, or health would tell of it for ever.
        if (part?.failing !== true && !awaited().some(isDue)) continue;
        lastLook = now;
        await look(control, signal);
      }
    },
  };
}

function lookEvery(age: number): number {
  return LOOK_EVERY.find(({ untilAge }) => age < untilAge)?.every ?? LOOK_EVERY_MAX;
}
