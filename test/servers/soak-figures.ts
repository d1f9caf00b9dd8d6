/** What a long run's samples come to, and what of it is no longer flat. */
import type { Vitals } from './vitals.ts';

export interface Sample extends Vitals {
  /** Since the daemon came up. */
  readonly seconds: number;
  readonly ledgerBytes: number;
  /** Planned so far. */
  readonly probes: number;
  readonly pending: number;
  readonly sinkConnections: number;
  /** The worst of those seen since the sample before. */
  readonly lagSeconds: number;
  /** Messages in all mailboxes. */
  readonly messages: number;
}

/** How every probe of the run ended, counted from the ledger's events alone. */
export interface Tally {
  readonly planned: number;
  readonly delivered: number;
  /** Accepted by the provider and never seen. */
  readonly lost: number;
  /** Refused, unreachable or uncertain, and never seen. */
  readonly failed: number;
  /** Of which how many were cut off by our own stop before the message was handed over. */
  readonly cutOff: number;
  /** Captures beyond the first. */
  readonly duplicates: number;
  /** Captures of what was never planned. */
  readonly invented: number;
}

export interface Figures {
  readonly residentFirst: number;
  readonly residentLast: number;
  /** Bytes an hour by least squares over the samples after the warm-up, null with fewer than three of them. */
  readonly residentSlope: number | null;
  /** Medians of the first and the last quarter after the warm-up: connections under way come and go. */
  readonly descriptorsFirst: number;
  readonly descriptorsLast: number;
  readonly threadsFirst: number;
  readonly threadsLast: number;
  readonly ledgerBytesPerProbe: number;
  readonly cpuMsPerProbe: number;
  readonly probesPerSecond: number;
  readonly lagSecondsMax: number;
  readonly messagesMax: number;
}

/** Until then the heap still grows to the size at which V8 likes to collect it; half of a run that is shorter than twice that. */
const WARM_UP_SECONDS = 900;
/**
 * Bytes an hour. By design the reading thread keeps a sample of each probe of the running month: 190 bytes each, 3 MiB an hour at
 * four a second. What lives after a collection is flat otherwise (33 MiB in the measuring thread, 12 in each of the ledger's two);
 * the rest is for pages that V8 and SQLite have not given back yet.
 */
const RESIDENT_SLOPE_MAX = 24 * 1024 * 1024;
/** Connections under way at the two ends of the run are as many as chance will have it. */
const DESCRIPTORS_GROWTH_MAX = 16;
const THREADS_GROWTH_MAX = 2;

/** `finalLedgerBytes` are those of the closed ledger, which holds a few probes that came after the last sample. */
export function figuresOf(samples: readonly Sample[], finalLedgerBytes: number): Figures {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2)
    throw new Error(`figures take at least two samples, there are ${samples.length}`);
  const warmUp = Math.min(WARM_UP_SECONDS, last.seconds / 2);
  const steady = samples.filter(({ seconds }) => seconds >= warmUp);
  const quarter = Math.max(1, Math.floor(steady.length / 4));
  const ends = (value: (sample: Sample) => number): readonly [number, number] => [
    median(steady.slice(0, quarter).map(value)),
    median(steady.slice(-quarter).map(value)),
  ];
  const [residentFirst, residentLast] = ends(({ residentBytes }) => residentBytes);
  const [descriptorsFirst, descriptorsLast] = ends(({ descriptors }) => descriptors);
  const [threadsFirst, threadsLast] = ends(({ threads }) => threads);
  const probes = last.probes - first.probes;
  const seconds = last.seconds - first.seconds;
  return {
    residentFirst,
    residentLast,
    residentSlope: slopePerHour(steady.map(({ seconds: at, residentBytes }) => [at, residentBytes])),
    descriptorsFirst,
    descriptorsLast,
    threadsFirst,
    threadsLast,
    ledgerBytesPerProbe: finalLedgerBytes / last.probes,
    cpuMsPerProbe: ((last.cpuSeconds - first.cpuSeconds) * 1000) / probes,
    probesPerSecond: probes / seconds,
    lagSecondsMax: Math.max(...samples.map(({ lagSeconds }) => lagSeconds)),
    messagesMax: Math.max(...samples.map(({ messages }) => messages)),
  };
}

/** One line for each figure that breaks its bound; none when the run was flat and nothing was lost. */
export function complaintsOf(figures: Figures, tally: Tally): readonly string[] {
  const { residentSlope, descriptorsFirst, descriptorsLast, threadsFirst, threadsLast } = figures;
  const { planned, lost, failed, cutOff, duplicates, invented } = tally;
  const rules: readonly (readonly [boolean, string])[] = [
    [
      residentSlope === null || residentSlope <= RESIDENT_SLOPE_MAX,
      `memory must grow by at most ${mebibytes(RESIDENT_SLOPE_MAX)} an hour, grew by ${mebibytes(residentSlope ?? 0)}`,
    ],
    [
      descriptorsLast - descriptorsFirst <= DESCRIPTORS_GROWTH_MAX,
      `open descriptors must grow by at most ${DESCRIPTORS_GROWTH_MAX}, grew from ${descriptorsFirst} to ${descriptorsLast}`,
    ],
    [
      threadsLast - threadsFirst <= THREADS_GROWTH_MAX,
      `threads must grow by at most ${THREADS_GROWTH_MAX}, grew from ${threadsFirst} to ${threadsLast}`,
    ],
    [planned > 0, 'probes must have been planned, none was'],
    [lost === 0, `no probe may be lost, ${lost} were`],
    [failed === cutOff, `no probe may fail but those cut off by the stop, ${failed - cutOff} did`],
    [duplicates === 0, `no probe may be captured twice, ${duplicates} were`],
    [invented === 0, `nothing may be captured that was not planned, ${invented} were`],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

/** Of the straight line through `[seconds, value]` with the least squares; null with fewer than three points. */
export function slopePerHour(points: readonly (readonly [number, number])[]): number | null {
  if (points.length < 3) return null;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? null : (covariance / variance) * 3600;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
