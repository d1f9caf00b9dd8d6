/** What is wrong with a configuration: found at a key, told with its file, line, rule and value. */

/** From the root to a key; numbers are places in a list. */
export type KeyPath = readonly (string | number)[];

/** A rule that is not kept, before it is known where in the file. */
export interface Finding {
  readonly path: KeyPath;
  /** Reads on from the key: `must be at least 10s`. */
  readonly rule: string;
  /** Null shows none; left out, the value is the one in the file. */
  readonly value?: string | null;
  /** Where it stands, if not at the key. */
  readonly offset?: number;
}

export interface Problem {
  readonly file: string;
  /** From 1; null where the file could not be read at all. */
  readonly line: number | null;
  /** `routes[2].every`, empty for the file as a whole. */
  readonly key: string;
  readonly rule: string;
  /** As the file has it, shortened; null where there is none to show, and never part of a secret. */
  readonly value: string | null;
  /** `routes[2].every must be at least 10s, is 2s (config/mailflow-probe.yml:14)`. */
  readonly message: string;
}

/** A value longer than this does not help to find it. */
const SHOWN_LENGTH_MAX = 60;
/** Whatever stands at or under these keys may be a secret that was put in the wrong place. */
const SECRET_KEYS: ReadonlySet<string | number> = new Set(['key', 'token', 'password']);

export function problem(file: string, line: number | null, finding: Omit<Finding, 'offset'>): Problem {
  const key = keyName(shownPath(finding.path));
  const value = finding.value ?? null;
  const at = line === null ? file : `${file}:${line}`;
  const is = value === null ? '' : `, is ${value}`;
  return {
    file,
    line,
    key,
    rule: finding.rule,
    value,
    message: `${key === '' ? 'the file' : key} ${finding.rule}${is} (${at})`,
  };
}

/** `routes[2].every`. */
export function keyName(path: KeyPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${shorten(step)}`))
    .join('')
    .replace(/^\./, '');
}

export function isSecret(path: KeyPath): boolean {
  return path.some((step) => SECRET_KEYS.has(step));
}

/** The path as far as it may be shown: what stands in place of `file` and `env` may be the secret itself. */
function shownPath(path: KeyPath): KeyPath {
  const at = path.findIndex((step) => SECRET_KEYS.has(step));
  if (at < 0) return path;
  const origin = path[at + 1];
  return path.slice(0, origin === 'file' || origin === 'env' ? at + 2 : at + 1);
}

/** A value in a few words; null if there is none. */
export function show(value: unknown): string | null {
  if (value === undefined) return null;
  if (value === null || value === '') return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  // Text that another rule would take for a number or a truth keeps its quotation marks.
  const quote = typeof value === 'string' && /^(?:[\d.+-]+|true|false|null)$/.test(value) ? "'" : '';
  return `${quote}${shorten(`${value as string | number | boolean}`)}${quote}`;
}

function shorten(text: string): string {
  // Escaped, so that a message stays one line and cannot steer a terminal.
  const plain = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return plain.length > SHOWN_LENGTH_MAX ? `${plain.slice(0, SHOWN_LENGTH_MAX)}…` : plain;
}

/** What stands at a path, undefined if nothing does. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
