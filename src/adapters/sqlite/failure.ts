/** What goes wrong with a ledger, as one error type that names the folder and the rule. */

export type LedgerErrorCode =
  | 'MISSING'
  | 'EXISTS'
  | 'ARCHIVED'
  | 'NOT_FINAL'
  | 'NOTHING'
  | 'CHANGED'
  | 'NOT_A_LEDGER'
  | 'NOT_A_BUNDLE'
  | 'TOO_NEW'
  | 'TOO_OLD'
  | 'DISK_FULL'
  | 'BUSY'
  | 'READ_ONLY'
  | 'DAMAGED'
  | 'UNENCODABLE'
  | 'CLOSED'
  | 'WORKER_DIED'
  | 'FAILED';

/** `cause` is SQLite's own error where there is one. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** What is left to do about a ledger that is no longer whole. Never to remove anything: also what is broken is evidence. */
export const WAY_OUT = 'restore a backup, or keep the folder aside and name another to begin anew';

export const SQLITE_BUSY = 5;

/** SQLite's primary result codes (sqlite.org/rescode.html), each with our code and the rule that was broken. */
const RULES = new Map<number, readonly [LedgerErrorCode, string]>([
  [3, ['READ_ONLY', 'this user must be allowed to use the folder']],
  [SQLITE_BUSY, ['BUSY', 'no other process may hold it for long']],
  [6, ['BUSY', 'no other connection may hold it for long']],
  [8, ['READ_ONLY', 'it must be open for writing, in a folder this user may write']],
  [10, ['FAILED', 'the disk must read and write without an error']],
  [11, ['DAMAGED', `the file must be an intact database: ${WAY_OUT}`]],
  [13, ['DISK_FULL', 'the disk must have room']],
  [14, ['READ_ONLY', 'this user must be allowed to open the files in the folder']],
  [26, ['NOT_A_LEDGER', `the file must be an SQLite database: ${WAY_OUT}`]],
]);
/** The same of what the file system itself refuses, by Node's code. */
const FILE_RULES = new Map<string, readonly [LedgerErrorCode, string]>([
  ['ENOSPC', ['DISK_FULL', 'the disk must have room']],
  ['EDQUOT', ['DISK_FULL', 'the quota must have room']],
  ['EROFS', ['READ_ONLY', 'the file system must be mounted for writing']],
  ['EACCES', ['READ_ONLY', 'this user must be allowed to use the folder']],
  ['EPERM', ['READ_ONLY', 'this user must be allowed to use the folder']],
]);
/** The low byte of an extended result code is the primary one. */
const PRIMARY_CODE_MASK = 0xff;

/** The primary result code of an error thrown by node:sqlite, null for any other error. */
export function sqliteCode(error: unknown): number | null {
  const errcode = error instanceof Error && 'errcode' in error ? error.errcode : null;
  return typeof errcode === 'number' ? errcode & PRIMARY_CODE_MASK : null;
}

function fileCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `doing` completes "cannot …": `append to the ledger`. `place` is the folder or file. */
export function ledgerError(doing: string, place: string, cause: unknown): LedgerError {
  if (cause instanceof LedgerError) return cause;
  const text = messageOf(cause);
  const [code, rule] = ruleFor(cause);
  return new LedgerError(code, `cannot ${doing} in ${place}: ${rule === null ? text : `${rule} (${text})`}`, { cause });
}

function ruleFor(cause: unknown): readonly [LedgerErrorCode, string | null] {
  // Every text in the ledger is JSON that we wrote.
  if (cause instanceof SyntaxError) return ['DAMAGED', `every row must be as it was written: ${WAY_OUT}`];
  return RULES.get(sqliteCode(cause) ?? -1) ?? FILE_RULES.get(fileCode(cause)) ?? ['FAILED', null];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
