/** Checker: the one that answers as told, the simulated ones, and SMTP and IMAP against scripted servers and real ones. */
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { createMailboxChecker } from '../../src/adapters/imap/checker.ts';
import { createMxChecker, createSubmissionChecker } from '../../src/adapters/smtp-client/checker.ts';
import { type CheckDepth, ENDPOINTS } from '../../src/domain/endpoint.ts';
import type { Checker, Clock } from '../../src/ports.ts';
import { startScriptedServer as startScriptedImap } from '../adapters/imap/scripted-server.ts';
import { settingsFor, silentLog } from '../adapters/imap/support.ts';
import { mx, submission } from '../adapters/smtp-client/fixtures.ts';
import { refuse, type Script, silence, startScriptedServer } from '../adapters/smtp-client/scripted-server.ts';
import { FakeChecker, MUTE, REFUSED, UP } from '../fakes/fake-checker.ts';
import { DEPTHS, type OutageManner, simulatedChecker } from '../fakes/simulated-checker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeWithServers } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { type CheckerUnderTest, type Conduct, describeChecker } from './checker.ts';

const ALL: readonly Conduct[] = ['well', 'absent', 'mute', 'refuse', 'throttle'];
const SESSION = ['session', 'login'] as const;
const GREETING = ['greeting', 'recipient'] as const;
const login = { username: 'user', password: 'a-secret' };

/** Time passes as soon as nothing else happens for a moment. */
async function expire<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const done = work.then(() => true);
  while (!(await Promise.race([done, pause(10, false)]))) await clock.advance(0.5);
  return work;
}

describe('the checker that answers as told', () => {
  const ANSWERS = {
    well: UP,
    absent: REFUSED,
    mute: MUTE,
    refuse: { kind: 'down', stage: 'auth', code: '535', text: 'no' },
    throttle: { kind: 'inconclusive', reason: 'too many' },
  } as const;
  describe.each([SESSION, GREETING])('at %s and %s', (...depths) => {
    describeChecker(async (conduct) => {
      const clock = new VirtualClock();
      const fake = new FakeChecker(clock);
      fake.answer = () => ANSWERS[conduct];
      // Its answers take time, which passes by itself but for what never comes.
      const checker: Checker = {
        check: async (depth, signal) => {
          const checking = fake.check(depth, signal);
          await clock.advance(0.01);
          return checking;
        },
        close: () => fake.close(),
      };
      return {
        checker,
        clock,
        depths,
        reached: async () => {},
        expire: (work) => expire(clock, work),
        async conductFromNowOn(next) {
          if (next === 'absent') fake.disconnect();
          fake.answer = () => ANSWERS[next];
        },
      };
    }, ALL);
  });
});

describe.each(ENDPOINTS)('the simulated checker of %s', (endpoint) => {
  const MANNERS: Partial<Record<Conduct, OutageManner>> = { absent: 'refuses', mute: 'mute', refuse: 'deep' };
  const { shallow, deep } = DEPTHS[endpoint];
  describeChecker(
    async (first) => {
      const clock = new VirtualClock();
      let conduct = first;
      let breaks = 0;
      const outage = () => MANNERS[conduct] ?? null;
      const simulated = simulatedChecker(endpoint, { outage, breaks: () => breaks, lineDown: () => false }, clock);
      const checker: Checker = {
        check: (depth, signal) => expire(clock, simulated.check(depth, signal)),
        close: () => simulated.close(),
      };
      return {
        checker,
        clock,
        depths: [shallow, deep],
        reached: async () => {},
        expire: (work) => work,
        async conductFromNowOn(next) {
          conduct = next;
          if (next === 'absent') breaks += 1;
        },
      };
    },
    // No simulated server minds how often it is checked.
    ALL.filter((conduct) => conduct !== 'throttle'),
  );
});

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** A checker, and a server that is there or not, always at the same port. */
async function atServer(
  conduct: Conduct,
  depths: readonly [CheckDepth, CheckDepth],
  serve: (conduct: Conduct, port: number, reached: () => void) => Promise<Running>,
  check: (port: number, clock: Clock) => Checker,
): Promise<CheckerUnderTest> {
  const clock = new VirtualClock();
  const reached = Promise.withResolvers<void>();
  let server: Running | null = await serve(conduct, 0, reached.resolve);
  const { port } = server;
  const stop = async (): Promise<void> => {
    await server?.stop();
    server = null;
  };
  if (conduct === 'absent') await stop();
  const checker = check(port, clock);
  onTestFinished(async () => {
    await checker.close();
    await stop();
  });
  return {
    checker,
    clock,
    depths,
    reached: () => reached.promise,
    expire: (work) => expire(clock, work),
    async conductFromNowOn(next) {
      await stop();
      if (next !== 'absent') server = await serve(next, port, reached.resolve);
    },
  };
}

