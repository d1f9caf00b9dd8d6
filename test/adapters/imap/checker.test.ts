/** Checks of a mailbox: what is asked of the server, what its answers amount to, and what becomes of a kept session. */
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createMailboxChecker } from '../../../src/adapters/imap/checker.ts';
import type { MailboxSettings } from '../../../src/domain/settings.ts';
import { type Checker, type CheckReport, SESSION_SECONDS_MAX } from '../../../src/ports.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { type Answer, startScriptedServer } from './scripted-server.ts';
import { settingsFor, silentLog } from './support.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of closers.splice(0).reverse()) await end();
});

const never = (): AbortSignal => new AbortController().signal;
const isLogin = (command: string): boolean => /^(?:LOGIN |AUTHENTICATE )/.test(command);
const isAsking = (command: string): boolean => command.startsWith('STATUS ');

/** `script` may be changed by the test at any time. */
async function begin(script: (command: string) => Answer | undefined, over: Partial<MailboxSettings> = {}) {
  const told = { script };
  const server = await startScriptedServer('', (command) => told.script(command));
  closers.push(() => server.close());
  const clock = new VirtualClock();
  const checker = createMailboxChecker(settingsFor(server, over), clock, silentLog);
  closers.push(() => checker.close());
  return { server, clock, checker, told };
}

async function expire<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const done = work.then(() => true);
  while (!(await Promise.race([done, pause(10, false)]))) await clock.advance(0.5);
  return work;
}

const usual = (): undefined => undefined;
const login = (checker: Checker): Promise<CheckReport> => checker.check('login', never());
const session = (checker: Checker): Promise<CheckReport> => checker.check('session', never());

test('a login and a session are asked for the state of the inbox, and no folder is looked into', async () => {
  const { server, checker } = await begin(usual);
  for (let check = 0; check < 3; check += 1) await session(checker);
  await checker.close();
  const verbs = server.commands.map((command) => command.split(' ')[0]);
  expect(verbs.filter((verb) => verb === 'LOGIN')).toHaveLength(1);
  expect(verbs.slice(-4)).toEqual(['STATUS', 'STATUS', 'STATUS', 'LOGOUT']);
  expect(verbs.filter((verb) => /^(?:SELECT|EXAMINE|FETCH|UID|STORE)$/.test(verb ?? ''))).toEqual([]);
});

describe('a login', () => {
  test.each<[string, string, object]>([
    ['refused', 'TAG NO [AUTHENTICATIONFAILED] no', { kind: 'down', stage: 'auth', code: 'AUTHENTICATIONFAILED' }],
    ['that cannot be checked now', 'TAG NO [UNAVAILABLE] later', { kind: 'down', stage: 'auth', code: 'UNAVAILABLE' }],
    ['too much', 'TAG NO [LIMIT] slow down', { kind: 'inconclusive' }],
    ['another client of ours in the way', 'TAG NO [INUSE] locked', { kind: 'inconclusive' }],
    ['too many of our connections', 'TAG NO Connection limit exceeded', { kind: 'inconclusive' }],
    [
      'on too many connections',
      'TAG NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded',
      { kind: 'inconclusive' },
    ],
    ['that ends the connection', '* BYE going down', { kind: 'down', stage: 'auth', code: 'CLOSED' }],
  ])('%s', async (_, answer, expected) => {
    const { checker } = await begin((command) => (isLogin(command) ? [answer] : undefined));
    expect((await login(checker)).result).toMatchObject(expected);
  });

  test('whose refusal quotes the password is told without it', async () => {
    const { checker } = await begin((command) =>
      isLogin(command) ? [`TAG NO [AUTHENTICATIONFAILED] not a-secret, ${'x'.repeat(2000)}`] : undefined,
    );
    const { result } = await login(checker);
    expect(JSON.stringify(result)).not.toContain('a-secret');
    expect(JSON.stringify(result)).toContain('not ***');
    expect(JSON.stringify(result).length).toBeLessThan(600);
  });

  test('never goes out in the open where STARTTLS is required and not offered', async () => {
    const { server, checker } = await begin(usual, { security: 'starttls' });
    expect((await login(checker)).result).toMatchObject({ kind: 'down', stage: 'tls', code: 'STARTTLS_MISSING' });
    expect(server.commands.filter(isLogin)).toEqual([]);
  });

  test('that is never answered is down in time, at its stage', async () => {
    const { clock, checker } = await begin((command) => (isLogin(command) ? [] : undefined));
    const report = await expire(clock, login(checker));
    expect(report.result).toMatchObject({ kind: 'down', stage: 'auth', code: 'TIMEOUT', text: 'nothing within 18 s' });
  });

  test('at a name that does not resolve is down at dns', async () => {
    const settings = settingsFor({ host: 'nowhere.invalid', port: 143 });
    const checker = createMailboxChecker(settings, new VirtualClock(), silentLog);
    expect((await login(checker)).result).toMatchObject({ kind: 'down', stage: 'dns' });
  });

  test('at a server that speaks no TLS, where it must, is down at tls', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.end('* OK this is plain text\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const settings = settingsFor({ host: '127.0.0.1', port }, { security: 'tls' });
    const checker = createMailboxChecker(settings, new VirtualClock(), silentLog);
    expect((await login(checker)).result).toMatchObject({ kind: 'down', stage: 'tls' });
  });
});

