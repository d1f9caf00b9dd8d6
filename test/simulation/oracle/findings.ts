/** What an oracle found wrong, in words, each once and not more than anybody would read. */

/** The first ones tell; a world that is wrong everywhere would fill the memory with the rest. */
const KEPT_MAX = 20;

export class Findings {
  readonly #said = new Set<string>();
  readonly #nowMs: () => number;
  #firstMs: number | null = null;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get all(): readonly string[] {
    return [...this.#said];
  }

  /** Milliseconds that had passed when the first was found; null if there is none. */
  get firstMs(): number | null {
    return this.#firstMs;
  }

  say(what: string): void {
    this.#firstMs ??= this.#nowMs();
    if (this.#said.size < KEPT_MAX) this.#said.add(what);
  }

  /** Says it unless the claim holds. */
  hold(claim: boolean, what: () => string): void {
    if (!claim) this.say(what());
  }
}
