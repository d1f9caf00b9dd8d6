/** One random probe: what really happened to it, and what the agent may have seen of that. */
import type { DelayClause } from '../../src/domain/contract-terms.ts';
import { PATHS } from '../../src/domain/probe.ts';
import type { Dice } from './dice.ts';
import type { SeenHandover, SeenProbe, Truth } from './scene.ts';

export interface Surroundings {
  readonly provider: string;
  readonly clause: DelayClause;
  readonly absentUntil: number | null;
}

/** A message still missing after this is lost. */
const LOST_AFTER = 120 * 3600;
/** Seconds are counted one by one, so what is still pending may not be older than this. */
const PENDING_AGE_MAX = 4 * 3600;

type Seen = Omit<SeenProbe, 'id' | 'provider' | 'path' | 'kind' | 'planned' | 'duplicates' | 'handover'>;

const UNSEEN = {
  attempt: null,
  capture: null,
  unseenSince: null,
  notice: null,
  expired: false,
  absentUntil: null,
} as const;

export function randomProbe(dice: Dice, around: Surroundings, planned: number, id: string): SeenProbe {
  const handedOver = planned + dice.between(0, 2);
  const acknowledged = handedOver + dice.between(0, 4);
  const accepted = dice.between(handedOver, acknowledged);
  return {
    id,
    provider: dice.chance(94) ? around.provider : 'other',
    path: dice.chance(94) ? around.clause.path : dice.pick(PATHS),
    kind: dice.chance(90) ? 'scheduled' : 'spot',
    planned,
    duplicates: dice.chance(8) ? dice.between(1, 3) : 0,
    ...randomCourse(dice, around, planned, { kind: 'accepted', handedOver, acknowledged }, accepted),
  };
}

function randomCourse(
  dice: Dice,
  around: Surroundings,
  planned: number,
  promptly: Extract<SeenHandover, { kind: 'accepted' }>,
  accepted: number,
): Seen & { readonly handover: SeenHandover } {
  const never: Truth = { accepted: null, emerged: null };
  const course = dice.between(1, 100);
  if (course <= 3) return { ...UNSEEN, handover: { kind: 'refused', throttling: dice.chance(50) }, truth: never };
  if (course <= 6) return { ...UNSEEN, handover: { kind: 'unreachable', aborted: dice.chance(50) }, truth: never };
  if (course <= 11)
    return { ...randomFate(dice, around, accepted), handover: { kind: 'uncertain', handedOver: promptly.handedOver } };
  if (course <= 15) return { ...randomFate(dice, around, accepted), handover: { kind: 'interrupted' } };
  if (course <= 17) {
    const fate = dice.chance(40) ? delivered(dice, around, accepted) : pending(dice, around, accepted);
    return { ...fate, expired: dice.chance(20), handover: { kind: 'under-way' }, truth: fate.truth };
  }
  return { ...randomFate(dice, around, accepted), handover: promptly };
}

function randomFate(dice: Dice, around: Surroundings, accepted: number): Seen {
  const fate = dice.between(1, 100);
  if (fate <= 8) return lost(dice, around, accepted);
  if (fate <= 12) return bounced(dice, around, accepted);
  const age = (around.absentUntil ?? accepted) - accepted;
  if (fate <= 27 && age < PENDING_AGE_MAX) return pending(dice, around, accepted);
  const notice = dice.chance(5) ? { action: 'delayed' as const, at: accepted + dice.between(0, 600) } : null;
  return { ...delivered(dice, around, accepted), notice };
}

/** Delays around the limits by preference. */
function randomDelay(dice: Dice, { averageMaxSeconds, maximumSeconds }: DelayClause): number {
  return dice.pick([
    0,
    dice.between(0, 3),
    dice.between(0, 2 * averageMaxSeconds),
    averageMaxSeconds,
    maximumSeconds + dice.between(-1, 1),
    dice.between(0, 2 * maximumSeconds),
    dice.between(maximumSeconds, 3 * maximumSeconds),
  ]);
}

