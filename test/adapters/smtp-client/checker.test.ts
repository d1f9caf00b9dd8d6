/** Checks of SMTP servers: what is said to them, what their answers amount to, and what becomes of a kept session. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createMxChecker, createSubmissionChecker } from '../../../src/adapters/smtp-client/checker.ts';
import type { MxSettings, SubmissionSettings } from '../../../src/domain/settings.ts';
import { CHECK_MS_MAX, type Checker, SESSION_SECONDS_MAX } from '../../../src/ports.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { CERTIFICATES, mx, never, submission } from './fixtures.ts';
import {
  close,
  refuse,
  reset,
  type Script,
  type ScriptedServer,
  silence,
  startScriptedServer,
} from './scripted-server.ts';

const login = { username: 'alice', password: 'correct horse' };
const MAILBOX = 'user@corp.test';
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of closers.splice(0).reverse()) await end();
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  closers.push(() => server.stop());
  return server;
}
async function atSubmission(script: Script = {}, over: Partial<SubmissionSettings> = {}) {
  const server = await serve(script);
  const clock = new VirtualClock();
  const checker = createSubmissionChecker(submission({ port: server.port, login, ...over }), clock);
  closers.push(() => checker.close());
  return { server, clock, checker };
}
async function atMx(script: Script = {}, over: Partial<MxSettings> = {}) {
  const server = await serve(script);
  const clock = new VirtualClock();
  return { server, clock, checker: createMxChecker(mx({ port: server.port, ...over }), MAILBOX, clock) };
}
const resultOf = async (checker: Checker, depth: Parameters<Checker['check']>[0]) =>
  (await checker.check(depth, never())).result;

/** Time passes as soon as nothing else happens for a moment. */
async function expire<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const done = work.then(() => true);
  while (!(await Promise.race([done, pause(10, false)]))) await clock.advance(0.5);
  return work;
}

describe('what is said', () => {
  test('to a submission server: a login, then one NOOP a check, then QUIT', async () => {
    const { server, checker } = await atSubmission({ offers: ['AUTH PLAIN'] });
    for (const depth of ['session', 'session', 'session'] as const) await checker.check(depth, never());
    await checker.close();
    await server.deserted();
    expect(server.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'AUTH', 'NOOP', 'NOOP', 'QUIT']);
  });

  test('to an MX: the greeting alone, or the envelope too, and never a message', async () => {
    const { server, checker } = await atMx({ offers: ['PIPELINING'] });
    await checker.check('greeting', never());
    expect(server.commands).toEqual(['EHLO agent.test', 'QUIT']);
    await checker.check('recipient', never());
    await server.deserted();
    expect(server.commands.slice(2)).toEqual([
      'EHLO agent.test',
      'MAIL FROM:<probe@agent.test>',
      `RCPT TO:<${MAILBOX}>`,
      'RSET',
      'QUIT',
    ]);
    expect(server.messages).toEqual([]);
  });

  test('after STARTTLS, EHLO again, and the certificate is shown at every depth', async () => {
    const tls = { ...CERTIFICATES.localhost, implicit: false };
    const secured = { security: 'starttls', tls: { ca: CERTIFICATES.localhost.cert, servername: null } } as const;
    const { server, checker } = await atSubmission({ tls }, secured);
    const reports = [await checker.check('login', never()), await checker.check('session', never())];
    expect(server.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'AUTH', 'NOOP']);
    expect(reports.map(({ depth, result }) => [depth, result.kind])).toEqual([
      ['login', 'up'],
      ['session', 'up'],
    ]);
    expect(reports[0]!.certificateExpiresMs).toBeGreaterThan(Date.UTC(2026, 0));
    expect(reports[1]!.certificateExpiresMs).toBe(reports[0]!.certificateExpiresMs);
    const exchange = await atMx({ tls }, secured);
    expect(await exchange.checker.check('greeting', never())).toMatchObject({
      result: { kind: 'up' },
      certificateExpiresMs: reports[0]!.certificateExpiresMs,
    });
  });

  test('nothing of a login where the settings have none', async () => {
    const { server, checker } = await atSubmission({}, { login: null });
    expect(await checker.check('login', never())).toMatchObject({ depth: 'login', result: { kind: 'up' } });
    expect(server.commands).toEqual(['EHLO agent.test']);
  });
});

