/** Sender: the one that answers as told, the simulated providers, and the SMTP client against a scripted server and Postfix. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { createInjector, createSubmitter } from '../../src/adapters/smtp-client/sender.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { startMute } from '../../src/demo/sockets.ts';
import { PATHS } from '../../src/domain/probe.ts';
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
import { fateOf, type SimulatedFate } from '../simulation/fate.ts';
import { type FaultKind } from '../simulation/fault.ts';
import type { Plan } from '../simulation/plan.ts';
import { Provider as SimulatorsProvider } from '../simulation/provider.ts';
import type { Books, Outage } from '../simulation/truth.ts';
import { passing } from './passing.ts';
import { CONDUCTS, type Conduct, describeSender, type SenderUnderTest } from './sender.ts';

describe('the sender that answers as told', () => {
  const ANSWERS = {
    accept: { kind: 'accept' },
    refuse: { kind: 'refuse', code: 550 },
    defer: { kind: 'refuse', code: 450 },
    cut: { kind: 'cut' },
    drop: { kind: 'drop' },
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
      clock,
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
  defer: 'accept',
  drop: 'drop',
  lose: 'lose',
  absent: 'hang',
  mute: 'hang',
  slow: 'accept',
} as const;
/** Its connections end with the message at the earliest. */
const NEVER_CUT = CONDUCTS.filter((conduct) => conduct !== 'cut');

/** A provider that tells messages apart by their ENVID, as the agent's are: each is another one, unless it is deferred. */
function numbered(sender: Sender, conduct: Conduct): Sender {
  let count = 0;
  return {
    send(each, ...rest) {
      if (conduct !== 'defer') count += 1;
      return sender.send({ ...each, envelopeId: String(count).padStart(16, '0') }, ...rest);
    },
  };
}

describe('the simulated provider', () => {
  describeSender(async (conduct) => {
    const clock = new VirtualClock();
    const answer = conduct === 'cut' ? 'hang' : ANSWERS[conduct];
    const fate = { ...FATE, answer, deferrals: conduct === 'defer' ? 1 : 0 };
    const provider = new SimulatedProvider(
      clock,
      new FakeMailbox(clock),
      0,
      () => null,
      () => fate,
    );
    return {
      sender: numbered(provider.senderFor(clock), conduct),
      clock,
      reached: () => clock.advance(0.01),
      until: (work) => passing(clock, work),
      taken: async () =>
        [...provider.books.values()].filter(({ acceptedMs }) => acceptedMs !== null).map((each) => each.message.text),
    };
  }, NEVER_CUT);
});

describe.each(PATHS)("the simulator's provider, on the path %s", (path) => {
  /** The faults that make it do so, and what its fate must be then. */
  const FATES: Partial<Record<Conduct, readonly [FaultKind, (fate: SimulatedFate) => boolean]>> = {
    refuse: [
      'refused mail',
      ({ answer }) => answer.kind === 'refuse' && answer.stage === 'rcpt' && answer.code === 550,
    ],
    defer: ['greylisting', ({ deferrals }) => deferrals.count === 1],
    cut: ['dropped connection', ({ answer }) => answer.kind === 'cut' && answer.stage !== 'dns'],
    drop: ['dropped connection', ({ answer }) => answer.kind === 'drop'],
    lose: ['dropped connection', ({ answer }) => answer.kind === 'lose'],
  };
  /** Of its plan it asks for no more than this. */
  const planFor = (conduct: Conduct): Plan => {
    const [kind, isMeant] = FATES[conduct] ?? [null, () => true];
    for (let seed = 1; ; seed += 1) {
      const plan = { seed, memoryMs: 0, has: (each: FaultKind) => each === kind } as unknown as Plan;
      if (isMeant(fateOf(plan, 'acme', path, 0))) return plan;
    }
  };
  const HOW: Partial<Record<Conduct, Outage['how']>> = { absent: 'refuses', mute: 'mute' };

  describeSender(async (conduct) => {
    const clock = new VirtualClock();
    const how = HOW[conduct];
    const outages = (['submission', 'mx'] as const).flatMap((endpoint) =>
      how === undefined ? [] : [{ provider: 'acme', endpoint, how, fromMs: 0, toMs: Number.POSITIVE_INFINITY }],
    );
    const plan = planFor(conduct);
    const books: Books = { messages: new Map(), outages, faults: [], wall: [], runs: [] };
    const wrong: string[] = [];
    onTestFinished(() => expect(wrong).toEqual([]));
    const provider = new SimulatorsProvider('acme', new FakeMailbox(clock), {
      ...{
        plan,
        clock,
        books,
        sink: () => null,
        isSinkCutOff: () => false,
        lineDown: () => false,
        cutLine: () => {},
        suspendAgent: () => {},
        isPlanned: () => true,
        isCaptured: () => false,
        isAsleep: () => false,
      },
      say: (what) => wrong.push(what),
    });
    return {
      sender: numbered(provider.sender(path, clock), conduct),
      clock,
      // Connected, and with the whole message, but not taken it yet.
      reached: () => clock.advance((fateOf(plan, 'acme', path, 0).connectMs + 0.5) / 1000),
      until: (work) => passing(clock, work),
      taken: async () =>
        [...books.messages.values()].filter(({ receivedMs }) => receivedMs !== null).map((each) => each.message.text),
    };
  });
});

