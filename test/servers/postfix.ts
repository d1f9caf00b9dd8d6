/** A private Postfix for tests: MX, submission in both kinds of TLS, relay of `sink.test` to a port of the test's. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Daemon, eventually, greeted, SERVER_ENVIRONMENT, startDaemon } from './daemon.ts';
import type { Guard } from './guard.ts';
import { type PostfixOptions, type PostfixSettings, parameters, services } from './postfix-config.ts';
import { livingProcesses } from './processes.ts';
import { systemGroup, systemUser } from './system-users.ts';

export interface Postfix {
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Applies other settings to the next connections and deliveries, once those under way have ended. */
  reconfigure(settings: PostfixSettings): Promise<void>;
  /** Attempts everything deferred, once the deliveries under way have ended. */
  flush(): Promise<void>;
  /** Stops the queue manager alone. */
  hold(): Promise<void>;
  release(): void;
}

const MASTER = '/usr/lib/postfix/sbin/master';
/** Programs of Postfix wait about 2 s when main.cf has just been written. */
const CONFIG_AGE_SECONDS = 10;
/** Ended by a reload at once and together with every idle process; one with an open session ends after it. */
const RELOADED = ['qmgr', 'trivial-rewrite'];
const run = promisify(execFile);

export function socketFolder(root: string): string {
  return join(root, 'postfix/queue/private');
}

export async function preparePostfix(guard: Guard, options: PostfixOptions): Promise<Postfix> {
  const folder = join(options.root, 'postfix');
  const etc = join(folder, 'etc');
  const logFile = join(options.root, 'maillog');
  const errFile = join(options.root, 'postfix.err');
  await makeFolders(folder);
  const configure = async (settings: PostfixSettings) => {
    const file = join(etc, 'main.cf');
    const lines = Object.entries(parameters(options, settings)).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(file, lines.join(''));
    const then = Date.now() / 1000 - CONFIG_AGE_SECONDS;
    await utimes(file, then, then);
  };
  await configure(options.settings);
  await writeFile(join(etc, 'master.cf'), services(options));
  let daemon: Daemon | null = null;
  let held: number | null = null;
  const master = () => {
    if (daemon === null) throw new Error('Postfix does not run');
    return daemon;
  };
  const release = () => {
    if (held !== null) process.kill(held, 'SIGCONT');
    held = null;
  };
  // A message that a new queue manager or a new attempt finds locked by a delivery under way waits 300 s.
  const idle = async () => {
    if (held !== null) throw new Error('the queue is held: release it first');
    await eventually('an end of the deliveries under way', async () => {
      const queues = await Promise.all(['incoming', 'active'].map((name) => readdir(join(folder, 'queue', name))));
      return queues.flat().length === 0 ? true : undefined;
    });
  };
  return {
    async start() {
      if (daemon !== null) throw new Error('Postfix runs already');
      daemon = startDaemon(guard, MASTER, ['-c', etc, '-d'], errFile);
      await greeted(options.host, options.ports.mx, daemon, [errFile, logFile]);
    },
    async stop() {
      release();
      await daemon?.stop();
      daemon = null;
    },
    async kill() {
      held = null;
      await daemon?.kill();
      daemon = null;
    },
    async reconfigure(settings) {
      const running = master();
      const { pid } = running;
      await idle();
      const old = (await livingProcesses()).filter(({ parent, name }) => parent === pid && RELOADED.includes(name));
      await configure(settings);
      running.signal('SIGHUP');
      await eventually('a reload of Postfix', async () => {
        const living = new Set((await livingProcesses()).map((one) => one.pid));
        return old.some((one) => living.has(one.pid)) ? undefined : true;
      });
    },
    async flush() {
      await idle();
      await run('/usr/sbin/postqueue', ['-c', etc, '-f'], { env: SERVER_ENVIRONMENT });
    },
    async hold() {
      if (held !== null) return;
      const { pid } = master();
      const manager = await eventually("Postfix's queue manager", async () =>
        (await livingProcesses()).find(({ parent, name }) => parent === pid && name === 'qmgr'),
      );
      held = manager.pid;
      process.kill(held, 'SIGSTOP');
    },
    release,
  };
}

/** What `postfix check` would create, without its second of shell. */
async function makeFolders(folder: string): Promise<void> {
  const [postfix, postdrop] = await Promise.all([systemUser('postfix'), systemGroup('postdrop')]);
  const make = async (path: string, mode: number, uid: number, gid: number) => {
    await mkdir(join(folder, path), { recursive: true });
    await chown(join(folder, path), uid, gid);
    await chmod(join(folder, path), mode);
  };
  await make('.', 0o755, 0, 0);
  await make('etc', 0o755, 0, 0);
  await make('queue', 0o755, 0, 0);
  await make('queue/pid', 0o755, 0, 0);
  await make('data', 0o700, postfix.uid, postfix.gid);
  await make('queue/maildrop', 0o1730, postfix.uid, postdrop);
  await make('queue/public', 0o2710, postfix.uid, postdrop);
  for (const name of [
    'active',
    'bounce',
    'corrupt',
    'defer',
    'deferred',
    'flush',
    'hold',
    'incoming',
    'private',
    'saved',
    'trace',
  ]) {
    await make(`queue/${name}`, 0o700, postfix.uid, 0);
  }
}
