/** A network of a test's own for the daemon: a namespace with a line to the provider that can be cut without a word, and one for the test. */
import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT } from './daemon.ts';

export interface Network {
  /** Where the provider listens, outside the namespace. */
  readonly providerHost: string;
  /** Where the daemon's sink listens, on the line that can be cut. */
  readonly sinkHost: string;
  /** Where the daemon's HTTP interface listens, on the line that cannot. */
  readonly httpHost: string;
  /** What to put before a command line so that it runs inside. Names are asked of a server at `providerHost`, port 53. */
  readonly inside: readonly string[];
  /** From now on what either end sends is lost: no reset, no unreachable, as on a line that was dug up. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Ends everything. Happens by itself when the test process ends in any other way. */
  remove(): Promise<void>;
}

/** Set apart for tests of networks (RFC 2544): nobody is reached there. */
const PREFIX = '198.18';
/** A link-layer address that nobody has (locally administered). */
const NOBODY = '02:00:00:00:00:99';
/** What `ip netns exec` puts in the place of /etc/resolv.conf. */
const NAMES_FOLDER = '/etc/netns';
/** The end of the guard's input, brought about by the kernel when the test process dies, takes everything away. */
const GUARD = `cat >/dev/null; ip netns del "$1"; rm -rf -- "${NAMES_FOLDER}/$1"; rmdir --ignore-fail-on-non-empty ${NAMES_FOLDER}`;

const run = promisify(execFile);
const ip = (...args: readonly string[]) => run('ip', args, { env: SERVER_ENVIRONMENT });

export async function makeNetwork(): Promise<Network> {
  const id = randomInt(0, 256);
  const name = `mfp-${id}-${process.pid}`;
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
  });
  const ended = once(guard, 'exit');
  const remove = async (): Promise<void> => {
    guard.stdin.end();
    await ended;
  };
  const [mail, http] = [`mfpm${id}`, `mfph${id}`];
  const address = (last: number): string => `${PREFIX}.${id}.${last}`;
  const [providerHost, sinkHost, testHost, httpHost] = [address(1), address(2), address(5), address(6)];
  /** The other's packets go to nobody: the kernel of the end that gets them drops them. */
  const neighbours = [
    { at: [], far: sinkHost },
    { at: ['-n', name], far: providerHost },
  ] as const;
  try {
    await ip('netns', 'add', name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    await connect(name, mail, providerHost, sinkHost);
    await connect(name, http, testHost, httpHost);
    await mkdir(join(NAMES_FOLDER, name), { recursive: true });
    // Quick to give up: a test waits for it.
    await writeFile(
      join(NAMES_FOLDER, name, 'resolv.conf'),
      `nameserver ${providerHost}\noptions timeout:1 attempts:2\n`,
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    providerHost,
    sinkHost,
    httpHost,
    inside: ['ip', 'netns', 'exec', name],
    async cut() {
      for (const { at, far } of neighbours)
        await ip(...at, 'neigh', 'replace', far, 'lladdr', NOBODY, 'dev', mail, 'nud', 'permanent');
    },
    async mend() {
      for (const { at, far } of neighbours) await ip(...at, 'neigh', 'del', far, 'dev', mail);
    },
    remove,
  };
}

/** A pair of interfaces of one name, one end of it inside. */
async function connect(name: string, device: string, outside: string, inside: string): Promise<void> {
  await ip('link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', name);
  await ip('addr', 'add', `${outside}/30`, 'dev', device);
  await ip('link', 'set', device, 'up');
  await ip('-n', name, 'addr', 'add', `${inside}/30`, 'dev', device);
  await ip('-n', name, 'link', 'set', device, 'up');
}
