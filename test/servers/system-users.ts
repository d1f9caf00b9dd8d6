/** Numeric ids of the system's mail users, which the servers run as. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

export async function systemUser(name: string): Promise<Owner> {
  const { stdout } = await run('getent', ['passwd', name]);
  const [, , uid, gid] = stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export async function systemGroup(name: string): Promise<number> {
  const { stdout } = await run('getent', ['group', name]);
  return Number(stdout.split(':')[2]);
}
