/** Lines on a terminal, redrawn in place. */
import type { WriteStream } from 'node:tty';
import { fitColumns } from './plain.ts';

export type Terminal = Pick<WriteStream, 'columns' | 'rows' | 'write'>;

export interface LiveLines {
  /** Puts these in place of those drawn before. They hold no controls. */
  draw(lines: readonly string[]): void;
  /** Takes the lines away. */
  clear(): void;
}

/** What a terminal that does not say is taken for. */
const COLUMNS = 80;
const ROWS = 24;

/** A line that wraps, or one that has scrolled away, could not be taken back: each is cut to fit, and the last ones are shown. */
export function liveLines(out: Terminal): LiveLines {
  let drawn = 0;
  const draw = (lines: readonly string[]): void => {
    const shown = lines.slice(-Math.max(1, (out.rows || ROWS) - 1));
    const text = shown.map((line) => `${fitColumns(line, (out.columns || COLUMNS) - 1)}\n`).join('');
    const erase = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '';
    if (erase + text !== '') out.write(erase + text);
    drawn = shown.length;
  };
  return { draw, clear: () => draw([]) };
}
