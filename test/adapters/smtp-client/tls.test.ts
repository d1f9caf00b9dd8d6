import { afterEach, describe, expect, test } from 'vitest';
import { createInjector, createSubmitter } from '../../../src/adapters/smtp-client/sender.ts';
import { allowOldTls, spokenWith } from '../../fakes/old-tls.ts';
import { asksForSecondHandshake } from '../../fakes/second-handshake.ts';
import { CERTIFICATES, message, mx, never, stageLog, submission } from './fixtures.ts';
import { manualClock } from './manual-clock.ts';
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

const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  servers.push(server);
  return server;
}
const login = { username: 'alice', password: 'correct horse' };
const trusted = { ca: CERTIFICATES.localhost.cert, servername: null };

async function submit(server: ScriptedServer, over: Parameters<typeof submission>[0]) {
  const { stages, onStage } = stageLog();
  const sender = createSubmitter(submission({ port: server.port, login, tls: trusted, ...over }), manualClock());
  const handover = await sender.send(message, onStage, never());
  await server.deserted();
  expect(handover.stages.map(({ name }) => name)).toEqual(stages);
  return handover;
}

/** Both ways to TLS, as the server and the client are told of them. */
const ways = [
  { security: 'tls', implicit: true },
  { security: 'starttls', implicit: false },
] as const;

describe.each(ways)('with security $security', ({ security, implicit }) => {
  const certified = (kind: keyof typeof CERTIFICATES) => serve({ tls: { ...CERTIFICATES[kind], implicit } });

  test.each([
    ['an address in the certificate', '127.0.0.1', null],
    ['a name in the certificate', 'localhost', null],
    ['a name that is expected', '127.0.0.1', 'localhost'],
  ])('a message is taken from a server with %s', async (_, host, servername) => {
    const server = await certified('localhost');
    const handover = await submit(server, { security, host, tls: { ...trusted, servername } });
    expect(handover).toMatchObject({ kind: 'accepted', certificateExpiresMs: Date.UTC(2120, 0, 1) });
  });

  test.each([
    ['that has expired', 'expired', 'expired', 'CERT_HAS_EXPIRED'],
    ['for another name', 'elsewhere', 'elsewhere', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that nobody vouches for', 'localhost', null, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const)('a certificate %s ends it at stage tls, before the login', async (_, kind, authority, code) => {
    const server = await certified(kind);
    const ca = authority === null ? null : CERTIFICATES[authority].cert;
    const handover = await submit(server, { security, tls: { ca, servername: null } });
    expect(handover).toMatchObject({ kind: 'unreachable', stage: 'tls', code });
    expect(server.commands.join()).not.toContain('AUTH');
  });

  test('an abort during the handshake ends it at stage tls', async () => {
    const abort = new AbortController();
    const on = implicit ? { greeting: silence } : { starttls: { ...silence, reply: '220 go' } };
    const server = await serve({ offers: ['STARTTLS'], on });
    const sender = createSubmitter(submission({ port: server.port, security }), manualClock());
    const sent = sender.send(message, (stage) => stage === 'tls' && setTimeout(() => abort.abort(), 30), abort.signal);
    expect(await sent).toMatchObject({ kind: 'unreachable', stage: 'tls', code: 'ABORTED' });
    await server.deserted();
  });

  test('a refused login is told with its stage', async () => {
    const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit }, on: { auth: refuse('535 5.7.8 no') } });
    expect(await submit(server, { security })).toMatchObject({ kind: 'refused', stage: 'auth', code: 535 });
  });
});

test('stages of implicit TLS have the handshake before the greeting', async () => {
  const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit: true } });
  const { stages } = await submit(server, { security: 'tls' });
  const names = ['connect', 'tls', 'greeting', 'auth', 'mail', 'rcpt', 'data'];
  expect(stages.map(({ name }) => name)).toEqual(names);
});

test('stages of STARTTLS have the handshake after the greeting', async () => {
  const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit: false } });
  const { stages } = await submit(server, { security: 'starttls' });
  const names = ['connect', 'greeting', 'tls', 'auth', 'mail', 'rcpt', 'data'];
  expect(stages.map(({ name }) => name)).toEqual(names);
});