function delivered(dice: Dice, { clause }: Surroundings, accepted: number): Seen {
  const at = accepted + randomDelay(dice, clause);
  const seen = randomSight(dice, at);
  const tried = dice.chance(8);
  const capture = tried ? randomSight(dice, at + dice.between(60, 1800)) : seen;
  // A transfer that began unseen may have been the first one: what was seen came later.
  const unseenSince = dice.chance(8) ? dice.between(accepted - 5, at) : null;
  const emerged = unseenSince === null ? at : dice.between(Math.max(accepted, unseenSince), at);
  return {
    ...UNSEEN,
    attempt: tried ? seen : null,
    capture: dice.chance(5) ? { ...capture, earliest: null } : capture,
    unseenSince,
    truth: { accepted, emerged },
  };
}

function pending(dice: Dice, { clause, absentUntil }: Surroundings, accepted: number): Seen {
  if (dice.chance(12)) {
    const at = accepted + randomDelay(dice, clause);
    return { ...UNSEEN, attempt: randomSight(dice, at), truth: { accepted, emerged: at } };
  }
  const unseenSince = dice.chance(10) ? accepted + dice.between(-5, clause.maximumSeconds) : null;
  const proven = absentUntil === null ? accepted : Math.min(unseenSince ?? absentUntil, absentUntil);
  const emerged = Math.max(accepted, proven) + dice.between(0, 2 * clause.maximumSeconds);
  return { ...UNSEEN, unseenSince, truth: { accepted, emerged: dice.chance(60) ? emerged : null } };
}

function lost(dice: Dice, { clause }: Surroundings, accepted: number): Seen {
  const expired = { ...UNSEEN, expired: true };
  const proven = dice.pick([0, -3, 5, LOST_AFTER / 100, randomDelay(dice, clause), randomDelay(dice, clause)]);
  const absentUntil = dice.chance(10) ? null : accepted + (dice.chance(3) ? LOST_AFTER : proven);
  if (dice.chance(8)) {
    const capture = randomSight(dice, accepted + LOST_AFTER + dice.between(1, 600));
    return { ...expired, absentUntil, capture, truth: { accepted, emerged: null } };
  }
  if (dice.chance(8)) {
    const at = accepted + randomDelay(dice, clause);
    return { ...expired, absentUntil, attempt: randomSight(dice, at), truth: { accepted, emerged: at } };
  }
  const unseenSince = dice.chance(10) ? accepted + dice.between(-5, clause.maximumSeconds) : null;
  return { ...expired, absentUntil, unseenSince, truth: { accepted, emerged: null } };
}

function bounced(dice: Dice, { clause }: Surroundings, accepted: number): Seen {
  const givenUp = accepted + randomDelay(dice, clause);
  const notice = { action: 'failed' as const, at: givenUp + dice.pick([0, 1, dice.between(0, 600)]) };
  const truth = { accepted, emerged: givenUp };
  const expired = dice.chance(30);
  const absentUntil = dice.chance(30) ? null : dice.between(accepted - 5, givenUp);
  if (dice.chance(10)) {
    const sight = { earliest: givenUp - dice.between(0, 3), latest: givenUp };
    return { ...UNSEEN, expired, notice, absentUntil, attempt: sight, truth };
  }
  const capture = dice.chance(20) ? randomSight(dice, notice.at + dice.between(200, 900)) : null;
  return { ...UNSEEN, expired, notice, absentUntil, capture, truth };
}

/** An instant seen as an interval of whole seconds that holds it. */
function randomSight(dice: Dice, at: number): { readonly earliest: number; readonly latest: number } {
  const width = dice.pick([0, 0, 1, 3, 20, 100]);
  return { earliest: at - dice.between(0, width), latest: at + dice.between(0, width) };
}
