/** Sender: the one that answers as told, the simulated provider, and the SMTP client against a scripted server and Postfix. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { createInjector, createSubmitter } from '../../src/adapters/smtp-client/sender.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { startMute } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';
import type { Clock, Sender } from '../../src/ports.ts';
import { message, mx, submission } from '../adapters/smtp-client/fixtures.ts';
import { close, refuse, type Script, silence, startScriptedServer } from '../adapters/smtp-client/scripted-server.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { FakeSender } from '../fakes/fake-provider.ts';
import type { Fate } from '../fakes/fate.ts';
import { SimulatedProvider } from '../fakes/simulated-provider.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeWithServers } from '../servers/available.ts';
import { type ReplyFate, startFailingLine } from '../servers/failing-line.ts';
import { letPass } from '../servers/policy.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { type Conduct, describeSender, type SenderUnderTest } from './sender.ts';

/** Time passes until `work` is done. */
async function passing<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const done = work.then(() => true);
  while (!(await Promise.race([done, clock.advance(100).then(() => false)])));
  return work;
}

describe('the sender that answers as told', () => {
  const ANSWERS = {
    accept: { kind: 'accept' },
    refuse: { kind: 'refuse', code: 550 },
    lose: { kind: 'lose' },
    absent: { kind: 'hang' },
    mute: { kind: 'hang' },
    slow: { kind: 'accept' },
  } as const;
  describeSender(async (conduct) => {
    const clock = new VirtualClock();
    const sender = new FakeSender(clock);
    if (conduct !== 'accept') sender.answers.push(ANSWERS[conduct]);
    return {
      sender,
      reached: async () => {},
      until: (work) => passing(clock, work),
      taken: async () => sender.sent.map(({ text }) => text),
    };
  });
});

const FATE: Fate = {
  ...{ connectMs: 0, receiveMs: 1000, replyMs: 1000, deferrals: 0, answer: 'accept', end: { what: 'never' } },
  ...{ attempts: [], mailAfterMs: 0, endsAfterMs: 0, keepsOpen: false },
  ...{ folder: 'INBOX', announced: false, movedAfterMs: null, copies: [] },
};
const ANSWERS = {
  accept: 'accept',
  refuse: 'refuse',
  lose: 'lose',
  absent: 'hang',
  mute: 'hang',
  slow: 'accept',
} as const;

describe('the simulated provider', () => {
  describeSender(async (conduct) => {
    const clock = new VirtualClock();
    const fate = { ...FATE, answer: ANSWERS[conduct] };
    const provider = new SimulatedProvider(
      clock,
      new FakeMailbox(clock),
      0,
      () => null,
      () => fate,
    );
    const sender = provider.senderFor(clock);
    let count = 0;
    return {
      sender: {
        // It tells messages apart by their ENVID, as the agent's are.
        send: (each, ...rest) => sender.send({ ...each, envelopeId: String((count += 1)).padStart(16, '0') }, ...rest),
      },
      reached: () => clock.advance(0.01),
      until: (work) => passing(clock, work),
      taken: async () =>
        [...provider.books.values()].filter(({ acceptedMs }) => acceptedMs !== null).map((each) => each.message.text),
    };
  });
});

const SCRIPTS: Readonly<Record<Conduct, (reply: Promise<void>) => Script>> = {
  accept: () => ({}),
  refuse: () => ({ on: { rcpt: refuse('550 5.1.1 no such user') } }),
  lose: () => ({ on: { dot: close } }),
  absent: () => ({}),
  mute: () => ({ on: { greeting: silence } }),
  slow: (reply) => ({ on: { dot: { after: reply } } }),
};

async function atServer(conduct: Conduct, sender: (port: number, clock: Clock) => Sender): Promise<SenderUnderTest> {
  const reply = Promise.withResolvers<void>();
  const server = await startScriptedServer(SCRIPTS[conduct](reply.promise));
  const clock = systemClock();
  onTestFinished(async () => {
    reply.resolve();
    clock.close();
    if (conduct !== 'absent') await server.stop();
  });
  if (conduct === 'absent') await server.stop();
  return {
    sender: sender(server.port, clock),
    reached: () => server.reached(conduct === 'mute' ? 'greeting' : 'dot'),
    until(work) {
      reply.resolve();
      return work;
    },
    taken: async () => server.messages,
  };
}

describe('the SMTP client as submitter', () => {
  describeSender((conduct) => atServer(conduct, (port, clock) => createSubmitter(submission({ port }), clock)));
});
describe('the SMTP client as injector', () => {
  describeSender((conduct) => atServer(conduct, (port, clock) => createInjector(mx({ port }), clock)));
});

describeWithServers('the SMTP client at Postfix', () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());

  /** A message to alice, in whose mailbox those that were taken are found. */
  async function atPostfix(
    conduct: Conduct,
    to: HostPort,
    sender: (at: HostPort, clock: Clock) => Sender,
  ): Promise<SenderUnderTest> {
    const clock = systemClock();
    onTestFinished(() => clock.close());
    const reply = Promise.withResolvers<ReplyFate>();
    if (conduct !== 'slow') reply.resolve(conduct === 'lose' ? 'cut' : 'pass');
    const line = conduct === 'mute' ? await startMute() : await startFailingLine(to, reply.promise);
    onTestFinished(() => line.close());
    if (conduct === 'absent') await line.close();
    const refuse = conduct === 'refuse' ? () => '550 5.1.1 no such user' : letPass;
    provider.policy('mx', refuse);
    provider.policy('submission', refuse);
    const id = `X-Test: ${randomUUID()}`;
    const taken = async (): Promise<readonly string[]> => {
      const texts = await Promise.all(
        (await provider.maildirFiles('alice')).map(({ path }) => readFile(path, 'latin1')),
      );
      return texts.filter((text) => text.includes(id));
    };
    return {
      sender: sender(line.at, clock),
      async reached() {
        if ('messageSent' in line) await line.messageSent;
      },
      until(work) {
        reply.resolve('pass');
        return work;
      },
      async taken(count) {
        while ((await taken()).length < count) await pause(20);
        return taken();
      },
      message: { ...message, recipient: provider.user('alice').address, text: `${id}\r\n${message.text}` },
    };
  }

  describe('as submitter', () => {
    describeSender((conduct) =>
      atPostfix(conduct, provider.submission, (at, clock) =>
        createSubmitter(submission({ ...at, login: provider.user('bob') }), clock),
      ),
    );
  });
  describe('as injector', () => {
    describeSender((conduct) => atPostfix(conduct, provider.mx, (at, clock) => createInjector(mx(at), clock)));
  });
});
