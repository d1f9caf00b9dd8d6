/** Makes a key file in the data folder: once, whole, and for its owner alone. */
import { link, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './files.ts';

/**
 * Written and synchronised in a folder of its own, then linked: a link appears whole, and never over another's. Resolves too where
 * another process was first; whoever reads the file then gets that one's. Rejects with the system's error.
 */
export async function makeKeyFile(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const workshop = await mkdtemp(join(folder, `${name}.`));
  try {
    const draft = join(workshop, name);
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
    await link(draft, join(folder, name)).catch(ignoreExisting);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  await using entry = await open(folder, 'r');
  await entry.sync();
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}
