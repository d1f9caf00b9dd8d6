/** How a command ends. */
import { LedgerRefused, UnsoundHost } from '../app.ts';

/** Usage, configuration, or anything else for which the command could not do its work. */
export const EXIT_USAGE = 3;
/** The host's clocks are unsound, or the process is held up all the time: nothing that it measures would be of use. */
export const EXIT_UNSOUND = 4;
/** A part without which nothing is recorded has ended; a new start goes on where it was. */
export const EXIT_PART_DIED = 5;
/** sysexits.h EX_SOFTWARE. */
const EXIT_BUG = 70;
/** sysexits.h EX_TEMPFAIL: the daemon cannot start for what passes, and is to be started again. */
export const EXIT_NOT_NOW = 75;

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

export interface Ending {
  readonly exitCode: number;
  /** For people, a line each: what is expected to go wrong has no stack trace. */
  readonly lines: readonly string[];
}

/** What an error that ended a command comes to. */
export function endingOf(error: unknown): Ending {
  if (error instanceof ExitWith) return error;
  // Closing failed after the command did: the first failure decides, both are told.
  if (error instanceof SuppressedError) {
    const [first, second] = [endingOf(error.suppressed), endingOf(error.error)];
    return { exitCode: first.exitCode, lines: [...first.lines, ...second.lines] };
  }
  if (error instanceof UnsoundHost) return { exitCode: EXIT_UNSOUND, lines: [error.message] };
  if (error instanceof Error && 'code' in error && error.code === 'WORKER_DIED')
    return { exitCode: EXIT_PART_DIED, lines: [error.message] };
  if (isExpected(error)) return { exitCode: EXIT_USAGE, lines: [messageOf(error)] };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT_BUG, lines: `this is a bug: ${text}`.split('\n') };
}

/** A spot check or another daemon has the data folder, the disk has no room, or another process writes. */
const PASSING: ReadonlySet<unknown> = new Set(['FOLDER_HELD', 'DISK_FULL', 'BUSY']);

/** Whether what kept the daemon from starting may be over at the next start, with nobody having mended anything of ours. */
export function isPassing(error: unknown): boolean {
  return error instanceof LedgerRefused || (error instanceof Error && 'code' in error && PASSING.has(error.code));
}

/** Everything but these is a failure of the world, which says in its message what is wrong. */
const BUGS = [TypeError, ReferenceError, SyntaxError, RangeError, EvalError];

function isExpected(error: unknown): error is Error {
  return error instanceof Error && !BUGS.some((kind) => error instanceof kind);
}

/** Several addresses tried in vain make an error with a code and no message. */
function messageOf(error: Error): string {
  return error.message || String('code' in error ? error.code : error.name);
}
