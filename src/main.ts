/** Entry: arguments to a command to an exit code. */
import { runProgram } from './cli/program.ts';

await runProgram(process.argv.slice(2));
