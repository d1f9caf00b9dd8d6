import { afterEach, describe, expect, test } from 'vitest';
import { createInjector, createSubmitter } from '../../../src/adapters/smtp-client/sender.ts';
import { type SystemClock, systemClock } from '../../../src/adapters/system/clock.ts';
import type { Handover, Stage } from '../../../src/domain/probe.ts';
import { message, mx, never, stageLog, submission } from './fixtures.ts';
import {
  type Action,
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

describe('a message that is taken', () => {
  test('ends accepted with both instants, its stages in order, the peer and the reply', async () => {
    const server = await serve();
    const handover = await submit(server, { login });
    expect(handover).toMatchObject({
      kind: 'accepted',
      reply: 'Ok: queued as 4ABC',
      peer: `127.0.0.1:${server.port}`,
      certificateExpiresMs: null,
    });
    expect(handover.stages.map(({ name }) => name)).toEqual(['connect', 'greeting', 'auth', 'mail', 'rcpt', 'data']);
    expect(server.commands.at(-1)).toBe('QUIT');
  });

  test('is taken after a login in several steps', async () => {
    const server = await serve({ offers: ['AUTH LOGIN'] });
    const handover = await submit(server, { login });
    expect(handover.kind).toBe('accepted');
    expect(handover.stages.map(({ name }) => name)).toEqual(['connect', 'greeting', 'auth', 'mail', 'rcpt', 'data']);
    const refusing = await serve({ offers: ['AUTH LOGIN'], on: { auth: refuse('535 5.7.8 no') } });
    expect(await submit(refusing, { login })).toMatchObject({ kind: 'refused', stage: 'auth', code: 535 });
  });

  test('arrives as it was given, dots stuffed', async () => {
    const server = await serve();
    await submit(server);
    expect(server.messages).toEqual([message.text.replace('\r\n.a dot', '\r\n..a dot')]);
  });

  test.each([[[]], [['PIPELINING']]])('has both instants around what the server saw, offers %j', async (offers) => {
    const server = await serve({ offers, on: { dot: { afterMs: 30 } } });
    const handover = await submit(server);
    if (handover.kind !== 'accepted') throw new Error(handover.text);
    const order = [handover.handedOver.monoUs, server.dotReadUs, server.dotRepliedUs, handover.acknowledged.monoUs];
    expect(order).toEqual(order.toSorted((a, b) => Number(a) - Number(b)));
    expect(order).not.toContain(null);
  });

  test.each([[[]], [['PIPELINING']]])(
    'counts a slow reply to the stage that waits for it, offers %j',
    async (offers) => {
      const pauseMs = 50;
      const waited = Promise.withResolvers<void>();
      const server = await serve({ offers, on: { rcpt: { after: waited.promise } } });
      const onStage = (stage: Stage) => stage === 'rcpt' && setTimeout(waited.resolve, pauseMs);
      const handover = await createSubmitter(submission({ port: server.port }), clock()).send(
        message,
        onStage,
        never(),
      );
      const { seconds } = handover.stages.find(({ name }) => name === 'rcpt') ?? { seconds: 0 };
      // A timer of Node may be a millisecond early.
      expect(seconds).toBeGreaterThan((pauseMs - 2) / 1000);
    },
  );

  test('carries its envelope id where DSN is offered, and asks for no notice', async () => {
    const server = await serve({ offers: ['DSN'] });
    await submit(server);
    expect(server.commands).toContain('MAIL FROM:<probe@agent.test> ENVID=token+2Bof+3Dthis+20probe');
    expect(server.commands).toContain('RCPT TO:<probe-0@sink.test>');
  });

  test('carries no envelope id where DSN is not offered', async () => {
    const server = await serve();
    await submit(server);
    expect(server.commands).toContain('MAIL FROM:<probe@agent.test>');
  });

  test('stays accepted whatever becomes of QUIT', async () => {
    for (const quit of [close, reset, refuse('500 no'), silence]) {
      const server = await serve({ on: { quit } });
      expect((await submit(server)).kind).toBe('accepted');
    }
  });

  test('may be larger than a block', async () => {
    const server = await serve();
    const text = `Subject: large\r\n\r\n${'0123456789\r\n'.repeat(100_000)}`;
    const sender = createSubmitter(submission({ port: server.port }), clock());
    expect((await sender.send({ ...message, text }, () => {}, never())).kind).toBe('accepted');
    expect(server.messages[0]).toBe(text);
  });

  test('is taken from a server that knows no EHLO', async () => {
    const server = await serve({ on: { ehlo: refuse('502 5.5.1 unknown') } });
    expect((await submit(server)).kind).toBe('accepted');
  });

  test('goes to a name of the hosts file, with a dns stage first', async () => {
    const server = await serve();
    const handover = await submit(server, { host: 'localhost' });
    expect(handover.kind).toBe('accepted');
    expect(handover.stages[0]?.name).toBe('dns');
  });
});

describe('a refusal', () => {
  const cases: readonly [Step, string, Partial<Handover>][] = [
    [
      'greeting',
      '554 5.7.1 not you',
      { kind: 'refused', stage: 'greeting', code: 554, enhanced: '5.7.1', text: 'not you' },
    ],
    ['greeting', '421 4.3.2 busy', { kind: 'refused', stage: 'greeting', code: 421, enhanced: '4.3.2', text: 'busy' }],
    ['ehlo', '421 later', { kind: 'refused', stage: 'greeting', code: 421, enhanced: null, text: 'later' }],
    ['auth', '535 5.7.8 wrong', { kind: 'refused', stage: 'auth', code: 535, enhanced: '5.7.8', text: 'wrong' }],
    [
      'auth',
      '454 4.7.0 try later',
      { kind: 'refused', stage: 'auth', code: 454, enhanced: '4.7.0', text: 'try later' },
    ],
    [
      'mail',
      '451 4.7.1 greylisted',
      { kind: 'refused', stage: 'mail', code: 451, enhanced: '4.7.1', text: 'greylisted' },
    ],
    ['mail', '552 5.2.2 full', { kind: 'refused', stage: 'mail', code: 552, enhanced: '5.2.2', text: 'full' }],
    [
      'rcpt',
      '550-5.1.1 no such\r\n550-5.1.1 user\r\n550 5.1.1 here',
      { kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'no such user here' },
    ],
    [
      'rcpt',
      '450 4.2.0 greylisted',
      { kind: 'refused', stage: 'rcpt', code: 450, enhanced: '4.2.0', text: 'greylisted' },
    ],
    ['rcpt', '421 4.7.0 too many', { kind: 'refused', stage: 'rcpt', code: 421, enhanced: '4.7.0', text: 'too many' }],
    ['data', '451 4.3.0 not now', { kind: 'refused', stage: 'data', code: 451, enhanced: '4.3.0', text: 'not now' }],
    ['dot', '554 5.7.1 spam', { kind: 'refused', stage: 'data', code: 554, enhanced: '5.7.1', text: 'spam' }],
    ['dot', '421 4.3.0 going', { kind: 'refused', stage: 'data', code: 421, enhanced: '4.3.0', text: 'going' }],
  ];
  describe.each([[[]], [['PIPELINING']]])('with offers %j', (offers) => {
    test.each(cases)('at %s by %j is told with its stage', async (step, reply, expected) => {
      const server = await serve({ offers, on: { [step]: refuse(reply) } });
      const handover = await submit(server, { login });
      expect(handover).toMatchObject(expected);
      expect(handover.stages.at(-1)?.name).toBe((expected as { stage: string }).stage);
    });

    test.each(cases)('at %s by %j is told though the connection ends with it', async (step, reply, expected) => {
      const server = await serve({ offers, on: { [step]: { reply, ending: 'close' } satisfies Action } });
      expect(await submit(server, { login })).toMatchObject(expected);
    });
  });

  test('is the first of a pipelined batch, even if the server then takes DATA', async () => {
    const server = await serve({
      offers: ['PIPELINING'],
      on: { mail: refuse('451 4.7.1 first'), rcpt: refuse('503 second') },
    });
    expect(await submit(server)).toMatchObject({ kind: 'refused', stage: 'mail', code: 451, text: 'first' });
    const lax = await serve({ offers: ['PIPELINING'], on: { rcpt: refuse('550 5.1.1 nobody') } });
    expect(await submit(lax)).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 550 });
  });

  test('keeps the password out of its text, though the server quotes it', async () => {
    const plain = Buffer.from(`\0${login.username}\0${login.password}`).toString('base64');
    const server = await serve({ on: { auth: refuse(`535 bad: ${plain} is ${login.password}`) } });
    expect(await submit(server, { login })).toMatchObject({ stage: 'auth', text: 'bad: *** is ***' });
  });
});

describe('an injector', () => {
  test('logs in nowhere and hands over as it is', async () => {
    const server = await serve({ offers: ['AUTH PLAIN'] });
    const injector = createInjector(mx({ port: server.port }), clock());
    expect((await injector.send(message, () => {}, never())).kind).toBe('accepted');
    expect(server.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'MAIL', 'RCPT', 'DATA', 'QUIT']);
  });

  test('makes one attempt, whatever a 4xx says', async () => {
    const server = await serve({ on: { rcpt: refuse('450 4.2.0 greylisted') } });
    const injector = createInjector(mx({ port: server.port }), clock());
    expect(await injector.send(message, () => {}, never())).toMatchObject({
      kind: 'refused',
      stage: 'rcpt',
      code: 450,
    });
    expect(server.commands.filter((line) => line.startsWith('RCPT'))).toHaveLength(1);
  });
});
