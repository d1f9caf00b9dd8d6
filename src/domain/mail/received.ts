/** The trace of `Received` fields (RFC 5321 §4.4) as a hop timeline: what the hosts on the way say, by their own clocks. */

import type { Hop } from '../probe.ts';
import { isoText } from '../time/instant.ts';
import { type HeaderField, headerValues, stripComments, tidy } from './header.ts';
import { parseMailDate } from './mail-date.ts';

/** RFC 5321 §6.3: a message with more than about 100 of these is in a loop. */
const HOPS_MAX = 100;
/** The longest domain name (RFC 1035 §2.3.4). */
const NAME_LENGTH_MAX = 255;
/** A field longer than this is no trace any more. */
const FIELD_LENGTH_MAX = 8192;

/** Oldest hop first. `seconds` is the step from the hop before, negative where their clocks disagree, null where either stamp is missing. */
export function parseReceived(fields: readonly HeaderField[]): readonly Hop[] {
  const traces = headerValues(fields, 'Received').slice(0, HOPS_MAX).map(parseTrace).reverse();
  let before: number | null = null;
  return traces.map(({ by, from, stampMs }) => {
    const seconds = stampMs === null || before === null ? null : (stampMs - before) / 1000;
    before = stampMs;
    return { by, from, at: stampMs === null ? null : isoText(stampMs), seconds };
  });
}

interface Trace {
  readonly by: string | null;
  readonly from: string | null;
  readonly stampMs: number | null;
}

/** The date stands behind the last semicolon that is in no comment; before it, `from` and `by` are each followed by a name. */
function parseTrace(value: string): Trace {
  const plain = stripComments(value.slice(0, FIELD_LENGTH_MAX));
  const semicolon = plain.lastIndexOf(';');
  const clauses = semicolon < 0 ? plain : plain.slice(0, semicolon);
  const words = clauses.split(/[\s\p{Cc}]+/u).filter((word) => word !== '');
  return {
    from: nameAfter('from', words),
    by: nameAfter('by', words),
    stampMs: semicolon < 0 ? null : parseMailDate(plain.slice(semicolon + 1)),
  };
}

function nameAfter(keyword: string, words: readonly string[]): string | null {
  const at = words.findIndex((word) => word.toLowerCase() === keyword);
  const name = at < 0 ? '' : tidy(words[at + 1] ?? '', NAME_LENGTH_MAX);
  // A host that gave no name leaves `from by`.
  return name === '' || name.toLowerCase() === 'by' ? null : name;
}
