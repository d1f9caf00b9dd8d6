/** The addresses at which a server has answered, so that another one is news, once: its name may have been pointed elsewhere. */

/** A provider may have dozens in turn; a name that shows more than these is forgotten from its oldest on. */
const ADDRESSES_MAX = 64;
/** Of them, as many as a line of a log can show. */
const SHOWN_MAX = 8;

/** Gives the newest of those known so far, oldest first, where `address` is none of them; null where it is, and for the first of all. */
export type AddressesSeen = (address: string) => readonly string[] | null;

export function createAddressesSeen(): AddressesSeen {
  const seen = new Set<string>();
  return (address) => {
    if (seen.has(address)) return null;
    const before = [...seen].slice(-SHOWN_MAX);
    seen.add(address);
    const [oldest] = seen;
    if (seen.size > ADDRESSES_MAX && oldest !== undefined) seen.delete(oldest);
    return before.length === 0 ? null : before;
  };
}
