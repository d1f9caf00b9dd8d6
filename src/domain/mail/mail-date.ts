/** Dates of messages (RFC 5322 §3.3), read with the obsolete forms of §4.3 and written in UTC. */
import { stripComments } from './header.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
/** Hours east of UTC. RFC 5322 §4.3: any other name says nothing of the zone and counts as -0000. */
const ZONES: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};
/** Longer than any date with its comments. */
const DATE_LENGTH_MAX = 200;

const DATE =
  /^(?:[a-z]{3,9}[ ,]+)?(\d{1,2})[ -]([a-z]{3})[a-z]{0,6}[ -](\d{2,4}) (\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?([+-]\d{4}|[a-z]{1,5}))?(?: |$)/i;

/** Milliseconds since the epoch, or null if it is no date. */
export function parseMailDate(text: string): number | null {
  const plain = stripComments(text.slice(0, DATE_LENGTH_MAX)).replace(/\s+/g, ' ').trim();
  const match = DATE.exec(plain);
  if (match === null) return null;
  const [, day, monthName = '', yearText = '', hour, minute, second = '0', fraction = '0', zone = '+0000'] = match;
  const month = MONTHS.findIndex((name) => name.toLowerCase() === monthName.toLowerCase());
  const year = fullYear(yearText);
  const offset = zoneMinutes(zone);
  if (month < 0 || year === null || offset === null) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const local = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  // A 31 April rolls over into May: no date.
  if (new Date(Date.UTC(year, month, Number(day))).getUTCDate() !== Number(day)) return null;
  return local + Math.trunc(Number(`0.${fraction}`) * 1000) - offset * 60_000;
}

/** `Thu, 12 Nov 2026 03:04:05 +0000`. */
export function formatMailDate(wallMs: number): string {
  const date = new Date(wallMs);
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(':');
  return `${DAYS[date.getUTCDay()]}, ${twoDigits(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${time} +0000`;
}

/** RFC 5322 §4.3: two digits up to 49 are of this century, three digits count from 1900. */
function fullYear(text: string): number | null {
  const year = Number(text);
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  if (text.length === 3) return 1900 + year;
  return year >= 1900 ? year : null;
}

function zoneMinutes(zone: string): number | null {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(zone);
  if (match === null) return (ZONES[zone.toUpperCase()] ?? 0) * 60;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (Number(match[3]) > 59) return null;
  return match[1] === '-' ? -minutes : minutes;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
