/** Months for random scenes: most of no calendar and a few hundred or thousand steps, some real ones with their days, in coarse steps. */
import { monthOf } from '../calendar.ts';
import type { Dice } from '../dice.ts';
import type { Scene } from './scene.ts';

/** Leap February, days of 23, 24½ and 25 hours, a month that begins at 01:00 (Asuncion, 2023-10), an offset of 45 minutes. */
const MONTHS = [
  ['Asia/Shanghai', '2026-11'],
  ['Asia/Shanghai', '2028-02'],
  ['Europe/Berlin', '2026-03'],
  ['Europe/Berlin', '2026-10'],
  ['America/Asuncion', '2023-10'],
  ['America/Havana', '2026-11'],
  ['Asia/Kathmandu', '2026-07'],
  ['Australia/Lord_Howe', '2026-04'],
] as const;
/** Percent of the months: one has as many steps as ten of the others. */
const REAL = 4;
/** Every zone's offset has been a multiple of this many seconds since 1972, so a day begins at one of them. */
const DAY_STEP = 900;
const REAL_STEP = 300;
/** In a million milliseconds every millionth of a ratio is a millisecond. */
const LENGTHS = [200, 500, 1000, 1000, 1000, 2000, 2500] as const;
const STEPS_MS = [1000, 1000, 10_000, 60_000, 300_000] as const;

export type SceneMonth = Pick<Scene, 'stepMs' | 'originMs' | 'length' | 'calendar' | 'days'>;

const known = new Map<string, SceneMonth>();

export function randomMonth(dice: Dice): SceneMonth {
  if (dice.chance(REAL)) {
    const [timeZone, name] = dice.pick(MONTHS);
    return realMonth(timeZone, name);
  }
  const length = dice.pick(LENGTHS) + (dice.chance(20) ? dice.between(0, 99) : 0);
  const inner = Array.from({ length: dice.between(0, 11) }, () => dice.between(1, length - 1));
  const days = [...new Set([0, ...inner])].toSorted((a, b) => a - b);
  return { stepMs: dice.pick(STEPS_MS), originMs: 1_790_000_000_000, length, calendar: null, days };
}

function realMonth(timeZone: string, name: string): SceneMonth {
  const key = `${timeZone} ${name}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const { from, to } = monthOf(timeZone, name);
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, day: '2-digit' });
  const days: number[] = [];
  let shown = '';
  for (let second = from; second < to; second += DAY_STEP) {
    const day = format.format(second * 1000);
    if (day !== shown) days.push((second - from) / REAL_STEP);
    shown = day;
  }
  const month = {
    stepMs: REAL_STEP * 1000,
    originMs: from * 1000,
    length: (to - from) / REAL_STEP,
    calendar: { timeZone, name },
    days,
  };
  known.set(key, month);
  return month;
}