/** It has what it was given when the connection ends. */
const NEVER_DROPPED = CONDUCTS.filter((conduct) => conduct !== 'drop');
const SCRIPTS: Readonly<Record<Conduct, (reply: Promise<void>) => Script>> = {
  accept: () => ({}),
  defer: () => {
    let count = 0;
    return {
      on: {
        get rcpt() {
          count += 1;
          return count === 1 ? refuse('450 4.2.0 come again') : {};
        },
      },
    };
  },
  cut: () => ({ on: { data: close } }),
  drop: () => ({}),
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
    clock,
    reached: () => server.reached(conduct === 'mute' ? 'greeting' : 'dot'),
    until(work) {
      reply.resolve();
      return work;
    },
    taken: async () => server.messages,
  };
}

describe('the SMTP client as submitter', () => {
  describeSender(
    (conduct) => atServer(conduct, (port, clock) => createSubmitter(submission({ port }), clock)),
    NEVER_DROPPED,
  );
});
describe('the SMTP client as injector', () => {
  describeSender((conduct) => atServer(conduct, (port, clock) => createInjector(mx({ port }), clock)), NEVER_DROPPED);
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
    const line = conduct === 'mute' ? await startMute() : await startFailingLine(to, reply.promise, conduct === 'drop');
    onTestFinished(() => line.close());
    if (conduct === 'absent') await line.close();
    let asked = 0;
    const refuse = (): string => {
      asked += 1;
      if (conduct === 'refuse') return '550 5.1.1 no such user';
      return asked === 1 ? '450 4.2.0 come again' : 'DUNNO';
    };
    const policy = conduct === 'refuse' || conduct === 'defer' ? refuse : letPass;
    provider.policy('mx', policy);
    provider.policy('submission', policy);
    const id = `X-Test: ${randomUUID()}`;
    const taken = async (): Promise<readonly string[]> => {
      const texts = await Promise.all(
        (await provider.maildirFiles('alice')).map(({ path }) => readFile(path, 'latin1')),
      );
      return texts.filter((text) => text.includes(id));
    };
    return {
      sender: sender(line.at, clock),
      clock,
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
    describeSender(
      (conduct) =>
        atPostfix(conduct, provider.submission, (at, clock) =>
          createSubmitter(submission({ ...at, login: provider.user('bob') }), clock),
        ),
      NEVER_CUT,
    );
  });
  describe('as injector', () => {
    describeSender(
      (conduct) => atPostfix(conduct, provider.mx, (at, clock) => createInjector(mx(at), clock)),
      NEVER_CUT,
    );
  });
});