describe('what answers amount to', () => {
  test.each<[string, Script, object]>([
    [
      'a greeting that refuses',
      { on: { greeting: refuse('554 5.3.2 closed') } },
      { stage: 'greeting', code: '554', text: '5.3.2 closed' },
    ],
    [
      'a shutdown',
      { on: { greeting: { reply: '421 4.3.2 going down', ending: 'close' } } },
      { stage: 'greeting', code: '421' },
    ],
    ['a wrong password', { on: { auth: refuse('535 5.7.8 no') } }, { stage: 'auth', code: '535', text: '5.7.8 no' }],
    ['a login service that fails', { on: { auth: refuse('454 4.7.0 later') } }, { stage: 'auth', code: '454' }],
    ['a connection lost at AUTH', { on: { auth: close } }, { stage: 'auth', code: 'CONNECTION_LOST' }],
    ['a reset at EHLO', { on: { ehlo: { ...reset, afterMs: 20 } } }, { stage: 'greeting', code: 'CONNECTION_LOST' }],
    ['a server that hangs up at once', { hostile: true }, { stage: 'greeting', code: 'CONNECTION_LOST' }],
    ['rubbish', { on: { greeting: refuse('hello there') } }, { stage: 'greeting', code: 'PROTOCOL' }],
  ])('%s at a submission server is down', async (_, script, expected) => {
    const { checker } = await atSubmission(script);
    expect(await resultOf(checker, 'login')).toMatchObject({ kind: 'down', ...expected });
  });

  test.each<[string, Script['on'], object]>([
    [
      'an unknown mailbox',
      { rcpt: refuse('550 5.1.1 unknown') },
      { kind: 'down', stage: 'rcpt', code: '550', text: '5.1.1 unknown' },
    ],
    ['a sender refused', { mail: refuse('553 5.1.7 who?') }, { kind: 'down', stage: 'mail', code: '553' }],
    [
      'a domain of ours that cannot be looked up',
      { mail: refuse('553 5.1.8 who?') },
      { kind: 'inconclusive', reason: 'what is looked up of us is wrong: 553 5.1.8 who?' },
    ],
    [
      'an SPF record of ours that is wrong',
      { rcpt: refuse('550 5.7.23 SPF') },
      { kind: 'inconclusive', reason: 'what is looked up of us is wrong: 550 5.7.23 SPF' },
    ],
    ['no room at MAIL', { mail: refuse('452 4.3.1 disk full') }, { kind: 'down', stage: 'mail', code: '452' }],
    ['a connection lost at RCPT', { rcpt: close }, { kind: 'down', stage: 'rcpt', code: 'CONNECTION_LOST' }],
    [
      'no room in our mailbox',
      { rcpt: refuse('552 5.2.2 over quota') },
      { kind: 'inconclusive', reason: 'our mailbox is full: 552 5.2.2 over quota' },
    ],
    ['no room at the provider', { rcpt: refuse('552 5.3.1 over quota') }, { kind: 'down', stage: 'rcpt', code: '552' }],
    [
      'greylisting',
      { rcpt: refuse('450 4.2.0 greylisted') },
      { kind: 'inconclusive', reason: 'asked to come again: 450 4.2.0 greylisted' },
    ],
    [
      'throttling',
      { mail: refuse('421 4.7.0 too many') },
      { kind: 'inconclusive', reason: 'throttled: 421 4.7.0 too many' },
    ],
  ])('%s at an MX', async (_, on, expected) => {
    const { checker } = await atMx({ on: on ?? {} });
    expect(await resultOf(checker, 'recipient')).toMatchObject(expected);
  });

  test('an MX that refuses the mailbox still greets', async () => {
    const { checker } = await atMx({ on: { rcpt: refuse('550 5.1.1 unknown') } });
    expect(await resultOf(checker, 'greeting')).toEqual({ kind: 'up' });
  });

  test('a stripped STARTTLS is down, and no password goes out in the open', async () => {
    const { server, checker } = await atSubmission(
      { on: { starttls: refuse('502 5.5.1 unknown') } },
      { security: 'starttls' },
    );
    expect(await resultOf(checker, 'login')).toMatchObject({ kind: 'down', stage: 'tls', code: 'STARTTLS_MISSING' });
    expect(server.commands.some((line) => line.startsWith('AUTH'))).toBe(false);
  });

  test.each(['greeting', 'ehlo', 'starttls', 'auth'] as const)('silence at %s is down in time', async (step) => {
    const secured = { security: 'starttls', tls: { ca: CERTIFICATES.localhost.cert, servername: null } } as const;
    const tls = { ...CERTIFICATES.localhost, implicit: false };
    const { server, clock, checker } = await atSubmission({ tls, on: { [step]: silence } }, secured);
    const report = await expire(clock, checker.check('login', never()));
    const stage = step === 'ehlo' ? 'greeting' : step === 'starttls' ? 'tls' : step;
    expect(report.result).toMatchObject({ kind: 'down', stage, code: 'TIMEOUT' });
    expect(report.seconds).toBeLessThan(CHECK_MS_MAX / 1000);
    await server.deserted();
  });

  test('a certificate that has expired is down at tls', async () => {
    const tls = { ...CERTIFICATES.expired, implicit: true };
    const secured = { security: 'tls', tls: { ca: CERTIFICATES.expired.cert, servername: null } } as const;
    const { checker } = await atSubmission({ tls }, secured);
    expect(await resultOf(checker, 'login')).toMatchObject({ kind: 'down', stage: 'tls', code: 'CERT_HAS_EXPIRED' });
  });

  test('a name that does not resolve is down at dns', async () => {
    const checker = createMxChecker(mx({ host: 'nowhere', port: 25 }), MAILBOX, new VirtualClock());
    expect(await resultOf(checker, 'greeting')).toMatchObject({ kind: 'down', stage: 'dns' });
  });

  test('words that quote the password lose it, and long ones are cut', async () => {
    const quote = Buffer.from('\0alice\0correct horse').toString('base64');
    const { checker } = await atSubmission({
      on: { auth: refuse(`535 5.7.8 ${quote} correct horse ${'x'.repeat(3000)}`) },
    });
    const result = await resultOf(checker, 'login');
    if (result.kind !== 'down') throw new Error(JSON.stringify(result));
    expect(result.text).toMatch(/^5\.7\.8 \*\*\* \*\*\* x/);
    expect(result.text.length).toBeLessThan(1100);
  });
});

