import { afterEach, describe, expect, test } from 'vitest';
import { connectFirst } from '../../../src/adapters/smtp-client/connect.ts';
import { LIMIT_MS, within } from '../../../src/adapters/smtp-client/deadline.ts';
import { createSubmitter } from '../../../src/adapters/smtp-client/sender.ts';
import { CERTIFICATES, message, never, submission } from './fixtures.ts';
import { manualClock } from './manual-clock.ts';
import { type Script, type ScriptedServer, type Step, silence, startScriptedServer } from './scripted-server.ts';

const MINUTE = 60_000;
const login = { username: 'alice', password: 'correct horse' };
const tls = { ...CERTIFICATES.localhost, implicit: false };
const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  servers.push(server);
  return server;
}

describe('a server that falls silent', () => {
  test.each<[Step, number, object]>([
    ['greeting', 5 * MINUTE, { kind: 'unreachable', stage: 'greeting' }],
    ['ehlo', 5 * MINUTE, { kind: 'unreachable', stage: 'greeting' }],
    ['starttls', 5 * MINUTE, { kind: 'unreachable', stage: 'tls' }],
    ['ehlo-tls', 5 * MINUTE, { kind: 'unreachable', stage: 'tls' }],
    ['auth', 5 * MINUTE, { kind: 'unreachable', stage: 'auth' }],
    ['mail', 5 * MINUTE, { kind: 'unreachable', stage: 'mail' }],
    ['rcpt', 5 * MINUTE, { kind: 'unreachable', stage: 'rcpt' }],
    ['data', 2 * MINUTE, { kind: 'unreachable', stage: 'data' }],
    ['dot', 10 * MINUTE, { kind: 'uncertain' }],
  ])('at %s is given up after %d ms', async (step, limitMs, expected) => {
    const server = await serve({ tls, on: { [step]: silence } });
    const clock = manualClock();
    const settings = submission({
      port: server.port,
      security: 'starttls',
      login,
      tls: { ca: tls.cert, servername: null },
    });
    const sent = createSubmitter(settings, clock).send(message, () => {}, never());
    await server.reached(step);
    await clock.sleeping(limitMs);
    expect(clock.sleepers()).toBe(1);
    clock.expire(limitMs);
    expect(await sent).toMatchObject({ ...expected, code: 'TIMEOUT' });
    await server.deserted();
    expect(clock.sleepers()).toBe(0);
  });

  test('during the handshake of implicit TLS is given up after 2 minutes', async () => {
    const server = await serve({ on: { greeting: silence } });
    const clock = manualClock();
    const sent = createSubmitter(submission({ port: server.port, security: 'tls' }), clock).send(
      message,
      () => {},
      never(),
    );
    await clock.sleeping(LIMIT_MS.handshake);
    clock.expire(LIMIT_MS.handshake);
    expect(await sent).toMatchObject({ kind: 'unreachable', stage: 'tls', code: 'TIMEOUT' });
    await server.deserted();
  });

  test('during the handshake of STARTTLS is given up after 2 minutes', async () => {
    const server = await serve({ offers: ['STARTTLS'], on: { starttls: { ...silence, reply: '220 go' } } });
    const clock = manualClock();
    const settings = submission({ port: server.port, security: 'starttls' });
    const sent = createSubmitter(settings, clock).send(message, () => {}, never());
    await clock.sleeping(LIMIT_MS.handshake);
    clock.expire(LIMIT_MS.handshake);
    expect(await sent).toMatchObject({ kind: 'unreachable', stage: 'tls', code: 'TIMEOUT' });
    await server.deserted();
  });

  test('at QUIT is left after 2 s, its 250 stands', async () => {
    const server = await serve({ on: { quit: silence } });
    const clock = manualClock();
    const sent = createSubmitter(submission({ port: server.port }), clock).send(message, () => {}, never());
    await clock.sleeping(LIMIT_MS.quit);
    clock.expire(LIMIT_MS.quit);
    expect((await sent).kind).toBe('accepted');
    await server.deserted();
  });
});

test('a limit of one stage ends with it', async () => {
  const server = await serve({ offers: ['PIPELINING'] });
  const clock = manualClock();
  await createSubmitter(submission({ port: server.port, login }), clock).send(message, () => {}, never());
  expect(clock.sleepers()).toBe(0);
});

describe('within', () => {
  test('gives what the work gives, and sleeps no longer', async () => {
    const clock = manualClock();
    expect(await within(clock, 1000, never(), async () => 7)).toBe(7);
    expect(clock.sleepers()).toBe(0);
  });
  test('ends the work at the limit', async () => {
    const clock = manualClock();
    const result = within(clock, 1000, never(), untilCut);
    clock.expire(1000);
    await expect(result).rejects.toMatchObject({ code: 'TIMEOUT', message: 'nothing within 1 s' });
  });
  test('ends the work on an abort', async () => {
    const abort = new AbortController();
    const result = within(manualClock(), 1000, abort.signal, untilCut);
    abort.abort();
    await expect(result).rejects.toMatchObject({ code: 'ABORTED' });
  });
  test('gives the error of the work', async () => {
    const broken = within(manualClock(), 1000, never(), () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
  });
});

function untilCut(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('cut')), { once: true });
  });
}

describe('connectFirst', () => {
  test('goes on to the next address where one is closed', async () => {
    const server = await serve({});
    const socket = await connectFirst(['127.0.0.3', '127.0.0.1'], server.port, manualClock(), never());
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });
  test('tells the failure of the last address where all are closed', async () => {
    const server = await serve({});
    const none = connectFirst(['127.0.0.3', '127.0.0.4'], server.port, manualClock(), never());
    await expect(none).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED 127.0.0.4:${server.port}`,
    });
  });
});
