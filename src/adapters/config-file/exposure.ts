/**
 * Who else may get at a file. What says whom to trust, the configuration and authorities, others must not change. A secret they must
 * neither read nor change, and one that the configuration names the group must not change. It may read: systemd hands credentials over as 0440 (an ACL's mask), and Kubernetes with `fsGroup` and `defaultMode: 0440`.
 *
 * Container runtimes mount their secrets under /run/secrets, by default as 0444 and root's, and compose as the file was on the host: there
 * others may read, for in a container there is nobody else, and the agent's user may not be able to otherwise.
 */
import type { Stats } from 'node:fs';

/** What a file is to the agent: no secret, though it says whom to trust; a secret that somebody else made; or a key of its own making. */
export type Keeping = 'open' | 'secret' | 'own-key';

const OTHERS = 0o007;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
/** The second is the same folder on most systems. */
const MOUNTED_SECRETS = ['/run/secrets/', '/var/run/secrets/'];

/** Null if the file may be used; else what is asked of it, reading on from "a file that". `path` is absolute. */
export function exposureOf(stats: Pick<Stats, 'mode' | 'isFile'>, path: string, keeping: Keeping): string | null {
  // A pipe or a socket is for whoever opened it.
  if (!stats.isFile()) return null;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  if (keeping === 'open')
    return (stats.mode & OTHERS_WRITE) === 0
      ? null
      : `others cannot change (${path} has mode ${mode}: chmod o-w ${path})`;
  const isMounted = keeping === 'secret' && MOUNTED_SECRETS.some((folder) => path.startsWith(folder));
  // A key of the agent's own lies in its data folder, which `fsGroup` may open to the group, ledger and all.
  const refused = (isMounted ? OTHERS_WRITE : OTHERS) | (keeping === 'secret' ? GROUP_WRITES : 0);
  if ((stats.mode & refused) === 0) return null;
  return `others can neither read nor change (${path} has mode ${mode}: chmod 600 ${path})`;
}
