/** Small file systems for tests: one that can be filled to the last byte, and one that can fail as a bad disk does. Root's alone. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT } from './daemon.ts';

export interface Mount {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes all room that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  /** Takes it away and puts it back, for writing or for reading alone. No process may use it. */
  remount(mode: 'rw' | 'ro'): Promise<void>;
  /** Ends everything. Happens by itself when the test process ends in any other way. */
  remove(): Promise<void>;
}
export interface FailingMount extends Mount {
  /** The kernel makes it read-only under those who write, as ext4 does at a disk's error. Ends with `remount`. */
  fail(): Promise<void>;
}

const run = promisify(execFile);
const mount = (...args: readonly string[]) => run('mount', args, { env: SERVER_ENVIRONMENT });
const BALLAST = 'ballast';
const BLOCK_BYTES = 4096;
/** The smallest on which ext4 has room for a journal. */
const DISK_BYTES = 16 * 1024 * 1024;

/** In memory. */
export async function mountMemory(bytes: number): Promise<Mount> {
  const place = await makePlace();
  try {
    await mount('-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', place.path);
  } catch (error) {
    await place.remove();
    throw error;
  }
  return mounted(place, async (mode) => void (await mount('-o', `remount,${mode}`, place.path)));
}

/** ext4 in a file. */
export async function mountDisk(): Promise<FailingMount> {
  const place = await makePlace();
  const image = join(place.folder, 'disk');
  const attach = (mode: 'rw' | 'ro') => mount('-t', 'ext4', '-o', `loop,${mode}`, image, place.path);
  try {
    await run('truncate', ['-s', String(DISK_BYTES), image], { env: SERVER_ENVIRONMENT });
    await run('mkfs.ext4', ['-q', '-F', image], { env: SERVER_ENVIRONMENT });
    await attach('rw');
  } catch (error) {
    await place.remove();
    throw error;
  }
  return {
    ...mounted(place, async (mode) => {
      await run('umount', [place.path], { env: SERVER_ENVIRONMENT });
      // What the failure left undone, as an administrator would; 1 means that it mended something.
      await run('fsck.ext4', ['-p', '-f', image], { env: SERVER_ENVIRONMENT }).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 1) throw error;
      });
      await attach(mode);
    }),
    fail: async () => void (await mount('-o', 'remount,abort', place.path)),
  };
}

interface Place {
  readonly folder: string;
  readonly path: string;
  remove(): Promise<void>;
}

function mounted(place: Place, remount: Mount['remount']): Mount {
  const ballast = join(place.path, BALLAST);
  return {
    path: place.path,
    remount,
    fill: () => fillUp(ballast),
    makeRoom: () => rmSync(ballast, { force: true }),
    remove: () => place.remove(),
  };
}

/** The end of the guard's input, brought about by the kernel when the test process dies, unmounts. */
const GUARD = 'cat >/dev/null; umount -l -- "$1/mount" 2>/dev/null; rm -rf -- "$1"';

async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mfp-mount-'));
  const path = join(folder, 'mount');
  await mkdir(path);
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
  });
  const ended = new Promise<void>((resolve, reject) => {
    guard.once('exit', () => resolve());
    guard.once('error', reject);
  });
  return {
    folder,
    path,
    async remove() {
      guard.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** First by blocks, then byte by byte. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (const size of [BLOCK_BYTES, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(descriptor, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
