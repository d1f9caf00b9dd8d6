import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
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

/** Speaks as any server does up to `from`, the answer to which and to all that follows is `says`. */
async function talker(from: string, says: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    let begun = from === 'greeting';
    if (begun) says(socket);
    else socket.write('220 talker.test\r\n');
    socket.on('data', (bytes) => {
      const line = bytes.toString('latin1');
      begun ||= line.startsWith(from);
      if (begun) says(socket);
      else socket.write(line.startsWith('EHLO') ? '250-talker.test\r\n250 AUTH PLAIN LOGIN\r\n' : '250 ok\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const endlessly = (text: string) => (socket: Socket) => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
};

describe('a server that goes on', () => {
  test.each<[string, string, (socket: Socket) => void]>([
    ['asking for one more line of a login', 'AUTH', (socket) => void socket.write('334 UGFzc3dvcmQ6\r\n')],
    ['with empty lines before its greeting', 'greeting', endlessly('\n'.repeat(1000))],
    ['with empty lines after EHLO', 'EHLO', endlessly('\r\n'.repeat(1000))],
    ['asking at once', 'AUTH', endlessly('334 \r\n'.repeat(100))],
  ])('%s is given up', async (_, from, says) => {
    const port = await talker(from, says);
    const sent = createSubmitter(submission({ port, security: 'none', login }), manualClock()).send(
      message,
      () => {},
      never(),
    );
    expect(await sent).toMatchObject({ kind: 'unreachable', code: 'PROTOCOL' });
  });

  test('for longer than an hour is given up, though each reply comes in time', async () => {
    const server = await serve({ on: { mail: silence } });
    const clock = manualClock();
    const sent = createSubmitter(submission({ port: server.port, security: 'none' }), clock).send(
      message,
      () => {},
      never(),
    );
    await server.reached('mail');
    await clock.sleeping(LIMIT_MS.session);
    clock.expire(LIMIT_MS.session);
    expect(await sent).toMatchObject({ kind: 'unreachable', stage: 'mail', code: 'TIMEOUT' });
    await server.deserted();
    expect(clock.sleepers()).toBe(0);
  });
});

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
    expect(clock.sleepers()).toBe(2);
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
  test('goes on to so many addresses and no more', async () => {
    const server = await serve({});
    const closed = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 3}`);
    const reach = (...before: readonly string[]) =>
      connectFirst([...before, '127.0.0.1'], server.port, manualClock(), never());
    (await reach(...closed.slice(1))).destroy();
    await expect(reach(...closed)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // A host without IPv4 comes to those of IPv6 all the same.
    const last = connectFirst([...closed, '127.0.0.1', '::1'], server.port, manualClock(), never());
    await expect(last).rejects.toMatchObject({ message: expect.stringContaining('::1') });
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