describe('a kept session', () => {
  test('is asked by NOOP until it is too old, and then renewed', async () => {
    const { server, clock, checker } = await atSubmission();
    const depths: string[] = [];
    for (let minute = 0; minute <= SESSION_SECONDS_MAX / 60 + 1; minute += 1) {
      depths.push((await checker.check('session', never())).depth);
      await clock.advance(60);
    }
    // The first logs in; those of the next nine minutes ask; by then ten have passed, and clocks are not exact.
    expect(depths.map((depth) => depth[0]).join('')).toBe('lsssssssssls');
    expect(server.commands.filter((line) => line === 'QUIT')).toHaveLength(1);
  });

  test.each<[string, Script['on']]>([
    ['by FIN', { noop: close }],
    ['by RST', { noop: reset }],
    ['with a 421', { noop: { reply: '421 4.4.2 idle too long', ending: 'close' } }],
  ])('that the server ends %s becomes a login', async (_, on) => {
    const { checker } = await atSubmission({ on: on ?? {} });
    await checker.check('login', never());
    expect(await checker.check('session', never())).toMatchObject({ depth: 'login', result: { kind: 'up' } });
  });

  test('that the server ended while nobody asked becomes a login', async () => {
    const { server, checker } = await atSubmission();
    await checker.check('login', never());
    server.hangUp();
    await server.deserted();
    expect(await checker.check('session', never())).toMatchObject({ depth: 'login', result: { kind: 'up' } });
  });

  test('that says nothing any more is given up for a login, which speaks for a moment of its own', async () => {
    const { clock, checker } = await atSubmission({ on: { noop: silence } });
    await checker.check('login', never());
    const from = clock.now();
    const report = await expire(clock, checker.check('session', never()));
    expect(report).toMatchObject({ depth: 'login', result: { kind: 'up' } });
    expect((report.began.monoUs - from.monoUs) / 1e6).toBe(5);
  });

  test('that refuses NOOP is down at session, and not used again', async () => {
    const { checker } = await atSubmission({ on: { noop: refuse('502 5.5.1 no such thing') } });
    await checker.check('login', never());
    expect(await checker.check('session', never())).toMatchObject({
      depth: 'session',
      result: { kind: 'down', stage: 'session', code: '502', text: '5.5.1 no such thing' },
    });
    expect((await checker.check('session', never())).depth).toBe('login');
  });

  test('ends with an abort', async () => {
    const { server, checker } = await atSubmission({ on: { noop: silence } });
    await checker.check('login', never());
    const stop = new AbortController();
    const checking = checker.check('session', stop.signal);
    await server.reached('noop');
    stop.abort();
    expect(await checking).toMatchObject({ depth: 'session', result: { kind: 'inconclusive' } });
    await server.deserted();
  });
});

test('a depth that the server cannot be checked at is a bug', async () => {
  const { checker } = await atMx();
  await expect(checker.check('session', never())).rejects.toThrow('greeting or recipient, not session');
  const nameless = createMxChecker(mx({ port: 1 }), null, new VirtualClock());
  await expect(nameless.check('recipient', never())).rejects.toThrow('a check here is greeting, not recipient');
});
