/** Server processes for tests: how one is started, awaited and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from './guard.ts';
import { livingProcesses } from './processes.ts';

/** Far beyond what a start or a stop takes (about a second) even on a busy machine. */
const SERVER_PATIENCE_MS = 20_000;
const POLL_MS = 20;
/** Enough to see what a server was at. */
const LOG_LINES = 30;

/** What a server sees of the caller's environment: nothing that could point it at a system configuration. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface Daemon {
  readonly pid: number;
  /** False once the process itself has ended. */
  alive(): boolean;
  /** Sends the signal to the process alone. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL of whatever is left of its process group. */
  stop(): Promise<void>;
  /** SIGKILL of its process group at once. */
  kill(): Promise<void>;
}

/** Runs `command` as the leader of its own process group under the guard, with all three descriptors off the caller's. */
export function startDaemon(guard: Guard, command: string, args: readonly string[], logFile: string): Daemon {
  const log = openSync(logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: SERVER_ENVIRONMENT, cwd: '/' });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  if (pid === undefined) {
    // Emitted later, when the error below has said it already.
    child.once('error', () => undefined);
    throw new Error(`cannot run ${command}`);
  }
  guard.watch(pid);
  child.unref();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const alive = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    child.ref();
    killGroup(pid, 'SIGKILL');
    if (alive()) await exited;
    // Its children hold its ports until they, too, have gone.
    await eventually(`the end of ${command}`, async () =>
      (await livingProcesses()).some(({ group }) => group === pid) ? undefined : true,
    );
    guard.forget(pid);
  };
  return {
    pid,
    alive,
    signal: (signal) => void process.kill(pid, signal),
    async stop() {
      child.ref();
      if (alive()) {
        process.kill(pid, 'SIGTERM');
        await Promise.race([exited, sleep(SERVER_PATIENCE_MS, undefined, { ref: false })]);
      }
      await kill();
    },
    kill,
  };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until `attempt` gives something, at most `patienceMs`; `what` names it in the error. */
export async function eventually<T>(
  what: string | (() => string),
  attempt: () => T | undefined | Promise<T | undefined>,
  patienceMs: number = SERVER_PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() > deadline) {
      throw new Error(`not within ${patienceMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(POLL_MS);
  }
}

/** Resolves when a server greets on the port; rejects with the end of its logs when it died first. */
export async function greeted(host: string, port: number, daemon: Daemon, logFiles: readonly string[]): Promise<void> {
  try {
    await eventually(`a greeting on port ${port}`, async () => {
      if (!daemon.alive()) throw new Error(`the server for port ${port} has ended`);
      return (await greeting(host, port)) ? true : undefined;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${logFiles.map(tail).join('\n')}`, { cause: error });
  }
}

function greeting(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(SERVER_PATIENCE_MS, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** The end of a log, for an error's message. */
export function tail(file: string): string {
  try {
    return `${file}:\n${readFileSync(file, 'utf8').split('\n').slice(-LOG_LINES).join('\n')}`;
  } catch {
    return `${file}: not written`;
  }
}
