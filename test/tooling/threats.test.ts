/** Every line of the threat model names what stops the threat and a test of it; both are there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const MODEL = 'src/THREATS.md';
const COLUMNS = 4;

interface Threat {
  readonly line: number;
  readonly cells: readonly string[];
}

const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

/** The rows of all tables; `\|` stands for a bar within a cell. */
function threatsOf(text: string): readonly Threat[] {
  return text.split('\n').flatMap((row, index) => {
    if (!row.startsWith('|') || /^\|(?: who \||-)/.test(row)) return [];
    const cells = row.split(/(?<!\\)\|/).slice(1, -1);
    return [{ line: index + 1, cells: cells.map((cell) => cell.trim().replaceAll('\\|', '|')) }];
  });
}

/** Paths in backquotes, from the project's folder or from `src`. */
const filesIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([\w./{},*-]+\.\w+)`/g)].map(([, path = '']) => path);

const exists = (path: string): boolean =>
  ['', 'src'].some((folder) => globSync(path, { cwd: join(PROJECT, folder) }).length > 0);

/** What is wrong with a row; empty where nothing is. */
function complaintsOf({ cells }: Threat): readonly string[] {
  if (cells.length !== COLUMNS || cells.includes('')) return [`has ${cells.length} filled columns, not ${COLUMNS}`];
  const [, , stops = '', tests = ''] = cells;
  const missing = filesIn(stops).filter((path) => !exists(path));
  const named = [...tests.matchAll(/`?(test\/[\w./-]+\.test\.ts)`?: "(.+?)"(?=; |$)/g)];
  return [
    ...(filesIn(stops).length === 0 ? ['names no file that stops it'] : []),
    ...missing.map((path) => `no file ${path}`),
    ...(named.length === 0 ? ['names no test'] : []),
    ...named.flatMap(([, file = '', title = '']) => {
      if (!existsSync(join(PROJECT, file))) return [`no file ${file}`];
      return read(file)
        .replaceAll(/\\(?=['"`])/g, '')
        .includes(title)
        ? []
        : [`no test "${title}" in ${file}`];
    }),
  ];
}

describe('the threat model', () => {
  const threats = threatsOf(read(MODEL));

  it('names for every threat a file that stops it and a test by its title, all of which exist', () => {
    expect(threats.length).toBeGreaterThan(0);
    const complaints = threats.flatMap((threat) =>
      complaintsOf(threat).map((complaint) => `${MODEL}:${threat.line}: ${complaint}`),
    );
    expect(complaints).toEqual([]);
  });

  it('would notice a row without a test, without a file, and with one that is gone', () => {
    const wrong = threatsOf(
      [
        '| stranger | tries | `adapters/smtp-sink/limits.ts` | some test |',
        '| stranger | tries | nothing | test/tooling/threats.test.ts: "the threat model" |',
        '| stranger | tries | `adapters/gone.ts` | test/tooling/threats.test.ts: "no such title, \u0061s one can see" |',
        '| stranger | tries | `adapters/smtp-sink/limits.ts` | test/tooling/threats.test.ts: "the threat model" |',
      ].join('\n'),
    );
    expect(wrong.map((threat) => complaintsOf(threat).length)).toEqual([1, 1, 2, 0]);
  });
});
