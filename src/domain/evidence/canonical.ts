/** Plain data as text of which there is one only: what a digest of it is taken over. */

/**
 * JSON without white space, the keys of every object in the order of their UTF-16 units (as RFC 8785 §3.2.3), but those that are
 * whole numbers first and by their value, as JavaScript has it. Nothing that is hashed here has such keys.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
