/** The mailbox against servers that do their worst at each step: every call ends, as a failure of the mailbox, within bounds. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMailboxChecker } from '../../../src/adapters/imap/checker.ts';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { type Clock, type FolderState, MailboxError } from '../../../src/ports.ts';
import { FAULTS, type Fault, type Stage, startHostileServer } from './hostile-server.ts';
import { settingsFor, silentLog } from './support.ts';

const INBOX: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 8 };
const STAGES: readonly Stage[] = ['greeting', 'CAPABILITY', 'LOGIN', 'LIST', 'STATUS', 'EXAMINE', 'SELECT', 'UID'];
/** Deadlines are minutes. */
const HURRY = 600;
/** Begin with what is a greeting, or a login that was taken. */
const HARMLESS_AT_FIRST = ['answers twice', 'makes numbers up'];
/** Bytes of the heap after what a server sent for as long as it was let; the largest response there may be is half a megabyte. */
const HEAP_MAX = 150_000_000;
const clock = systemClock();
const hurried: Clock = { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms / HURRY, signal) };
let heapBefore = 0;

beforeEach(() => {
  heapBefore = process.memoryUsage().heapUsed;
});
afterEach(() => expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(HEAP_MAX));

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
    for (const { stage, endings, commands } of runs) {
      // One that closes or tells nothing that can be used is never taken for one that works.
      const isHarmless = stage === 'greeting' && HARMLESS_AT_FIRST.includes(name);
      if (['greeting', 'LIST', 'STATUS'].includes(stage) && !isHarmless)
        expect([stage, endings[1]]).not.toEqual([stage, 'OK']);
      expect(commands.filter((command) => /^(?:EXPUNGE|CLOSE|UNSELECT|UID EXPUNGE (?!3$))/.test(command))).toEqual([]);
      if (stage === 'SELECT') expect(commands.filter((command) => /^UID (?:STORE|EXPUNGE)/.test(command))).toEqual([]);
    }
  },
  60_000,
);

test.each(Object.entries(FAULTS))(
  'a check of a server that %s ends, and shows nothing as up that let nobody in',
  async (name, fault) => {
    for (const stage of ['greeting', 'LOGIN', 'NOOP'] as const) {
      const server = await startHostileServer(stage, fault);
      const checker = createMailboxChecker(settingsFor(server), hurried, silentLog);
      const { signal } = new AbortController();
      const results = [await checker.check('login', signal), await checker.check('session', signal)];
      for (const { result } of results) expect(['up', 'down', 'inconclusive']).toContain(result.kind);
      if (stage !== 'NOOP' && !HARMLESS_AT_FIRST.includes(name))
        expect(results.map(({ result }) => result.kind)).not.toContain('up');
      await checker.close();
      await server.close();
    }
  },
  60_000,
);
