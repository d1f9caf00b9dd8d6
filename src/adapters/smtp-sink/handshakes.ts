/** How many TLS handshakes strangers may have: each takes a signature on the measuring thread, and asking for one costs a stranger nothing. */
import { sourceOf } from '../../domain/network.ts';
import { HANDSHAKES, HANDSHAKES_PER_SOURCE } from './limits.ts';

/** So many at once, and one more after each `everyUs`. */
export interface Rate {
  readonly burst: number;
  readonly everyUs: number;
}

/** When the last of those that were given will be made up for, monotonic microseconds; the past where all were. */
type DueUs = number;

export class Handshakes {
  readonly #isProvider: (address: string) => boolean;
  /** The one that was given one last stands last. */
  readonly #sources = new Map<string, DueUs>();
  #all: DueUs = 0;

  constructor(isProvider: (address: string) => boolean) {
    this.#isProvider = isProvider;
  }

  /** Whether a peer may begin one. Hosts of the providers always may, and take none of the strangers'. */
  take(address: string, nowUs: number): boolean {
    if (this.#isProvider(address)) return true;
    const source = sourceOf(address);
    const ofSource = after(this.#sources.get(source) ?? 0, HANDSHAKES_PER_SOURCE, nowUs);
    const all = after(this.#all, HANDSHAKES, nowUs);
    if (ofSource === null || all === null) return false;
    this.#sources.delete(source);
    this.#sources.set(source, ofSource);
    this.#all = all;
    this.#forget(nowUs);
    return true;
  }

  /** Sources that are remembered: those of the last seconds, of which what all may have lets there be some hundreds. */
  get remembered(): number {
    return this.#sources.size;
  }

  /** Those that have made up for all. */
  #forget(nowUs: number): void {
    for (const [source, dueUs] of this.#sources) {
      if (dueUs > nowUs) return;
      this.#sources.delete(source);
    }
  }
}

/** As it stands with one more given; null if there is none to give. */
function after(dueUs: DueUs, { burst, everyUs }: Rate, nowUs: number): DueUs | null {
  const next = Math.max(dueUs, nowUs) + everyUs;
  return next - nowUs > burst * everyUs ? null : next;
}