describe('a server that lets people in', () => {
  test.each<[string, Answer, object]>([
    [
      'and cannot open their store is down',
      ['TAG NO [SERVERBUG] store'],
      { kind: 'down', stage: 'session', code: 'NO' },
    ],
    ['and says nothing of their inbox is down', ['TAG OK done'], { kind: 'down', stage: 'session', code: 'PROTOCOL' }],
    ['and asks to slow down says nothing', ['TAG NO [LIMIT] not now'], { kind: 'inconclusive' }],
  ])('%s, at a login and at the next', async (_, answer, expected) => {
    const { server, checker } = await begin((command) => (isAsking(command) ? answer : undefined));
    expect(await login(checker)).toMatchObject({ depth: 'login', result: expected });
    expect(await session(checker)).toMatchObject({ depth: 'login', result: expected });
    expect(server.commands.filter(isLogin)).toHaveLength(2);
  });

  test('and never tells what is in their inbox is down in time', async () => {
    const { clock, checker } = await begin((command) => (isAsking(command) ? [] : undefined));
    const report = await expire(clock, login(checker));
    expect(report.result).toMatchObject({
      kind: 'down',
      stage: 'session',
      code: 'TIMEOUT',
      text: 'nothing within 18 s',
    });
  });
});

describe('a kept session', () => {
  /** Answers what is asked next with `answer`, and all after it as usual. */
  const once = (answer: Answer) => {
    let asked = 0;
    return (command: string) => (isAsking(command) && (asked += 1) === 1 ? answer : undefined);
  };

  test('whose question is refused is down at session, and not used again', async () => {
    const { checker, told } = await begin(usual);
    await login(checker);
    told.script = once(['TAG NO [SERVERBUG] broken']);
    expect(await session(checker)).toMatchObject({
      depth: 'session',
      result: { kind: 'down', stage: 'session', code: 'NO' },
    });
    expect(await session(checker)).toMatchObject({ depth: 'login', result: { kind: 'up' } });
  });

  test.each(['LIMIT', 'INUSE'])('whose question is refused with [%s] says nothing of the server', async (code) => {
    const { checker, told } = await begin(usual);
    await login(checker);
    told.script = once([`TAG NO [${code}] not now`]);
    expect(await session(checker)).toMatchObject({ depth: 'session', result: { kind: 'inconclusive' } });
  });

  test.each<[string, Answer]>([
    ['says goodbye', ['* BYE idle too long']],
    ['hangs up', null],
  ])('that %s becomes a login', async (_, answer) => {
    const { checker, told } = await begin(usual);
    await login(checker);
    told.script = once(answer);
    expect(await session(checker)).toMatchObject({ depth: 'login', result: { kind: 'up' } });
  });

  test('that says nothing any more is given up for a login, which speaks for a moment of its own', async () => {
    const { clock, checker, told } = await begin(usual);
    await login(checker);
    told.script = once([]);
    const from = clock.now();
    const report = await expire(clock, session(checker));
    expect(report).toMatchObject({ depth: 'login', result: { kind: 'up' } });
    expect((report.began.monoUs - from.monoUs) / 1e6).toBe(5);
  });

  test('is renewed when it is too old', async () => {
    const { server, clock, checker } = await begin(usual);
    await login(checker);
    await clock.advance(SESSION_SECONDS_MAX + 1);
    expect((await session(checker)).depth).toBe('login');
    expect(server.commands.filter((command) => command === 'LOGOUT')).toHaveLength(1);
  });

  test('ends with an abort', async () => {
    const { checker, server, told } = await begin(usual);
    await login(checker);
    const stop = new AbortController();
    told.script = (command) => {
      if (isAsking(command)) stop.abort();
      return isAsking(command) ? [] : undefined;
    };
    const report = await checker.check('session', stop.signal);
    expect(report).toMatchObject({ depth: 'session', result: { kind: 'inconclusive' } });
    expect(server.commands.at(-1)).toMatch(/^STATUS /);
  });
});

test('a depth that a mailbox cannot be checked at is a bug', async () => {
  const { checker } = await begin(usual);
  await expect(checker.check('recipient', never())).rejects.toThrow('session or login, not recipient');
});
