/** The command line: which commands there are, and how every one of them ends. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../app.ts';
import { checkCommand } from './check.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { ledgerCommand } from './ledger.ts';
import { runCommand } from './run.ts';

/** Resolves with the exit code. An expected failure is one line on standard error, never a stack trace. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = new Command('mailflow-probe')
    .description('Measures from outside whether a mail provider keeps its delay and availability promises.')
    .version(VERSION)
    .showHelpAfterError('(--help shows what there is)');
  for (const make of [runCommand, checkCommand, ledgerCommand, configCommand, demoCommand]) program.addCommand(make());
  everyCommand(program, (command) => command.exitOverride());
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return codeOf(error);
  }
}

function everyCommand(command: Command, action: (command: Command) => void): void {
  action(command);
  for (const child of command.commands) everyCommand(child, action);
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof ExitWith) {
    for (const line of error.lines) process.stderr.write(`mailflow-probe: ${line}\n`);
    return error.exitCode;
  }
  if (isExpected(error)) {
    process.stderr.write(`mailflow-probe: ${error.message}\n`);
    return EXIT_USAGE;
  }
  process.stderr.write(
    `mailflow-probe: this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT_BUG;
}

/** Everything but these is a failure of the world, which says in its message what is wrong. */
const BUGS = [TypeError, ReferenceError, SyntaxError, RangeError, EvalError];
/** sysexits.h EX_SOFTWARE. */
const EXIT_BUG = 70;

function isExpected(error: unknown): error is Error {
  return error instanceof Error && !BUGS.some((kind) => error instanceof kind);
}
