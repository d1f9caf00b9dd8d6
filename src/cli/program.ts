/** The command line: which commands there are, and how every one of them ends. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../app.ts';
import { checkCommand } from './check.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { exclusionCommand } from './exclusion.ts';
import { EXIT_USAGE, endingOf } from './exit.ts';
import { ledgerCommand } from './ledger.ts';
import { guardOutput } from './output.ts';
import { plain } from './plain.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';

const NAME = 'mailflow-probe';

/** Ends the process with the command's exit code. An expected failure is a line on standard error, never a stack trace. */
export async function runProgram(args: readonly string[]): Promise<never> {
  guardOutput();
  const exitCode = await run(args);
  // A server may owe us the reply to a message for ten minutes yet: its socket must not hold up a command that has ended.
  process.exit(exitCode);
}

/** Every command with its options; a line that is wrong rejects with CommanderError. */
export function createProgram(): Command {
  const program = new Command(NAME)
    .description('Measures from outside whether a mail provider keeps its delay and availability promises.')
    .version(VERSION);
  for (const make of [
    runCommand,
    checkCommand,
    reportCommand,
    ledgerCommand,
    exclusionCommand,
    configCommand,
    demoCommand,
  ])
    program.addCommand(make());
  everyCommand(program, (command) =>
    command
      .exitOverride()
      .showHelpAfterError('(--help shows what there is)')
      .configureOutput({ outputError: (text, write) => write(`${NAME}: ${inOneLine(text)}\n`) }),
  );
  return program;
}

async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // It has said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    const { exitCode, lines } = endingOf(error);
    for (const line of lines) process.stderr.write(`${NAME}: ${plain(line)}\n`);
    return exitCode;
  }
}

/** Commander begins with `error: ` and puts its suggestion on a line of its own. */
function inOneLine(text: string): string {
  return plain(text.replace(/^error: /, ''));
}

function everyCommand(command: Command, action: (command: Command) => void): void {
  action(command);
  for (const child of command.commands) everyCommand(child, action);
}
