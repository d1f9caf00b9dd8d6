/** The edges of a calendar month, found by walking along the clock on the wall: no arithmetic on offsets. */

/** Seconds since the epoch, `[from, to)`. */
export interface Month {
  readonly timeZone: string;
  /** `2027-02` */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Every zone's offset has been a multiple of this many seconds since 1972, so a month begins at one of them. */
const STEP = 900;
/** No zone is further from UTC than this. */
const OFFSET_MAX = 15 * 3600;

const known = new Map<string, Month>();

export function monthOf(timeZone: string, name: string): Month {
  const key = `${timeZone} ${name}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const [year, month] = name.split('-').map(Number) as [number, number];
  const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, '0')}`;
  const walked = { timeZone, name, from: firstSecondOf(timeZone, name), to: firstSecondOf(timeZone, next) };
  known.set(key, walked);
  return walked;
}

function firstSecondOf(timeZone: string, name: string): number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' });
  const [year, month] = name.split('-').map(Number) as [number, number];
  const utc = Date.UTC(year, month - 1, 1) / 1000;
  for (let second = utc - OFFSET_MAX; second <= utc + OFFSET_MAX; second += STEP) {
    const parts = format.formatToParts(second * 1000);
    const value = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
    if (`${value('year')}-${value('month')}` === name) return second;
  }
  throw new Error(`${name} has no first second in ${timeZone}`);
}
