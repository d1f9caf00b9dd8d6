/** The operations guide keeps its word: commands, metrics, queries, alerts, log messages and links that it names are there. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { parseSync, Visitor } from 'oxc-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/adapters/prometheus/metrics.ts';
import { findContract } from '../../src/app.ts';
import { EXIT_NOT_NOW, EXIT_PART_DIED, EXIT_UNSOUND, EXIT_USAGE } from '../../src/cli/exit.ts';
import { createProgram } from '../../src/cli/program.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { alertingRules } from '../config/rule-files.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeWith, PROMTOOL } from '../servers/available.ts';

const PROJECT = join(import.meta.dirname, '../..');
const GUIDE = readFileSync(join(PROJECT, 'config/OPERATIONS.md'), 'utf8');
const ALERTS = alertingRules().map(({ alert }) => alert);

/** The lines of every block of this language, however far it is indented. */
function blocks(language: string): readonly string[] {
  const found = GUIDE.matchAll(new RegExp(`^ *\`\`\`${language}\\n(?<text>[\\s\\S]*?)^ *\`\`\`$`, 'gm'));
  return [...found]
    .flatMap(({ groups }) => (groups?.['text'] ?? '').split('\n').map((line) => line.trim()))
    .filter(Boolean);
}
const rules = globSync('config/prometheus/**/*.yml', { cwd: PROJECT }).map((file) =>
  readFileSync(join(PROJECT, file), 'utf8'),
);
const headings = [...GUIDE.matchAll(/^#+ (?<text>.+)$/gm)].map(({ groups }) => groups?.['text'] ?? '');
/** As GitHub makes it of a heading. */
const anchors = headings.map((text) =>
  text
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-'),
);

describe('an alert', () => {
  test.each(ALERTS)('%s has a section that says what it means, what it costs, how to look and what to do', (alert) => {
    const section = GUIDE.split(/^### /m).find((each) => each.startsWith(`${alert}\n`));
    const parts = [...(section ?? '').matchAll(/^\*\*(?<part>[^*:]+):\*\*/gm)].map(({ groups }) => groups?.['part']);
    expect(parts).toEqual(['Means', 'For the contract', 'Look', 'Do']);
  });

  test('leads to its section', () => {
    const links = rules.flatMap((text) =>
      [...text.matchAll(/OPERATIONS\.md#(?<anchor>[\w-]+)/g)].map(({ groups }) => groups?.['anchor']),
    );
    expect(links.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
  });
});

test('every link leads somewhere, and every file that is named is there', () => {
  const links = [...GUIDE.matchAll(/\]\(#(?<anchor>[^)]+)\)/g)].map(({ groups }) => groups?.['anchor'] ?? '');
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  const files = [...GUIDE.matchAll(/`(?<file>(?:test|src|config)\/[\w./-]+)`/g)].map(
    ({ groups }) => groups?.['file'] ?? '',
  );
  expect(files.filter((file) => !existsSync(join(PROJECT, file)))).toEqual([]);
});

describe('a command', () => {
  const inText = [...GUIDE.matchAll(/`(?<line>mailflow-probe [a-z-][^`…]*)`/g)].map(
    ({ groups }) => groups?.['line'] ?? '',
  );
  const lines = [...new Set([...blocks('sh').filter((line) => line.startsWith('mailflow-probe')), ...inText])];

  test('is named more than a dozen times', () => expect(lines.length).toBeGreaterThan(12));

  /** What a shell hands to the command; without what comes after a pipe. */
  const argumentsOf = (line: string): readonly string[] =>
    [...line.split(' | ')[0]!.matchAll(/"(?<quoted>[^"]*)"|(?<word>[^\s"]+)/g)]
      .map(({ groups }) => groups?.['quoted'] ?? groups?.['word'] ?? '')
      .slice(1);
  /** The command line as it is, with nothing behind it. */
  function idle(command: Command): Command {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(idle);
    return command;
  }
  const parse = (line: string): Promise<unknown> =>
    idle(createProgram())
      .parseAsync(argumentsOf(line), { from: 'user' })
      .catch((error: unknown) => {
        if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
      });

  test.each(lines)('%s is one that there is, with its options', (line) => expect(parse(line)).resolves.not.toThrow());

  test.each([
    'mailflow-probe ledger restore /tmp/a.db',
    'mailflow-probe check --provider acme --path sideways',
    'mailflow-probe report --of 2026-11',
    'mailflow-probe exclusion add --provider acme',
    'mailflow-probe ledger backup',
  ])('%s would be told', (line) => expect(parse(line)).rejects.toThrow(CommanderError));
});

describe('a metric', () => {
  let text: string;
  beforeAll(async () => {
    const contract = await findContract('enterprise-mail-sla', null);
    if (!contract.ok) throw new Error('the contract that ships must be read');
    const metrics = createMetrics({
      version: '0',
      lines: PATHS.map((path) => ({ provider: 'acme', path })),
      held: [{ provider: 'acme', contract: contract.terms }],
      clock: new VirtualClock(),
      lagSeconds: () => 0,
    });
    metrics.partStands('ledger', null, true);
    text = (await metrics.render()).body;
  });

  const named = [...GUIDE.matchAll(/\b(?<name>mailflow_[a-z_]+[a-z])(?:\{(?<labels>[^}]*)\})?/g)]
    .map(({ groups }) => ({ name: groups?.['name'] ?? '', labels: groups?.['labels'] ?? '' }))
    .filter(({ name }) => name !== 'mailflow_sla');

  test.each(named)('$name{$labels} is there from the start', ({ name, labels }) => {
    const wanted = labels.split(',').filter(Boolean);
    const series = text.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));
    expect(series.filter((line) => wanted.every((label) => line.includes(label.trim()))).length).toBeGreaterThan(0);
  });
});

describeWith(PROMTOOL, 'a query', () => {
  test('is one that Prometheus understands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailflow-queries-'));
    try {
      const queries = blocks('promql');
      expect(queries.length).toBeGreaterThan(15);
      const group = { name: 'guide', rules: queries.map((expr, index) => ({ record: `guide:${index}`, expr })) };
      // JSON is YAML.
      writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [group] }));
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', join(folder, 'rules.yml')], {
        encoding: 'utf8',
      });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toContain(`${queries.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the log', () => {
  /** Each message of a source at info or above with its level; what a part says when it fails and works again, too. */
  function messagesOf(file: string): readonly { readonly level: string; readonly text: string }[] {
    const { program } = parseSync(file, readFileSync(join(PROJECT, file), 'utf8'));
    const found: { level: string; text: string }[] = [];
    new Visitor({
      CallExpression({ callee, arguments: [first] }) {
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        const on = callee.object;
        const name =
          on.type === 'Identifier'
            ? on.name
            : on.type === 'MemberExpression' && on.property.type === 'Identifier'
              ? on.property.name
              : '';
        if (name === 'log' && first?.type === 'Literal' && typeof first.value === 'string')
          found.push({ level: callee.property.name, text: first.value });
      },
      ObjectExpression({ properties }) {
        const values = new Map(
          properties.flatMap((each) =>
            each.type === 'Property' && each.key.type === 'Identifier' && each.value.type === 'Literal'
              ? [[each.key.name, String(each.value.value)]]
              : [],
          ),
        );
        const [fails, works] = [values.get('fails'), values.get('works')];
        if (fails === undefined || works === undefined) return;
        found.push({ level: values.get('level') ?? 'error', text: fails }, { level: 'info', text: works });
      },
    }).visit(program);
    return found.filter(({ level }) => level !== 'debug');
  }
  const messages = globSync('src/**/*.ts', { cwd: PROJECT }).flatMap(messagesOf);
  const rows = GUIDE.split('\n').filter((line) => line.startsWith('| `'));

  test('says more than twenty things', () => expect(messages.length).toBeGreaterThan(20));

  test.each(messages)('says at $level what the guide explains: $text', ({ level, text }) => {
    const row = rows.find((each) => each.includes(`\`${text}\``));
    expect(row?.split('|')[2]?.trim()).toBe(level);
  });

  test('says everything that the guide explains', () => {
    const explained = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`(?<text>[^`]+)`/g)].map(({ groups }) => groups?.['text'] ?? ''),
    );
    const texts = messages.map(({ text }) => text);
    expect(explained.filter((text) => text.includes(' ') && !texts.includes(text))).toEqual([]);
  });
});

test('every exit code that a command gives has its row', () => {
  const codes = [0, EXIT_USAGE, EXIT_UNSOUND, EXIT_PART_DIED, 70, EXIT_NOT_NOW, 137];
  expect(codes.filter((code) => !GUIDE.includes(`\n| ${code} | `))).toEqual([]);
});
