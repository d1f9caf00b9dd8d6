/** Checks of one endpoint in a row that ended alike: what availability is made of. */
import type { Endpoint } from '../endpoint.ts';

/**
 * `up`: good checks. `down`: failed ones, each beside a healthy control. `doubtful`: failed ones whose control failed too or was
 * not there, ones that contradict each other, or good ones after nobody was seen to be let in anew for too long. Those that showed
 * neither make no run.
 */
export type RunKind = 'up' | 'down' | 'doubtful';

/** Cells between two checks in a row, as measurement.md has it: then one may be missing between them. */
export const CELLS_BETWEEN_MAX = 2;
/** One that failed may have been our own moment of weakness; another one after it confirms it. */
const CHECKS_TO_PROVE = 2;

/**
 * Each check began at most two cells after the one before, and no clock was stepped, no host asleep, none rebooted in between;
 * otherwise a new run begins. Whether the service answers at a moment is whether a request begun then is answered: so a check
 * speaks for the moment at which it began, and two in a row for the time between (measurement.md, "Sampling").
 */
export interface Run {
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly kind: RunKind;
  /** Wall time, milliseconds since the epoch, at which the first and the last of its checks began; equal if there is one only. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly checks: number;
  /** What the first of them showed, or why it is in doubt, null for `up`: `connect ECONNREFUSED: …`, as the network gave it. */
  readonly reason: string | null;
  /** Milliseconds, the longest of its checks' cells: what is shorter than two of them may have been missed. */
  readonly cellMs: number;
}

/** Whether it shows a fault of the provider. */
export function isProven({ kind, checks }: Run): boolean {
  return kind === 'down' && checks >= CHECKS_TO_PROVE;
}