describe('STARTTLS is required', () => {
  test('a server without it is unreachable, and sees no login and no message', async () => {
    const server = await serve({ offers: ['AUTH PLAIN'], on: { starttls: refuse('502 5.5.1 unknown command') } });
    expect(await submit(server, { security: 'starttls' })).toMatchObject({
      kind: 'unreachable',
      stage: 'tls',
      code: 'STARTTLS_MISSING',
    });
    expect(server.commands.map((line) => line.split(' ')[0])).not.toContain('AUTH');
    expect(server.commands.map((line) => line.split(' ')[0])).not.toContain('MAIL');
  });

  test('a server that offers and then refuses it has refused', async () => {
    const server = await serve({ offers: ['STARTTLS'], on: { starttls: refuse('454 4.7.0 not available') } });
    expect(await submit(server, { security: 'starttls' })).toMatchObject({
      kind: 'refused',
      stage: 'tls',
      code: 454,
      enhanced: '4.7.0',
    });
  });

  test('a server that knows no EHLO has refused', async () => {
    const server = await serve({ on: { ehlo: refuse('502 5.5.1 unknown') } });
    expect(await submit(server, { security: 'starttls' })).toMatchObject({
      kind: 'refused',
      stage: 'greeting',
      code: 502,
    });
  });

  test.each<[Step, string]>([
    ['starttls', 'tls'],
    ['ehlo-tls', 'tls'],
    ['auth', 'auth'],
  ])('a connection lost instead of the reply to %s', async (step, stage) => {
    for (const action of [close, reset]) {
      const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit: false }, on: { [step]: action } });
      const handover = await submit(server, { security: 'starttls' });
      expect(handover).toMatchObject({ kind: 'unreachable', stage, code: 'CONNECTION_LOST' });
    }
  });

  test.each([
    ['whole replies', '220 go\r\n250-scripted.test\r\n250 X-INJECTED\r\n235 2.7.0 welcome'],
    ['the beginning of one', '220 go\r\n250-X-INJECTED…'],
  ])('%s that somebody put behind its reply are not believed', async (_what, reply) => {
    const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit: false }, on: { starttls: { reply } } });
    const handover = await submit(server, { security: 'starttls' });
    // Discarded, as RFC 3207 §6 asks; an EHLO and a login then come over TLS.
    expect(handover.kind).toBe('accepted');
    expect(server.commands.map((line) => line.split(' ')[0])).toEqual(
      expect.arrayContaining(['EHLO', 'STARTTLS', 'EHLO', 'AUTH', 'MAIL']),
    );
    expect(JSON.stringify(handover)).not.toContain('X-INJECTED');
  });

  test('a connection lost during the handshake', async () => {
    const on = { starttls: { reply: '220 go', ending: 'close' } } as const;
    const server = await serve({ offers: ['STARTTLS'], on });
    expect(await submit(server, { security: 'starttls' })).toMatchObject({
      kind: 'unreachable',
      stage: 'tls',
      code: 'CONNECTION_LOST',
    });
  });

  test('of an injector too', async () => {
    const server = await serve({ on: { starttls: refuse('502 unknown') } });
    const injector = createInjector(mx({ port: server.port, security: 'starttls' }), manualClock());
    expect(await injector.send(message, () => {}, never())).toMatchObject({ code: 'STARTTLS_MISSING' });
    expect(server.commands.map((line) => line.split(' ')[0])).not.toContain('MAIL');
  });
});

test('security none asks for no TLS, though it is offered', async () => {
  const server = await serve({ tls: { ...CERTIFICATES.localhost, implicit: false } });
  expect(await submit(server, { security: 'none' })).toMatchObject({ kind: 'accepted', certificateExpiresMs: null });
  expect(server.commands).not.toContain('STARTTLS');
});

test('a server that greets in clear text where TLS is due is unreachable at stage tls', async () => {
  const server = await serve({});
  expect(await submit(server, { security: 'tls' })).toMatchObject({
    kind: 'unreachable',
    stage: 'tls',
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
  });
});

test('a dropped handshake is a lost connection at stage tls', async () => {
  const server = await serve({ on: { greeting: { reply: null, ending: 'close', afterMs: 20 } } });
  expect(await submit(server, { security: 'tls' })).toMatchObject({
    kind: 'unreachable',
    stage: 'tls',
    code: 'CONNECTION_LOST',
  });
});

test('a server that asks for a second handshake gets none', async () => {
  const { port, made } = await asksForSecondHandshake(CERTIFICATES.localhost);
  const sender = createSubmitter(submission({ port, login, security: 'tls', tls: trusted }), manualClock());
  expect(await sender.send(message, () => {}, never())).toMatchObject({ kind: 'unreachable', stage: 'greeting' });
  expect(await made).toBe(false);
});

test('a server that speaks no newer TLS than 1.1 is unreachable', async () => {
  allowOldTls();
  const old = { ...CERTIFICATES.localhost, implicit: true, maxVersion: 'TLSv1.1' } as const;
  const server = await serve({ tls: old });
  expect(await spokenWith(server.port)).toBe('TLSv1.1');
  const handover = await submit(server, { security: 'tls', tls: trusted });
  expect(handover).toMatchObject({ kind: 'unreachable', stage: 'tls' });
});

test('authorities that are no PEM are told when the sender is made', () => {
  expect(() => createSubmitter(submission({ tls: { ca: 'nonsense', servername: null } }), manualClock())).toThrow(
    'the authorities to trust must be certificates in PEM',
  );
});
