/** Whatever the bytes, reading a configuration ends in settings or in problems that point into the file. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ENVIRONMENT, folderWith, readSettings } from './folder.ts';

const EXAMPLE = readFileSync('config/example.yml', 'utf8')
  .split('\n')
  .filter((line) => !/^\s*#/.test(line))
  .join('\n');
/** Characters that mean something to YAML, and a few that mean nothing to anyone. */
const fragment = fc.oneof(
  fc.constantFrom(
    ':',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '#',
    '&a ',
    '*a',
    '!x ',
    '|',
    '>',
    '"',
    "'",
    '%',
    '\t',
    '\n',
    '? ',
    '---\n',
    '<<: *a',
    '\0',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

async function endsWell(folder: string, bytes: string | Uint8Array): Promise<void> {
  const path = join(folder, 'config.yml');
  await writeFile(path, bytes);
  const lines = Buffer.from(bytes).toString('utf8').split('\n').length;
  const result = await readSettings(path, ENVIRONMENT);
  if (result.ok) return;
  expect(result.problems.length).toBeGreaterThan(0);
  for (const { line, message } of result.problems) {
    expect(line === null || (line >= 1 && line <= lines)).toBe(true);
    expect(message).not.toMatch(/\p{Cc}/u);
  }
}

test('any bytes', async () => {
  const folder = await folderWith({});
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => endsWell(folder, bytes)));
});

test('any text of YAML signs', async () => {
  const folder = await folderWith({});
  const text = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(''));
  await fc.assert(fc.asyncProperty(text, (each) => endsWell(folder, each)));
});

test('the example with a piece cut out and another put in', async () => {
  const folder = await folderWith({});
  const at = fc.nat(EXAMPLE.length);
  await fc.assert(
    fc.asyncProperty(at, fc.nat(40), fragment, (start, length, piece) =>
      endsWell(folder, EXAMPLE.slice(0, start) + piece + EXAMPLE.slice(start + length)),
    ),
  );
});

test('the example with any value in the place of any other', async () => {
  const folder = await folderWith({});
  const places = placesOf(parse(EXAMPLE));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
      const root: unknown = parse(EXAMPLE);
      place.slice(0, -1).reduce<Container>((inner, key) => inner[key] as Container, root as Container)[
        place.at(-1) ?? ''
      ] = value;
      return endsWell(folder, stringify(root));
    }),
  );
});

type Container = Record<string | number, unknown>;

function placesOf(value: unknown, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[...at, key], ...placesOf((value as Container)[key], [...at, key])]);
}
