/** Streams of chance, each named: what one of them gives depends on no other having been asked. */
import { seededRandom } from '../fakes/agent.ts';

export class Draw {
  readonly uniform: () => number;

  constructor(...names: readonly (string | number)[]) {
    const random = seededRandom(hashOf(names.join('|')));
    this.uniform = () => random.uniform();
  }

  between(lo: number, hi: number): number {
    return lo + this.uniform() * (hi - lo);
  }

  whole(lo: number, hi: number): number {
    return Math.floor(this.between(lo, hi + 1));
  }

  /** Between `lo` and `hi`, as often below their geometric mean as above it. */
  wide(lo: number, hi: number): number {
    return lo * (hi / lo) ** this.uniform();
  }

  chance(share: number): boolean {
    return this.uniform() < share;
  }

  pick<const T>(from: readonly [T, ...T[]]): T {
    return from[Math.floor(this.uniform() * from.length)] ?? from[0];
  }
}

/** FNV-1a, 32 bits, mixed once more: names that differ in one letter give streams that have nothing in common. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
