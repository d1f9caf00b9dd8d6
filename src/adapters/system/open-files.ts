/** How many files the process may still open: at none left, the kernel's connections are closed at once, and Node says nothing of it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Null where the host does not tell (no /proc). */
export function filesLeft(): number | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit) - readdirSync('/proc/self/fd').length;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    // Too many are open for even this one.
    return error.code === 'EMFILE' || error.code === 'ENFILE' ? 0 : null;
  }
}
