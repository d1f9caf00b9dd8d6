/** Who may hold a connection: hosts of the providers always, strangers as many as there are places for, and few from one source. */
import { sourceOf } from '../../domain/network.ts';
import { CLIENTS_PER_SOURCE_MAX, PROVIDERS_MAX, STRANGERS_MAX } from './limits.ts';

export type Verdict =
  /** `instead` is the connection that has to go for it, null if there was a place. */
  | { readonly kind: 'entered'; readonly instead: string | null }
  | { readonly kind: 'refused'; readonly reason: 'address' | 'full' };

/**
 * Hosts of the providers have places of their own, which no stranger takes. Where a provider's networks are not configured, its hosts are
 * strangers. Of those a newcomer is never refused for want of a place: the one that is the longest without a message goes. So each
 * has as much time as it takes for STRANGERS_MAX others to come or to send a message, and who holds on to places loses them first.
 */
export class Admission {
  readonly #isProvider: (address: string) => boolean;
  readonly #providers = new Set<string>();
  /** The source of each, the one that is the longest without a message first. */
  readonly #strangers = new Map<string, string>();

  constructor(isProvider: (address: string) => boolean) {
    this.#isProvider = isProvider;
  }

  /** `id` is new. One that has to go has left when this returns. */
  enter(id: string, address: string): Verdict {
    if (this.#isProvider(address)) {
      if (this.#providers.size >= PROVIDERS_MAX) return { kind: 'refused', reason: 'full' };
      this.#providers.add(id);
      return { kind: 'entered', instead: null };
    }
    const source = sourceOf(address);
    let ofSource = 0;
    for (const other of this.#strangers.values()) if (other === source) ofSource += 1;
    if (ofSource >= CLIENTS_PER_SOURCE_MAX) return { kind: 'refused', reason: 'address' };
    const instead = this.#strangers.size < STRANGERS_MAX ? null : (this.#strangers.keys().next().value ?? null);
    if (instead !== null) this.#strangers.delete(instead);
    this.#strangers.set(id, source);
    return { kind: 'entered', instead };
  }

  /** It has sent a whole message. */
  served(id: string): void {
    const source = this.#strangers.get(id);
    if (source === undefined) return;
    this.#strangers.delete(id);
    this.#strangers.set(id, source);
  }

  leave(id: string): void {
    this.#providers.delete(id);
    this.#strangers.delete(id);
  }
}
