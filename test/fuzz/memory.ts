/** What a surface goes on holding while it is fuzzed: samples behind a collection, of the thread that it runs in. */
import { heldBytes } from '../fakes/held-bytes.ts';

/** In a round. Some for warming up, the others in two halves that are compared. */
const SAMPLES = 12;
const WARM = 4;
/**
 * Bytes by which the later half may hold more than the earlier one: compiled code, and up to two dozen sessions that happen to be under
 * way, are half a megabyte. What keeps a kilobyte of each try goes beyond it in a round of the quick surfaces, what keeps its input in
 * one of the slow ones.
 */
const GROWTH_BYTES_MAX = 2 * 1_048_576;

export interface Held {
  /** Bytes, at the end of warming up and at the end. */
  readonly early: number;
  readonly late: number;
}

export interface MemoryWatch {
  /** To be called behind each try. */
  readonly tried: () => void;
  /** Null for a round too short to tell. */
  readonly held: () => Held | null;
}

export function watchMemory(count: number): MemoryWatch {
  const every = Math.ceil(count / SAMPLES);
  const samples: number[] = [];
  let tries = 0;
  return {
    tried() {
      tries += 1;
      if (count < SAMPLES || tries % every !== 0) return;
      samples.push(heldBytes());
    },
    held() {
      const steady = samples.slice(WARM);
      const half = Math.floor(steady.length / 2);
      if (half < 2) return null;
      // The least of each: what else was there just then was on its way out.
      return { early: Math.min(...steady.slice(0, half)), late: Math.min(...steady.slice(-half)) };
    },
  };
}

/** What is wrong with it, null if nothing. */
export function growthOf({ early, late }: Held): string | null {
  return late - early <= GROWTH_BYTES_MAX ? null : `memory grew from ${megabytes(early)} to ${megabytes(late)} MB`;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
