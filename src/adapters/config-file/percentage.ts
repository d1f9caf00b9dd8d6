/** Percentages as a contract writes them: 99.9%. */

/** At most four digits behind the point: the ratio is then in whole millionths, and so exact where it is judged. */
export const PERCENTAGE_PATTERN = /^\d{1,3}(?:\.\d{1,4})?%$/;
export const PERCENTAGE_RULE = 'must be a percentage such as 99.9%, with at most four digits behind the point';

/** 99.9% is 0.999; null for what is no percentage. */
export function parsePercentage(text: string): number | null {
  if (!PERCENTAGE_PATTERN.test(text)) return null;
  return Math.round(Number(text.slice(0, -1)) * PARTS_OF_PERCENT) / (100 * PARTS_OF_PERCENT);
}
const PARTS_OF_PERCENT = 10_000;
