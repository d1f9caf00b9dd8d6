/** Sender: the one that answers as told, and the SMTP client as submitter and injector against a scripted server. */
import { describe, onTestFinished } from 'vitest';
import { createInjector, createSubmitter } from '../../src/adapters/smtp-client/sender.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type { Clock, Sender } from '../../src/ports.ts';
import { mx, submission } from '../adapters/smtp-client/fixtures.ts';
import { close, refuse, type Script, silence, startScriptedServer } from '../adapters/smtp-client/scripted-server.ts';
import { FakeSender } from '../fakes/fake-provider.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { type Conduct, describeSender, type SenderUnderTest } from './sender.ts';

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
      async until(work) {
        const done = work.then(() => true);
        while (!(await Promise.race([done, clock.advance(100).then(() => false)])));
        return work;
      },
      taken: () => sender.sent.map(({ text }) => text),
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
    taken: () => server.messages,
  };
}

describe('the SMTP client as submitter', () => {
  describeSender((conduct) => atServer(conduct, (port, clock) => createSubmitter(submission({ port }), clock)));
});
describe('the SMTP client as injector', () => {
  describeSender((conduct) => atServer(conduct, (port, clock) => createInjector(mx({ port }), clock)));
});