const SCRIPTS: Readonly<Record<Conduct, Script>> = {
  well: {},
  absent: {},
  mute: { on: { greeting: silence } },
  refuse: { on: { auth: refuse('535 5.7.8 no'), rcpt: refuse('550 5.1.1 no such user') } },
  throttle: { on: { greeting: { reply: '421 4.7.0 too many connections', ending: 'close' } } },
};
async function scriptedSmtp(conduct: Conduct, port: number, reached: () => void): Promise<Running> {
  const server = await startScriptedServer(SCRIPTS[conduct], port);
  void server.reached('greeting').then(reached);
  return server;
}

describe('SMTP submission at a scripted server', () => {
  describeChecker(
    (conduct) =>
      atServer(conduct, SESSION, scriptedSmtp, (port, clock) =>
        createSubmissionChecker(submission({ port, login }), clock),
      ),
    ALL,
  );
});
describe('an MX at a scripted server', () => {
  describeChecker(
    (conduct) =>
      atServer(conduct, GREETING, scriptedSmtp, (port, clock) =>
        createMxChecker(mx({ port }), 'user@corp.test', clock),
      ),
    ALL,
  );
});

const ANSWERS: Partial<Record<Conduct, string>> = {
  refuse: 'TAG NO [AUTHENTICATIONFAILED] no',
  throttle: 'TAG NO [LIMIT] come later',
};
async function scriptedImap(conduct: Conduct, port: number, reached: () => void): Promise<Running> {
  if (conduct === 'mute') return startMute(port, reached);
  const answer = ANSWERS[conduct];
  const server = await startScriptedImap(
    '',
    (command) => (/^(?:LOGIN |AUTHENTICATE )/.test(command) && answer !== undefined ? [answer] : undefined),
    port,
  );
  return { port: server.port, stop: () => server.close() };
}
async function startMute(port: number, reached: () => void): Promise<Running> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    stops.push(() => socket.destroy());
    reached();
  });
  const stops: (() => void)[] = [];
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: async () => {
      for (const stop of stops) stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
describe('IMAP at a scripted server', () => {
  describeChecker(
    (conduct) =>
      atServer(conduct, SESSION, scriptedImap, (port, clock) =>
        createMailboxChecker(settingsFor({ host: '127.0.0.1', port }), clock, silentLog),
      ),
    ALL,
  );
});

describeWithServers('checks of Postfix and Dovecot', () => {
  let provider: Provider;
  let running = { postfix: true, dovecot: true };
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());

  async function conductOf(server: 'postfix' | 'dovecot', wanted: boolean): Promise<void> {
    if (running[server] === wanted) return;
    running = { ...running, [server]: wanted };
    if (server === 'postfix') await (wanted ? provider.startPostfix() : provider.stopPostfix());
    else await (wanted ? provider.startDovecot() : provider.stopDovecot());
  }

  /** `refuse` is a wrong password, or an address that does not exist. */
  async function real(
    server: 'postfix' | 'dovecot',
    conduct: Conduct,
    depths: readonly [CheckDepth, CheckDepth],
    check: (secret: string, address: string, clock: Clock) => Checker,
  ): Promise<CheckerUnderTest> {
    await conductOf(server, conduct !== 'absent');
    const { password, address } = provider.user('alice');
    const clock = new VirtualClock();
    const checker = conduct === 'refuse' ? check('wrong', 'nobody@corp.test', clock) : check(password, address, clock);
    onTestFinished(async () => {
      await checker.close();
      await conductOf(server, true);
    });
    return {
      checker,
      clock,
      depths,
      reached: async () => {},
      expire: (work) => work,
      conductFromNowOn: (next) => conductOf(server, next !== 'absent'),
    };
  }

  const tls = () => ({ ca: provider.caPem, servername: provider.serverName });
  const username = 'alice@corp.test';
  describe.each(['starttls', 'tls'] as const)('submission by %s', (security) => {
    describeChecker(
      (conduct) =>
        real('postfix', conduct, SESSION, (password, _address, clock) => {
          const at = security === 'tls' ? provider.submissions : provider.submission;
          return createSubmissionChecker(
            submission({ ...at, security, tls: tls(), login: { username, password } }),
            clock,
          );
        }),
      ['well', 'absent', 'refuse'],
    );
  });
  describe('the MX', () => {
    describeChecker(
      (conduct) =>
        real('postfix', conduct, GREETING, (_password, address, clock) =>
          createMxChecker(mx({ ...provider.mx, security: 'starttls', tls: tls() }), address, clock),
        ),
      ['well', 'absent', 'refuse'],
    );
  });
  describe.each(['starttls', 'tls'] as const)('the mailbox by %s', (security) => {
    describeChecker(
      (conduct) =>
        real('dovecot', conduct, SESSION, (password, _address, clock) => {
          const at = security === 'tls' ? provider.imaps : provider.imap;
          const settings = settingsFor(at, { security, tls: tls(), login: { username, password } });
          return createMailboxChecker(settings, clock, silentLog);
        }),
      ['well', 'absent', 'refuse'],
    );
  });
});
