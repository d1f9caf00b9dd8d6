/** The mailbox against servers that do their worst at each step: every call ends, as a failure of the mailbox, within bounds. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMailboxChecker } from '../../../src/adapters/imap/checker.ts';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { type Clock, type FolderState, MailboxError } from '../../../src/ports.ts';
import { FAULTS, type Fault, type Stage, startHostileServer } from './hostile-server.ts';
import { settingsFor, silentLog } from './support.ts';

const INBOX: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 8 };
const STAGES: readonly Stage[] = [
  'greeting',
  'CAPABILITY',
  'LOGIN',
  'LIST',
  'look',
  'STATUS',
  'EXAMINE',
  'SELECT',
  'UID',
];
/** Deadlines are minutes. */
const HURRY = 600;
/** Begin with what is a greeting, or a login that was taken. */
const HARMLESS_AT_FIRST = ['answers twice', 'makes numbers up'];
const clock = systemClock();
const hurried: Clock = { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms / HURRY, signal) };

/** What became of it, as a code; a bug is thrown. */
async function ending(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'OK';
  } catch (error) {
    if (error instanceof MailboxError && /^[^\p{Cc}]{1,600}$/u.test(error.message)) return error.code;
    throw error;
  }
}

/** All that the watcher asks, one after the other; each of it has to end. */
async function use(
  stage: Stage,
  fault: Fault,
): Promise<{ readonly endings: readonly string[]; readonly commands: readonly string[] }> {
  const server = await startHostileServer(stage, fault);
  const mailbox = createMailbox(settingsFor(server), ['probe@sink.test'], {
    clock: hurried,
    random: systemRandom,
    log: silentLog,
  });
  try {
    const endings = [await ending(mailbox.open(() => {}))];
    endings.push(await ending(mailbox.look()));
    endings.push(await ending(mailbox.fetch(INBOX, 1, 8)));
    endings.push(await ending(mailbox.remove(INBOX, [3])));
    return { endings, commands: server.commands };
  } finally {
    await mailbox.close();
    await server.close();
  }
}

test.each(Object.entries(FAULTS))(
  'a server that %s, at whatever step, fails the mailbox and nothing else',
  async (name, fault) => {
    const runs = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await use(stage, fault)) })));
    // One that closes or tells nothing that can be used is never taken for one that works.
    const mustFail = runs.filter(
      ({ stage }) =>
        ['LIST', 'look', 'STATUS'].includes(stage) || (stage === 'greeting' && !HARMLESS_AT_FIRST.includes(name)),
    );
    expect(mustFail.filter(({ endings }) => endings[1] === 'OK')).toEqual([]);
    const sent = runs.flatMap(({ commands }) => commands);
    expect(sent.filter((command) => /^(?:EXPUNGE|CLOSE|UNSELECT|UID EXPUNGE (?!3$))/.test(command))).toEqual([]);
    // Where the folder could not be entered nothing in it is touched.
    const [selecting] = runs.filter(({ stage }) => stage === 'SELECT');
    expect(selecting?.commands.filter((command) => /^UID (?:STORE|EXPUNGE)/.test(command))).toEqual([]);
  },
  60_000,
);

test.each(Object.entries(FAULTS))(
  'a check of a server that %s ends, and shows nothing as up that let nobody in',
  async (name, fault) => {
    const shown: string[] = [];
    for (const stage of ['greeting', 'LOGIN', 'STATUS'] as const) {
      const server = await startHostileServer(stage, fault);
      const checker = createMailboxChecker(settingsFor(server), hurried, silentLog);
      const { signal } = new AbortController();
      for (const depth of ['login', 'session'] as const) {
        const { kind } = (await checker.check(depth, signal)).result;
        const mayBeUp = HARMLESS_AT_FIRST.includes(name);
        if (kind === 'up' && !mayBeUp) shown.push(`${stage}: ${depth} is up`);
      }
      await checker.close();
      await server.close();
    }
    expect(shown).toEqual([]);
  },
  60_000,
);

test('news of millions of messages that vanished, which nobody asked for, is passed by', async () => {
  // Walked through number by number each line takes the event loop seconds, and there are forty.
  const news = '* VANISHED 1:16777216\r\n'.repeat(40);
  const server = await startHostileServer('IDLE', (socket) => void socket.write(`+ idling\r\n${news}`));
  const mailbox = createMailbox(settingsFor(server), [], { clock, random: systemRandom, log: silentLog });
  await mailbox.open(() => {});
  while (!server.commands.includes('IDLE')) await delay(20);
  await delay(200);
  expect((await mailbox.look()).folders).toHaveLength(1);
  await mailbox.close();
  await server.close();
});
