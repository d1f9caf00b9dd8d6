/** The page's one state, and who changes it. */
import type { PageState } from './state.ts';

export interface Store {
  readonly state: () => PageState;
  /** Shown with the next frame. */
  readonly change: (next: (state: PageState) => PageState) => void;
}

/** A map with one entry other than it was. */
export function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
): ReadonlyMap<string, Value> {
  return new Map(map).set(key, value);
}
