/** What a bench says: figures, each the median of several runs, with the mark it is to reach where it has one. */

export interface Bench {
  /** As `--only` takes it. */
  readonly name: string;
  /** One line: what is measured, and how. */
  readonly about: string;
  /** `tell` takes what goes on, a line each. Leaves nothing running. Rejects where what it needs is missing. */
  run(tell: (line: string) => void): Promise<readonly Row[]>;
}

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** Median of the runs. */
  readonly value: number;
  /** The lowest and the highest of them. */
  readonly spread: readonly [number, number];
  readonly runs: number;
  /** Null for a yardstick, or what is only told. */
  readonly mark: Mark | null;
}
/** `ratio`: this over the yardstick in the same run. */
export type Unit = 'ms' | 's' | '1/s' | 'bytes' | 'MiB' | 'ratio' | '%' | '';

export interface Mark {
  readonly at: 'most' | 'least';
  readonly value: number;
}
export const atMost = (value: number): Mark => ({ at: 'most', value });
export const atLeast = (value: number): Mark => ({ at: 'least', value });

/** One row of the values that the runs gave, at least one. */
export function row(what: string, unit: Unit, values: readonly number[], mark: Mark | null = null): Row {
  if (values.length === 0) throw new Error(`${what} must have been measured at least once`);
  const sorted = values.toSorted((one, other) => one - other);
  return {
    ...{ what, unit, mark, runs: values.length },
    value: quantile(sorted, 0.5),
    spread: [sorted[0]!, sorted.at(-1)!],
  };
}

/** Null where there is no mark. */
export function isMet({ value, mark }: Row): boolean | null {
  if (mark === null) return null;
  return mark.at === 'most' ? value <= mark.value : value >= mark.value;
}

/** Of values in ascending order, by linear interpolation. NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  return below === undefined || above === undefined ? Number.NaN : below + (above - below) * (at % 1);
}

const COLUMNS = [46, 10, 20, 8, 14] as const;

/** The rows as a table for people, a line each. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0))
      .join(' ')
      .trimEnd();
  return [
    line(['', 'median', 'lowest to highest', 'unit', 'mark']),
    ...rows.map((each) =>
      line([
        each.what,
        shown(each.value),
        `${shown(each.spread[0])} to ${shown(each.spread[1])}`,
        each.unit,
        markOf(each),
      ]),
    ),
  ];
}

function markOf(each: Row): string {
  if (each.mark === null) return '';
  return `${each.mark.at === 'most' ? '<=' : '>='} ${shown(each.mark.value)} ${isMet(each) === true ? 'met' : 'MISSED'}`;
}

/** Three digits that matter. */
function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
