/** Holds a value against the schema: findings in our words, and whatever of it is sound for the rules that come after. */
import type { z } from 'zod';
import { type Finding, isSecret, type KeyPath, keyName, valueAt } from './problem.ts';
import { type ConfigFile, configSchema, settingsSchema } from './schema.ts';

/** Sound as far as it goes: anything may be missing, what is there keeps the schema. */
export type Draft<T> = T extends readonly (infer E)[]
  ? readonly (Draft<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Draft<T[K]> | undefined }
    : T;

export interface Shape {
  /** Null if anything is amiss. */
  readonly file: ConfigFile | null;
  readonly draft: Draft<ConfigFile>;
  readonly findings: readonly Finding[];
}

export function checkShape(value: unknown): Shape {
  if (value === null)
    return { file: null, draft: {}, findings: [{ path: [], rule: 'must not be empty', value: null }] };
  const parsed = configSchema.safeParse(value, { error: wording });
  if (parsed.success) return { file: parsed.data, draft: parsed.data, findings: [] };
  const findings = findingsOf(parsed.error.issues, value, knownKeys(settingsSchema()));
  return { file: null, draft: without(value, findings), findings: firstOfEach(findings) };
}

/** What a schema, any of them, found amiss in a value it was given with `wording`; a value may break two rules. */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  keysAt: (path: KeyPath) => readonly string[],
): readonly Finding[] {
  const strangers = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? strangersOf(issue, keysAt) : []));
  const misfits = issues.filter((issue) => issue.code !== 'unrecognized_keys').map((issue) => misfitOf(issue, value));
  // A key that is missing because it was misspelt is told once, where it stands.
  const meant = new Set(
    strangers.map(({ parent, nearest }) => (nearest === null ? null : keyName([...parent, nearest]))),
  );
  return [
    ...strangers.map(strangerFinding),
    ...misfits.filter(({ path, rule }) => rule !== REQUIRED || !meant.has(keyName(path))),
  ];
}

const REQUIRED = 'is required';

interface Stranger {
  readonly parent: KeyPath;
  readonly key: string;
  readonly nearest: string | null;
}

function strangersOf(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  keysAt: (path: KeyPath) => readonly string[],
): readonly Stranger[] {
  const parent = pathOf(issue);
  const known = keysAt(parent);
  // A key of another shape of this map is no slip.
  return issue.keys.map((key) => ({ parent, key, nearest: known.includes(key) ? null : suggest(key, known) }));
}

function strangerFinding({ parent, key, nearest }: Stranger): Finding {
  const hint = nearest === null ? '' : `, did you mean '${nearest}'?`;
  // In a secret's place the key may be the secret: `{hunter2}`.
  if (isSecret(parent)) return { path: parent, rule: `must have one of file and env${hint}` };
  return { path: [...parent, key], rule: `is not a known key${hint}`, value: null };
}

function misfitOf(issue: z.core.$ZodIssue, root: unknown): Finding {
  const path = pathOf(issue);
  const value = valueAt(root, path);
  if (value === undefined) return { path, rule: REQUIRED };
  return { path, rule: issue.message, ...(value === '' ? { value: null } : {}) };
}

function pathOf(issue: z.core.$ZodIssue): KeyPath {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** The rule broken, where the schema itself does not word it. */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map(String))}`;
    case 'too_small':
      if (issue.origin === 'array') return 'must have at least one entry';
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_union':
      return Array.isArray(issue['options']) ? `must be ${oneOf(issue['options'].map(String))}` : undefined;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value that breaks two rules at once is told the first. */
export function firstOfEach(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ path }) => {
    const key = JSON.stringify(path);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A copy without what broke the schema. List entries leave a gap, so that the others keep their place. */
function without(value: unknown, findings: readonly Finding[]): Draft<ConfigFile> {
  const copy: unknown = structuredClone(value);
  for (const { path } of findings) {
    const parent = valueAt(copy, path.slice(0, -1));
    const last = path.at(-1);
    if (last === undefined) return {};
    if (Array.isArray(parent)) parent[Number(last)] = undefined;
    else if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, last);
  }
  // Safe by the loop above: all that is left passed the schema.
  return copy as Draft<ConfigFile>;
}

/** As much of a JSON Schema as tells which keys a map may have. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
}

/** The keys that a schema knows at a path; of a map with several shapes those of each. */
export function knownKeys(schema: SchemaNode): (path: KeyPath) => readonly string[] {
  return (path) => {
    let nodes: readonly SchemaNode[] = [schema];
    for (const step of path) {
      const inner = nodes.map((node) => (typeof step === 'number' ? node.items : node.properties?.[step]));
      nodes = inner.flatMap((node) => (node === undefined ? [] : (node.oneOf ?? [node])));
    }
    return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
  };
}

/** The likeliest of `known`: at most two slips of the keyboard away, and no more than a third of the word. */
export function suggest(word: string, known: readonly string[]): string | null {
  const slips = known.map((each) => ({ each, count: distance(plain(word), plain(each)) }));
  const best = slips.sort((one, other) => one.count - other.count)[0];
  return best !== undefined && best.count <= Math.min(2, Math.ceil(best.each.length / 3)) ? best.each : null;
}

/** camelCase and kebab-case spellings of a key are no slip at all. */
function plain(word: string): string {
  return word.slice(0, WORD_LENGTH_MAX).toLowerCase().replace(/[_-]/g, '');
}
/** No key is longer, and comparing takes the product of both lengths. */
const WORD_LENGTH_MAX = 64;

/** Insertions, deletions, replacements and swaps of neighbours from one word to another (optimal string alignment). */
function distance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      const swapped = from[i] === to[j - 1] && from[i - 1] === to[j] ? (before[j - 1] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
