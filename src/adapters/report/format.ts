/** Figures and times as people read them. */
import { localText } from '../../domain/local-time.ts';
import type { Figure } from '../../domain/report-evidence.ts';

export type Language = 'en' | 'zh';

/** `4.131–4.162 s`; `≥ 3600.000 s` where nothing bounds it from above. Rounded outwards, so that the truth stays inside. */
export function seconds(figure: Figure | null): string {
  if (figure === null) return '–';
  const lo = (Math.floor(figure.lo * 1000) / 1000).toFixed(3);
  if (figure.hi === null) return `≥ ${lo} s`;
  const hi = (Math.ceil(figure.hi * 1000) / 1000).toFixed(3);
  return lo === hi ? `${lo} s` : `${lo}–${hi} s`;
}

/** `2`, or `1–3` where it is not certain. */
export function count({ lo, hi }: Figure): string {
  if (hi === null) return `≥ ${lo}`;
  return lo === hi ? String(lo) : `${lo}–${hi}`;
}

/** Rounded down: what is not whole is not called whole. */
export function percent(ratio: number): string {
  return `${(Math.floor(ratio * 10_000) / 100).toFixed(2)}%`;
}

/** RFC 3339 in UTC, shown by the clocks of a zone. */
export function localTime(iso: string, timeZone: string): string {
  return localText(Date.parse(iso), timeZone);
}
