/** Help, and what every command says to what it does not understand. */
import { expect, it, test } from 'vitest';
import { VERSION } from '../../src/app.ts';
import { run } from '../servers/command.ts';

test('--version prints the version alone', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
});

const COMMANDS = [
  [],
  ['run'],
  ['check'],
  ['ledger'],
  ['ledger', 'verify'],
  ['ledger', 'stats'],
  ['ledger', 'export'],
  ['ledger', 'backup'],
  ['config'],
  ['config', 'check'],
  ['config', 'schema'],
  ['demo'],
];

it.each(COMMANDS.map((command) => [command.join(' '), command] as const))('helps with: %s', async (name, command) => {
  const { code, stdout, stderr } = await run([...command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Usage: mailflow-probe ${name}`.trimEnd());
});

test('help names every command', async () => {
  const { stdout } = await run(['help']);
  for (const name of ['run', 'check', 'ledger', 'config', 'demo'])
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
});

it.each([[[]], [['ledger']], [['config']]])(
  'shows the help on standard error and exits 3 without a command: %j',
  async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('Usage: mailflow-probe');
  },
);

it.each([
  [['chekc'], "unknown command 'chekc'"],
  [['ledger', 'verfy'], "unknown command 'verfy'"],
  [['--nonsense'], "unknown option '--nonsense'"],
  [['check', '--nonsense'], "unknown option '--nonsense'"],
  [['check', 'extra'], "too many arguments for 'check'"],
  [['run', 'extra'], "too many arguments for 'run'"],
  [['check', '--config'], 'argument missing'],
  [['check', '--timeout', '90'], "argument '90' is invalid. It must be a duration such as 90s, 5m or 1h."],
  [['check', '--timeout', '0s'], "argument '0s' is invalid. It must be a duration such as 90s, 5m or 1h."],
  [['check', '--format', 'xml'], "argument 'xml' is invalid. Allowed choices are pretty, json, nagios, prometheus."],
  [['check', '--path', 'up'], "argument 'up' is invalid. Allowed choices are send, receive, internal."],
  [['ledger', 'backup'], "missing required argument 'file'"],
  [['demo', '--send', '-1'], "argument '-1' is invalid. It must be seconds from 0 to 86400."],
  [['demo', '--every', '0'], "argument '0' is invalid. It must be seconds from 0.2 to 86400."],
  [['demo', '--port', '65536'], "argument '65536' is invalid. It must be a port from 0 to 65535."],
  [['demo', '--format', 'json'], '--format must come with --once'],
])('says in a line or two what is wrong and exits 3: %j', async (args, text) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expect(stderr).toMatch(/^mailflow-probe: /);
  expect(stderr).toContain(text);
});
