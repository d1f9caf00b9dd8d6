/** The month as lines of a day each: when there were outages, exclusions, breaches, and when nothing was measured. */
import type { Day } from '../../domain/time/calendar.ts';
import { DAY_MS } from '../../domain/time/calendar.ts';
import type { MsRange, SpanSet } from '../../domain/time/span-set.ts';
import { clip, normalise } from '../../domain/time/span-set.ts';
import { html, type Markup, pathData } from './html-text.ts';
import { box, label, line, type Mark, mark, type Picture, picture } from './svg.ts';
import { linearScale, type Scale } from './svg-scale.ts';

export interface CalendarDrawing {
  readonly days: readonly Day[];
  /** As long as an outage can have been, and as long as it is proven to have been. */
  readonly possible: readonly MsRange[];
  readonly proven: readonly MsRange[];
  readonly excluded: readonly MsRange[];
  readonly gaps: readonly MsRange[];
  /** When messages that exceeded the maximum were accepted. */
  readonly breaches: readonly { readonly atMs: number; readonly proven: boolean }[];
  readonly nowMs: number;
  /** From Sunday. */
  readonly weekdays: readonly string[];
}

/** Pixels. */
const LEFT = 66;
const RIGHT = 12;
const TOP = 22;
const ROW = 17;
const BOTTOM = 6;
/** What is shorter than this would not be seen; what is nearer to another is drawn as one with it. */
const SPAN_MIN = 2.5;
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];

export function calendarHeight(days: number): number {
  return TOP + days * ROW + BOTTOM;
}

export function drawCalendar(drawing: CalendarDrawing, frame: Picture): Markup {
  const { days, weekdays } = drawing;
  const right = frame.width - RIGHT;
  const bottom = TOP + days.length * ROW;
  const nearMs = (SPAN_MIN / (right - LEFT)) * DAY_MS;
  const sets = {
    gap: joined(drawing.gaps, nearMs),
    excluded: joined(drawing.excluded, nearMs),
    possible: joined(drawing.possible, nearMs),
    proven: joined(drawing.proven, nearMs),
  };
  const hourScale = linearScale(0, 24, LEFT, right);
  const hours = HOURS.map((hour) => [
    line(hour % 6 === 0 ? 'grid' : 'grid faint', hourScale.at(hour), TOP, hourScale.at(hour), bottom),
    label('tick', hourScale.at(hour), TOP - 7, 'middle', String(hour)),
  ]);
  const rows = days.map((day, index) => {
    const top = TOP + index * ROW;
    const x = linearScale(day.fromMs, day.toMs, LEFT, right);
    const weekday = new Date(`${day.day}T00:00:00Z`).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    return [
      weekend ? box('weekend', LEFT, top, right - LEFT, ROW) : null,
      drawing.nowMs < day.toMs ? box('future', x.at(drawing.nowMs), top, right - x.at(drawing.nowMs), ROW) : null,
      bars('gap', sets.gap, day, x, top + 1, ROW - 2, drawing.nowMs),
      bars('excluded', sets.excluded, day, x, top + 1, ROW - 2),
      bars('outage-possible', sets.possible, day, x, top + 3, ROW - 6),
      bars('outage-proven', sets.proven, day, x, top + 3, ROW - 6),
      line('grid', 0, top + ROW, right, top + ROW),
      label('tick', LEFT - 8, top + 12.5, 'end', `${weekdays[weekday] ?? ''} ${Number(day.day.slice(-2))}`),
    ];
  });
  return picture(frame, [hours, rows, breachMarks(drawing, right)]);
}

/** One mark where several would lie upon each other. */
function breachMarks({ days, breaches }: CalendarDrawing, right: number): readonly Markup[] {
  return days.flatMap(({ fromMs, toMs }, index) => {
    const x = linearScale(fromMs, toMs, LEFT, right);
    const places = new Map<number, Mark>();
    for (const { atMs, proven } of breaches) {
      if (atMs < fromMs || atMs >= toMs) continue;
      const place = Math.round(x.at(atMs) / 4) * 4;
      if (proven || !places.has(place)) places.set(place, proven ? 'diamond' : 'open-diamond');
    }
    return [...places].map(([place, kind]) => mark(kind, place, TOP + (index + 0.5) * ROW));
  });
}

function bars(
  className: string,
  set: SpanSet,
  day: Day,
  x: Scale,
  top: number,
  height: number,
  untilMs = Number.POSITIVE_INFINITY,
): Markup | null {
  const steps = clip(set, { fromMs: day.fromMs, toMs: Math.min(day.toMs, untilMs) }).map(({ fromMs, toMs }) => {
    const start = x.at(fromMs);
    return pathData(
      ['M', start, top],
      ['h', Math.max(SPAN_MIN, x.at(toMs) - start)],
      ['v', height],
      ['H', start],
      ['Z'],
    );
  });
  return steps.length === 0 ? null : html`<path class="${className}" d="${steps}"/>`;
}

/** An outage that is known by one failed check has no length, and is there all the same. */
function joined(spans: readonly MsRange[], nearMs: number): SpanSet {
  return normalise(spans.map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.max(toMs, fromMs + nearMs) })));
}
