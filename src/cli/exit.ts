/** How a command ends. */

/** Usage or configuration: nothing was done. */
export const EXIT_USAGE = 3;

/** Ends the command with a code, and lines for standard error. */
export class ExitWith extends Error {
  readonly exitCode: number;
  readonly lines: readonly string[];
  constructor(exitCode: number, lines: readonly string[] = []) {
    super(lines.join('\n'));
    this.name = 'ExitWith';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

/** Ends the command with a code, after what was opened is closed; 0 just goes on. */
export function endWith(exitCode: number): void {
  if (exitCode !== 0) throw new ExitWith(exitCode);
}
