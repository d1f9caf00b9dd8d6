/** Configurations that somebody mistyped, or wrote to do harm: each ends in settings or in problems with a place, and shows no secret. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { redact, settingsReader } from '../../src/adapters/config-file/read.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { Draw } from '../simulation/draw.ts';

export interface Fuzzed {
  readonly tried: number;
  /** A line each: the seed and the case, so that it can be had again, and what was wrong. */
  readonly findings: readonly string[];
}

const PROJECT = join(import.meta.dirname, '../..');
/** What no message may hold, wherever in the file it was put. */
const WORD = 'Zebra-staple-battery';
const ENVIRONMENT = { MAILFLOW_KEY: `${WORD}-in-the-environment`, ACME_PASSWORD: WORD };
/** Files that the example names, without the PEM files: those are problems, which is as good a beginning. */
const SECRET_FILES = ['http-token', 'metrics-token'];
/** The beginning of a map that names where a secret is. */
const NAMED_SECRET = /^\s*(?:key|token|password):$/;
/** Characters of a finding. */
const SHOWN_MAX = 400;

/** In the place of any value. */
const VALUES = [
  '',
  '~',
  'null',
  'true',
  '0',
  '-1',
  '1e999',
  '0x10',
  '99999999999999999999',
  '1.5',
  "''",
  '[]',
  '{}',
  '[[[[]]]]',
  '{a: {b: {c: 1}}}',
  '2026-11-29',
  '12:30',
  '!!binary aGk=',
  '!x y',
  '&a [*a]',
  '*nowhere',
  '|',
  '>-',
  '"\\u0000"',
  '"\\x1b[31m"',
  "'\u202e'",
  '../../../../etc/passwd',
  '/dev/zero',
  '/proc/self/mem',
  'constructor',
  '__proto__',
  '${HOME}',
  '$(id)',
  '%00',
  'a'.repeat(300),
  '日本.example',
  '[::1]:0',
  '::1',
  '0.0.0.0:99999',
  '1s1s',
  '9999999h',
] as const;

/** In the place of a secret's `{file: …}`: the secret itself. */
const MISPLACED = [WORD, `"${WORD}"`, `{${WORD}}`, `[${WORD}]`, `{value: ${WORD}}`] as const;

/** Whole lines, anywhere. */
const LINES = [
  '---',
  '...',
  '%YAML 1.1',
  '<<: *a',
  '? key',
  '- ',
  '\t',
  '__proto__: {agent: x}',
  'agent: twice',
  'constructor: 1',
  'key: &a {env: MAILFLOW_KEY}',
  `token: ${WORD}`,
  `  password: {${WORD}: x}`,
  `http: {token: ${WORD}}`,
  `password: ["${WORD}"]`,
] as const;

export async function fuzzConfig(seed: number, count: number, tried: () => void = () => undefined): Promise<Fuzzed> {
  const example = await readFile(join(PROJECT, 'config/example.yml'), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'mailflow-fuzz-'));
  const findings: string[] = [];
  try {
    await cp(join(PROJECT, 'config'), folder, { recursive: true });
    const secrets = join(folder, 'secrets');
    await cp(join(PROJECT, 'test/adapters/config-file/fixtures/files'), secrets, { recursive: true });
    for (const name of SECRET_FILES) await writeFile(join(secrets, name), `${WORD}\n`, { mode: 0o600 });
    for (let index = 0; index < count; index += 1) {
      const text = mutate(example, new Draw('config', seed, index));
      const wrong = await wrongWith(join(folder, 'config.yml'), text);
      tried();
      if (wrong !== null) findings.push(`config, seed ${seed}, case ${index}: ${wrong.slice(0, SHOWN_MAX)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { tried: count, findings };
}

/** A few changes, most of them small: what is wholly broken is refused at its first line. */
function mutate(example: string, draw: Draw): string {
  let lines = example.split('\n').filter((line) => !/^\s*#/.test(line) || draw.chance(0.05));
  for (let left = draw.whole(1, 4); left > 0; left -= 1) {
    const at = draw.whole(0, lines.length - 1);
    const line = lines[at] ?? '';
    switch (
      draw.pick([
        'value',
        'value',
        'value',
        'secret',
        'secret',
        'key',
        'line',
        'drop',
        'twice',
        'indent',
        'byte',
        'swap',
        'cut',
      ])
    ) {
      case 'value':
        lines[at] = line.replace(/(^\s*(?:- )?[a-z_]+:).*/, (_all, start: string) => `${start} ${draw.pick(VALUES)}`);
        break;
      case 'secret': {
        const places = [...lines.keys()].filter((each) => NAMED_SECRET.test(lines[each] ?? ''));
        const place = places[draw.whole(0, Math.max(0, places.length - 1))];
        if (place === undefined) break;
        // In the place of what names it, or the file is no YAML.
        lines.splice(place, 2, `${lines[place]} ${draw.pick(MISPLACED)}`);
        break;
      }
      case 'key':
        lines[at] = line.replace(/[a-z_]+(?=:)/, (key) =>
          draw.pick([`${key}s`, key.toUpperCase(), '', '__proto__', '"\\0"']),
        );
        break;
      case 'line':
        lines.splice(at, 0, `${' '.repeat(draw.whole(0, 8))}${draw.pick(LINES)}`);
        break;
      case 'drop':
        lines.splice(at, draw.whole(1, 6));
        break;
      case 'twice':
        lines.splice(at, 0, line);
        break;
      case 'indent':
        lines[at] = ' '.repeat(draw.whole(0, 8)) + line.trimStart();
        break;
      case 'byte': {
        const column = draw.whole(0, line.length);
        lines[at] =
          line.slice(0, column) + String.fromCodePoint(draw.whole(0, 0x2ff)) + line.slice(column + draw.whole(0, 2));
        break;
      }
      case 'swap': {
        const other = draw.whole(0, lines.length - 1);
        [lines[at], lines[other]] = [lines[other] ?? '', line];
        break;
      }
      case 'cut':
        lines = draw.chance(0.1) ? lines.slice(0, at) : lines;
        break;
    }
  }
  return lines.join('\n');
}

/** Null if it ended as it should. */
async function wrongWith(path: string, text: string): Promise<string | null> {
  await writeFile(path, text);
  try {
    const result = await settingsReader(systemRandom)(path, ENVIRONMENT);
    if (result.ok) {
      const shown = [inspect(result.settings, { depth: null }), JSON.stringify(result.settings), ...result.warnings];
      const printed = JSON.stringify(redact(result.settings));
      return [...shown, printed].some((each) => each.includes(WORD)) ? 'settings show a secret' : null;
    }
    if (result.problems.length === 0) return 'no problem is told';
    const lines = text.split('\n').length;
    for (const { line, message } of result.problems) {
      if (message.includes(WORD)) return `a message shows a secret: ${message}`;
      if (/\p{Cc}|\u202e/u.test(message)) return `a message drives a terminal: ${JSON.stringify(message)}`;
      if (line !== null && (line < 1 || line > lines)) return `a message has no place in the file: ${message}`;
      if (!message.endsWith(line === null ? `(${path})` : `(${path}:${line})`))
        return `a message has no place: ${message}`;
    }
    return null;
  } catch (error) {
    return `it threw ${inspect(error)}`;
  }
}
