/** Figures and times for people who look once: short, and rounded outwards so that the truth stays inside. */

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `hi` is null where nothing bounds it from above. */
export interface Figure {
  readonly lo: number;
  readonly hi: number | null;
}
export interface Units {
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly millisecond: string;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** No line ends within a duration: between the two of an interval it may. */
/** Of a second or a percent, where fewer would make a figure read like its limit. */
const DIGITS_MAX = 6;
const JOIN = '\u00a0';
type Rounding = (value: number) => number;

/** `4.1 s`, `1 min 14 s`, `2 h 5 min`, `3 d 4 h`: two parts at most. */
export function spanText(seconds: number, units: Units, round: Rounding = Math.round): string {
  if (seconds < 0.9995) {
    const milliseconds = round(seconds * 1000);
    if (milliseconds > 0) return `${milliseconds}${JOIN}${units.millisecond}`;
    const isTold = seconds > 0 && round === Math.round;
    return isTold ? `<${JOIN}1${JOIN}${units.millisecond}` : `0${JOIN}${units.second}`;
  }
  if (seconds < MINUTE) {
    const digits = seconds < 10 ? 100 : 10;
    return `${clean(round(clean(seconds * digits)) / digits)}${JOIN}${units.second}`;
  }
  if (seconds < HOUR) return twoParts(round(seconds), MINUTE, units.minute, 1, units.second);
  if (seconds < DAY) return twoParts(round(seconds / MINUTE) * MINUTE, HOUR, units.hour, MINUTE, units.minute);
  return twoParts(round(seconds / HOUR) * HOUR, DAY, units.day, HOUR, units.hour);
}

/** As `spanText`, in as many parts as it takes to tell it from the limit that stands beside it. */
export function spanBeside(seconds: number, limit: number, units: Units, round: Rounding = Math.round): string {
  const short = spanText(seconds, units, round);
  if (seconds === limit || short !== spanText(limit, units)) return short;
  for (let digits = 0; digits <= DIGITS_MAX; digits += 1) {
    const text = exactSpan(seconds, digits, units, round);
    if (text !== exactSpan(limit, digits, units, round)) return text;
  }
  return short;
}

function exactSpan(seconds: number, digits: number, units: Units, round: Rounding): string {
  let rest = round(clean(seconds * 10 ** digits)) / 10 ** digits;
  const parts: string[] = [];
  for (const [size, unit] of [
    [DAY, units.day],
    [HOUR, units.hour],
    [MINUTE, units.minute],
  ] as const) {
    const count = Math.floor(rest / size);
    rest = clean(rest - count * size);
    if (count > 0) parts.push(`${count}${JOIN}${unit}`);
  }
  if (rest > 0 || parts.length === 0) parts.push(`${Number(rest.toFixed(digits))}${JOIN}${units.second}`);
  return parts.join(JOIN);
}

/** How long something has lasted so far: in whole seconds, since it goes on. */
export function ageText(seconds: number, units: Units): string {
  return spanText(Math.max(0, Math.floor(seconds)), units, Math.floor);
}

function twoParts(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  const first = `${Math.floor(seconds / large)}${JOIN}${largeUnit}`;
  return rest === 0 ? first : `${first}${JOIN}${rest}${JOIN}${smallUnit}`;
}

/** What binary fractions leave of a decimal. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/** `4.13–4.17 s`; one figure where both ends are the same at this precision, `≥ 1 h` where nothing bounds it. */
export function figureText({ lo, hi }: Figure, units: Units): string {
  const least = spanText(lo, units, Math.floor);
  if (hi === null) return `≥${JOIN}${least}`;
  const most = spanText(hi, units, Math.ceil);
  if (least === most) return least;
  const unit = most.slice(most.lastIndexOf(JOIN));
  const bare = least.split(JOIN).length === 2 && most.split(JOIN).length === 2 && least.endsWith(unit);
  return bare ? `${least.slice(0, -unit.length)}–${most}` : `${least}–${most}`;
}

/** As `figureText`, told from the limit that stands beside it. */
export function figureBeside(figure: Figure, limit: number, units: Units): string {
  const { lo, hi } = figure;
  const least = spanBeside(lo, limit, units, Math.floor);
  if (least === spanText(lo, units, Math.floor)) return figureText(figure, units);
  if (hi === null) return `≥${JOIN}${least}`;
  const most = spanBeside(hi, limit, units, Math.ceil);
  return least === most ? least : `${least}–${most}`;
}

/** `100 min`, `1 h`: in one unit where that is whole, as contracts do. */
export function limitText(seconds: number, units: Units): string {
  const inMinutes = seconds > HOUR && seconds % HOUR !== 0 && seconds % MINUTE === 0;
  return inMinutes ? `${seconds / MINUTE}${JOIN}${units.minute}` : spanText(seconds, units);
}

/** `2`, or `1–3` where it is not certain. */
export function countText({ lo, hi }: Figure): string {
  if (hi === null) return `≥${JOIN}${lo}`;
  return lo === hi ? String(lo) : `${lo}–${hi}`;
}

/** `99.87–99.96%`, to that many digits. */
export function ratioText({ lo, hi }: Figure, digits = 2): string {
  const scale = 10 ** digits;
  const least = clean(Math.floor(clean(lo * 100 * scale)) / scale);
  const most = clean(Math.ceil(clean((hi ?? 1) * 100 * scale)) / scale);
  return least === most ? `${least}%` : `${least}–${most}%`;
}

/** The same of what stays below a limit, in as many digits as it takes to show that. */
export function ratioBelow(figure: Figure, limit: number): string {
  const most = (figure.hi ?? 1) * 100;
  for (let digits = 2; digits <= DIGITS_MAX; digits += 1)
    if (Math.ceil(clean(most * 10 ** digits)) < clean(limit * 100 * 10 ** digits)) return ratioText(figure, digits);
  return ratioText(figure);
}

export function exactPercent(ratio: number): string {
  return `${clean(ratio * 100)}%`;
}

/** `2026-11-28 14:05:09` by the clocks of a zone. */
export function dateTime(ms: number, timeZone: string): string {
  const { date, time } = partsOf(ms, timeZone);
  return `${date} ${time}`;
}

/** `14:05:09`, with `11-28` before it where that is another day than `nowMs` is in. */
export function clockText(ms: number, nowMs: number, timeZone: string): string {
  const then = partsOf(ms, timeZone);
  return then.date === partsOf(nowMs, timeZone).date ? then.time : `${then.date.slice(5)} ${then.time}`;
}

export function dateText(ms: number, timeZone: string): string {
  return partsOf(ms, timeZone).date;
}

/** When the day that `ms` is in began, by the clocks of a zone. */
export function dayStart(ms: number, timeZone: string): number {
  const { date, time } = partsOf(ms, timeZone);
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  const guess = Math.floor(ms / 1000) * 1000 - ((hours * 60 + minutes) * 60 + seconds) * 1000;
  // A day on which the clocks are changed: once more from where that came out.
  const found = partsOf(guess, timeZone);
  if (found.date === date && found.time === '00:00:00') return guess;
  const [off = 0] = found.time.split(':').map(Number);
  return found.date === date ? guess - off * HOUR * 1000 : guess + (24 - off) * HOUR * 1000;
}

/** As far as a Date goes (ECMA-262 §21.4.1.1). */
const LATEST_MS = 8.64e15;
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function partsOf(ms: number, timeZone: string): { readonly date: string; readonly time: string } {
  // What a stranger's host stamped may be no time at all.
  if (!Number.isFinite(ms) || Math.abs(ms) > LATEST_MS) return { date: '–', time: '' };
  let format = FORMATS.get(timeZone);
  if (format === undefined) {
    // Sweden writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' });
    FORMATS.set(timeZone, format);
  }
  const [date = '', time = ''] = format.format(ms).split(' ');
  return { date, time };
}
