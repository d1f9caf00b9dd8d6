/** What the agent saw of each probe, as bounds on its delay: the outcome table of the specification, read once more. */
import type { Interval } from '../../src/domain/interval.ts';
import type { Outcome } from '../../src/domain/record.ts';
import type { Scene, SeenProbe } from './scene.ts';
import { type Row, type Stretch, withSeconds } from './seconds.ts';

/**
 * A scheduled probe that was, or may have been, accepted. One that bounced has no delay to be averaged, but if it was late
 * before it bounced then it was late: a breach once proven stays.
 */
export interface Sighting {
  readonly id: string;
  readonly fate: 'delivered' | 'pending' | 'lost' | 'bounced';
  /** Had the clocks been perfect. */
  readonly perfect: Bounds;
  /** The least and the most that clocks of the known error may leave of it. They differ only where exclusions take part. */
  readonly least: Bounds;
  readonly most: Bounds;
}

/** Seconds, before and after exclusions. */
export interface Bounds {
  readonly raw: Interval;
  readonly stripped: Interval;
}

export interface Sightings {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** In the order of their acceptance. */
  readonly sightings: readonly Sighting[];
  readonly excludedSeconds: number;
  /** True delays, by id, of every message that was accepted; Infinity if it never came out. */
  readonly truths: ReadonlyMap<string, { readonly raw: number; readonly stripped: number }>;
}

/** The 250 decides the month; failing that the hand-over, failing that the plan. */
function momentOf({ handover, planned }: SeenProbe): number {
  if (handover.kind === 'accepted') return handover.acknowledged;
  return handover.kind === 'uncertain' ? handover.handedOver : planned;
}

function belongs({ month, provider, clause }: Scene, probe: SeenProbe): boolean {
  const moment = momentOf(probe);
  return probe.provider === provider && probe.path === clause.path && moment >= month.from && moment < month.to;
}

/** The contract's exclusions a to g; an adjustment has a budget of its own and excuses no delay. */
function excuses({ provider, clause }: Scene, exclusion: Scene['exclusions'][number]): boolean {
  const { kind, path } = exclusion;
  return kind !== 'adjustment' && exclusion.provider === provider && (path === null || path === clause.path);
}

export function sightingsOf(scene: Scene): Sightings {
  const { month } = scene;
  const probes = scene.probes
    .filter((probe) => probe.kind === 'scheduled' && belongs(scene, probe))
    .toSorted((a, b) => momentOf(a) - momentOf(b));
  const excluded = scene.exclusions.filter((exclusion) => excuses(scene, exclusion));
  const outcomes = { pending: 0, delivered: 0, failed: 0, lost: 0, unmeasured: scene.unmeasuredSlots };
  return withSeconds(month.from, excluded, (row) => {
    const sightings: Sighting[] = [];
    const truths = new Map<string, { readonly raw: number; readonly stripped: number }>();
    for (const probe of probes) {
      const outcome = becameOf(probe);
      outcomes[outcome] += 1;
      const bounced = outcome === 'failed' && probe.notice?.action === 'failed';
      const fate = bounced ? 'bounced' : outcome;
      if (fate === 'failed' || fate === 'unmeasured') continue;
      sightings.push(sightingOf(scene, probe, fate, row));
      const { accepted, emerged } = probe.truth;
      if (accepted === null) continue;
      const never = { raw: Number.POSITIVE_INFINITY, stripped: Number.POSITIVE_INFINITY };
      truths.set(
        probe.id,
        emerged === null ? never : { raw: emerged - accepted, stripped: row.outside(accepted, emerged) },
      );
    }
    return { outcomes, sightings, excludedSeconds: row.insideMonth(month.from, month.to), truths };
  });
}

function becameOf({ handover, capture, notice, expired }: SeenProbe): Outcome {
  if (handover.kind === 'refused') return handover.throttling ? 'unmeasured' : 'failed';
  if (handover.kind === 'unreachable') return handover.aborted ? 'unmeasured' : 'failed';
  if (handover.kind === 'under-way') return expired ? 'unmeasured' : 'pending';
  if (notice?.action === 'failed') return 'failed';
  if (!expired) return capture === null ? 'pending' : 'delivered';
  if (handover.kind === 'accepted') return 'lost';
  return handover.kind === 'uncertain' ? 'failed' : 'unmeasured';
}

function sightingOf(scene: Scene, probe: SeenProbe, fate: Sighting['fate'], row: Row): Sighting {
  const shortest = shortestOf(scene, probe, fate);
  const longest = longestOf(probe, fate);
  const low = shortest === null ? NOTHING : lengthsOf(scene, row, shortest);
  const high = longest === null ? ENDLESS : lengthsOf(scene, row, longest);
  const bounds = (name: 'perfect' | 'least' | 'most'): Bounds => ({
    raw: { lo: low.raw[name].lo, hi: high.raw[name].hi },
    stripped: { lo: low.stripped[name].lo, hi: high.stripped[name].hi },
  });
  return { id: probe.id, fate, perfect: bounds('perfect'), least: bounds('least'), most: bounds('most') };
}

