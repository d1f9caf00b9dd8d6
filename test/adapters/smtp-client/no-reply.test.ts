import { afterEach, describe, expect, test } from 'vitest';
import { createSubmitter } from '../../../src/adapters/smtp-client/sender.ts';
import { type SystemClock, systemClock } from '../../../src/adapters/system/clock.ts';
import { message, never, stageLog, submission } from './fixtures.ts';
import {
  close,
  refuse,
  reset,
  type Script,
  type ScriptedServer,
  type Step,
  silence,
  startScriptedServer,
} from './scripted-server.ts';

const clocks: SystemClock[] = [];
const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const clock of clocks.splice(0)) clock.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
function clock() {
  const opened = systemClock();
  clocks.push(opened);
  return opened;
}
async function serve(script: Script = {}): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  servers.push(server);
  return server;
}
const login = { username: 'alice', password: 'correct horse' };

/** Sends one message and checks what holds however it ends. */
async function submit(server: ScriptedServer, over: Parameters<typeof submission>[0] = {}, signal = never()) {
  const log = stageLog();
  const sender = createSubmitter(submission({ port: server.port, ...over }), clock());
  const handover = await sender.send(message, log.onStage, signal);
  await server.deserted();
  expect(handover.stages.map(({ name }) => name)).toEqual(log.stages);
  expect(handover.stages.every(({ seconds }) => seconds >= 0)).toBe(true);
  return handover;
}

describe('a connection lost', () => {
  const lost = (stage: string) => ({ kind: 'unreachable', stage, code: 'CONNECTION_LOST' });
  const cases: readonly [Step, object][] = [
    ['greeting', lost('greeting')],
    ['ehlo', lost('greeting')],
    ['auth', lost('auth')],
    ['mail', lost('mail')],
    ['rcpt', lost('rcpt')],
    ['data', lost('data')],
    ['dot', { kind: 'uncertain', code: 'CONNECTION_LOST' }],
  ];
  describe.each([[[]], [['PIPELINING']]])('with offers %j', (offers) => {
    test.each(cases)('by FIN instead of the reply to %s', async (step, expected) => {
      const server = await serve({ offers, on: { [step]: close } });
      expect(await submit(server, { login })).toMatchObject(expected);
    });
    test.each(cases)('by RST instead of the reply to %s', async (step, expected) => {
      // The pause lets the client see the connection made: an RST can overtake that.
      const server = await serve({ offers, on: { [step]: { ...reset, afterMs: 20 } } });
      expect(await submit(server, { login })).toMatchObject(expected);
    });
    test.each(cases)('in the middle of the reply to %s', async (step, expected) => {
      const server = await serve({ offers, on: { [step]: { reply: '250 half a repl…', ending: 'close' } } });
      expect(await submit(server, { login })).toMatchObject(expected);
    });
  });

  test('as soon as it was made', async () => {
    const server = await serve({ hostile: true });
    expect(await submit(server)).toMatchObject(lost('greeting'));
  });

  test('with an uncertain end keeps the instant of the handover', async () => {
    const server = await serve({ on: { dot: reset } });
    const handover = await submit(server);
    if (handover.kind !== 'uncertain') throw new Error(handover.kind);
    expect(handover.handedOver.monoUs).toBeLessThanOrEqual(server.dotReadUs ?? 0);
  });
});

describe('a server that speaks no SMTP', () => {
  test.each<[Step, string, object]>([
    ['greeting', 'SSH-2.0-OpenSSH_9.9', { kind: 'unreachable', stage: 'greeting', code: 'PROTOCOL' }],
    ['greeting', '250 hello', { kind: 'unreachable', stage: 'greeting', code: 'PROTOCOL' }],
    ['mail', '354 go on', { kind: 'unreachable', stage: 'mail', code: 'PROTOCOL' }],
    ['mail', 'what?', { kind: 'unreachable', stage: 'mail', code: 'PROTOCOL' }],
    ['dot', '354 more', { kind: 'uncertain', code: 'PROTOCOL' }],
    ['greeting', `220-${'endless '.repeat(3000)}`, { kind: 'unreachable', stage: 'greeting', code: 'PROTOCOL' }],
  ])('at %s by %j', async (step, reply, expected) => {
    const server = await serve({ on: { [step]: refuse(reply) } });
    expect(await submit(server)).toMatchObject(expected);
  });
});

describe('a host that is not there', () => {
  test('is unreachable at stage dns where the name does not exist', async () => {
    const sender = createSubmitter(submission({ host: 'mx.provider.onion' }), clock());
    // c-ares answers for .onion itself (RFC 7686).
    expect(await sender.send(message, () => {}, never())).toMatchObject({
      kind: 'unreachable',
      stage: 'dns',
      code: 'ENOTFOUND',
      peer: null,
      stages: [{ name: 'dns' }],
    });
  });

  test('is unreachable at stage connect where the port is closed', async () => {
    const server = await startScriptedServer();
    await server.stop();
    const sender = createSubmitter(submission({ port: server.port }), clock());
    expect(await sender.send(message, () => {}, never())).toMatchObject({
      kind: 'unreachable',
      stage: 'connect',
      code: 'ECONNREFUSED',
      peer: null,
      stages: [{ name: 'connect' }],
    });
  });
});

describe('an abort', () => {
  test.each<[Step, string]>([
    ['ehlo', 'greeting'],
    ['auth', 'auth'],
    ['mail', 'mail'],
    ['rcpt', 'rcpt'],
    ['data', 'data'],
  ])('while the reply to %s is awaited ends it there and then', async (step, stage) => {
    const server = await serve({ on: { [step]: silence } });
    const abort = new AbortController();
    const sent = submit(server, { login }, abort.signal);
    await server.reached(step);
    abort.abort();
    expect(await sent).toMatchObject({ kind: 'unreachable', stage, code: 'ABORTED' });
    expect(server.messages).toEqual([]);
  });

  test('as soon as the connection is made waits for no greeting', async () => {
    const server = await serve({ on: { greeting: silence } });
    const abort = new AbortController();
    const sender = createSubmitter(submission({ port: server.port }), clock());
    const sent = sender.send(message, (stage) => stage === 'greeting' && abort.abort(), abort.signal);
    expect(await sent).toMatchObject({ kind: 'unreachable', stage: 'greeting', code: 'ABORTED' });
    await server.deserted();
  });

  test('before anything was done connects to nothing', async () => {
    const server = await serve();
    expect(await submit(server, {}, AbortSignal.abort())).toMatchObject({
      kind: 'unreachable',
      code: 'ABORTED',
      peer: null,
    });
    expect(server.commands).toEqual([]);
  });

  test('after the last bytes is ignored until the reply', async () => {
    const server = await serve({ on: { dot: { afterMs: 50 } } });
    const abort = new AbortController();
    const sent = submit(server, {}, abort.signal);
    await server.reached('dot');
    abort.abort();
    expect((await sent).kind).toBe('accepted');
  });
});