/** From the latest acceptance to the earliest emergence; null if either is unknown. */
function shortestOf(scene: Scene, probe: SeenProbe, fate: Sighting['fate']): Stretch | null {
  if (probe.handover.kind !== 'accepted') return null;
  // An internal message that is missing may have met a mailbox of ours that was full, which swallows its bounce as well.
  const absent =
    probe.path === 'internal' && fate !== 'bounced' ? null : fate === 'pending' ? scene.absentUntil : probe.absentUntil;
  const emergence = emergenceOf(probe, fate);
  const earliest = emergence === null ? absent : emergence.earliest;
  if (earliest === null) return null;
  const to = probe.unseenSince === null ? earliest : Math.min(earliest, probe.unseenSince);
  return { from: probe.handover.acknowledged, to: Math.max(to, probe.handover.acknowledged) };
}

/** From the earliest acceptance to the latest emergence, or to the news that it bounced; null while it is missing. */
function longestOf(probe: SeenProbe, fate: Sighting['fate']): Stretch | null {
  const bounce = fate === 'bounced' ? (probe.notice?.at ?? null) : null;
  const latest = emergenceOf(probe, fate)?.latest ?? bounce;
  if (latest === null) return null;
  const { handover } = probe;
  const from = handover.kind === 'accepted' || handover.kind === 'uncertain' ? handover.handedOver : probe.planned;
  return { from, to: Math.max(latest, from) };
}

/** The first attempt counts, whatever came of it. What turns up after the end counts no more. */
function emergenceOf({ attempt, capture }: SeenProbe, fate: Sighting['fate']): SeenProbe['capture'] {
  return attempt ?? (fate === 'lost' || fate === 'bounced' ? null : capture);
}

type Variants = Readonly<Record<keyof Omit<Sighting, 'id' | 'fate'>, Interval>>;
interface Lengths {
  readonly raw: Variants;
  readonly stripped: Variants;
}

function always(lo: number, hi: number): Lengths {
  const variants = { perfect: { lo, hi }, least: { lo, hi }, most: { lo, hi } };
  return { raw: variants, stripped: variants };
}
const NOTHING = always(0, 0);
const ENDLESS = always(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);

/** NTP slews by up to 500 ppm of true time, a little more of what a slow clock shows. */
const CLOCK_RATE_ERROR = 500.5e-6;
/** Seconds: two readings, each cut to the microsecond. */
const READING_ERROR = 2e-6;
/** Seconds: what wall clocks of two boots may differ by. */
const REBOOT_ERROR = 2;
/** Seconds after a boot until its wall clock is believed. */
const CLOCK_SETTLED_AFTER = 3600;

/** Seconds: wall time, which says what is excluded, is read to the millisecond at both ends; epoch milliseconds hold no less than 0.24 µs. */
const WALL_ERROR = 2e-3 + 1e-6;

/** A stretch's length by counting, then what the clocks can have made of it. */
function lengthsOf({ rebootedAt }: Scene, row: Row, { from, to }: Stretch): Lengths {
  const length = to - from;
  const rebooted = rebootedAt !== null && from < rebootedAt && to >= rebootedAt;
  const error = (rebooted ? REBOOT_ERROR : READING_ERROR) + length * CLOCK_RATE_ERROR;
  const upSince = rebooted && to - rebootedAt < CLOCK_SETTLED_AFTER ? rebootedAt : null;
  const wide = widened(length, error);
  // By a clock that may not have been set no more is sure than that the host has been up.
  const measured = upSince === null ? wide : { lo: Math.min(wide.lo, to - upSince), hi: Number.POSITIVE_INFINITY };
  const raw = { perfect: { lo: length, hi: length }, least: measured, most: measured };
  // Of two boots each end may be that far from the truth on its own.
  const wallError = WALL_ERROR + (rebooted ? 2 * error : 0);
  const reach = Math.ceil(wallError + error);
  if (upSince === null && row.inside(from - reach, to + reach) === 0) return { raw, stripped: raw };
  const left = row.outside(from, to);
  const exact = { lo: left, hi: left };
  if (upSince !== null) {
    // Nor is it known where on it anything lies.
    const least = { lo: Math.min(left, measured.lo), hi: measured.hi };
    return { raw, stripped: { perfect: exact, least, most: { lo: 0, hi: measured.hi } } };
  }
  return { raw, stripped: { perfect: exact, least: exact, most: widened(left, error + wallError) } };
}

function widened(seconds: number, error: number): Interval {
  return { lo: Math.max(0, seconds - error), hi: seconds + error };
}
