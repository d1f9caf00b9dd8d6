/**
 * Each limit of the mailbox, tried alone: what goes beyond that one and keeps to all others is cut off in that one's words. And what the
 * client holds, of its own heap, while servers in threads of their own send for as long as they are let.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import {
  BODY_BYTES_MAX,
  type Clock,
  type FolderState,
  HEADER_BYTES_MAX,
  type Mailbox,
  MailboxError,
} from '../../../src/ports.ts';
import { heldBytes } from '../../fakes/held-bytes.ts';
import { type Fault, type Stage, startHostileServer } from './hostile-server.ts';
import { startHostileThread } from './hostile-thread.ts';
import { settingsFor, silentLog } from './support.ts';

const INBOX: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 8 };
/** Deadlines are minutes; here quarters of them, which a limit of bytes comes before on a busy machine, too. */
const HURRY = 4;
/**
 * Bytes of the heap and of buffers that are reachable while a server sends, above those before. One response as large as it may be is
 * 0.8 MB, and is there as bytes, as lines and as its parts; the library reads 16 of them ahead: 17 MB on a quiet machine, 23 on a busy one.
 * From 28 MB on were seen with any limit gone that this is for.
 */
const HELD_MAX = 26_000_000;
const SAMPLE_MS = 20;
/** Bytes of what goes on beside it. */
const SLACK = 5_000_000;
/** All that a fault may take until it is cut off; without a limit on the whole answer it is the deadlines' minutes. */
const CUT_MS_MAX = 15_000;

const clock = systemClock();
const hurried: Clock = { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms / HURRY, signal) };

const mailboxAt = (server: { readonly host: string; readonly port: number }): Mailbox =>
  createMailbox(settingsFor(server), [], { clock: hurried, random: systemRandom, log: silentLog });

/** What the first failure says, after the server's address; null where all went well. */
async function failureOf(mailbox: Mailbox): Promise<string | null> {
  try {
    await mailbox.open(() => {});
    await mailbox.look();
    await mailbox.fetch(INBOX, 1, 8);
    return null;
  } catch (error) {
    if (error instanceof MailboxError) return `${error.code} ${error.message.replace(/^IMAP \S+: /, '')}`;
    throw error;
  }
}

const lines = (count: number, made: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${made(index)}\r\n`).join('');
const literal = (bytes: number): string => `{${bytes}}\r\n${'x'.repeat(bytes)}`;
const folders = (count: number): string =>
  lines(count, (index) => `* LIST () "/" ${index}\r\n* STATUS ${index} (UIDNEXT 1 UIDVALIDITY 1)`);
const INBOX_LISTED = '* LIST () "/" INBOX\r\n* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)\r\n';
const says =
  (text: string): Fault =>
  (socket, tag) =>
    void socket.write(`${text}${tag} OK done\r\n`);

/** Name, step, what is too much, what is just not, and what it is called. */
const LIMITS: readonly (readonly [string, Stage, tooMuch: string, enough: string, RegExp])[] = [
  [
    'a line',
    'look',
    `* X ${'x'.repeat(270_000)}\r\n`,
    `* X ${'x'.repeat(260_000)}\r\n${INBOX_LISTED}`,
    /^TOO_LARGE Line length 27\d{4} exceeds .* 262144 bytes/,
  ],
  [
    'a literal',
    'UID',
    `* 1 FETCH (UID 5 BODY[HEADER.FIELDS (A)]<0> ${literal(270_000)})\r\n`,
    `* 1 FETCH (UID 5 BODY[HEADER.FIELDS (A)]<0> ${literal(260_000)})\r\n`,
    /^TOO_LARGE Literal size 270000 exceeds .* 262144 bytes/,
  ],
  [
    'a response of many literals',
    'UID',
    `* 1 FETCH (UID 5 ${Array.from({ length: 4 }, () => `X ${literal(200_000)}`).join(' ')})\r\n`,
    `* 1 FETCH (UID 5 ${Array.from({ length: 3 }, () => `X ${literal(200_000)}`).join(' ')})\r\n`,
    /^TOO_LARGE Response size 8\d{5} exceeds .* 786432 bytes/,
  ],
  [
    'a response of many small parts',
    'look',
    `* LIST (${'a '.repeat(20_001)}a) "/" b\r\n`,
    `* LIST (${'a '.repeat(19_000)}a) "/" INBOX\r\n* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)\r\n`,
    /^TOO_LARGE Response has more than 20000 tokens/,
  ],
  [
    'a list of folders',
    'look',
    folders(10_001),
    `${INBOX_LISTED}${folders(9999)}`,
    /^TOO_LARGE more than 10000 folders/,
  ],
  [
    'an answer of many responses',
    'look',
    `${INBOX_LISTED}${lines(26_000, () => '* 5 EXISTS')}`,
    `${INBOX_LISTED}${lines(24_000, () => '* 5 EXISTS')}`,
    /^TOO_LARGE an answer must have at most 25000 responses/,
  ],
  [
    'the name of a folder',
    'look',
    `${INBOX_LISTED}* LIST () "/" ${'n'.repeat(2001)}\r\n`,
    `${INBOX_LISTED}* LIST () "/" ${'n'.repeat(2000)}\r\n* STATUS ${'n'.repeat(2000)} (UIDNEXT 1 UIDVALIDITY 1)\r\n`,
    /^TOO_LARGE the name of a folder must have at most 2000 characters, has 2001/,
  ],
  [
    'what is told of folders that there are not',
    'look',
    `${INBOX_LISTED}${lines(10_000, (index) => `* STATUS s${index} (UIDNEXT 1 UIDVALIDITY 1)`)}`,
    `${INBOX_LISTED}${lines(9999, (index) => `* STATUS s${index} (UIDNEXT 1 UIDVALIDITY 1)`)}`,
    /^TOO_LARGE STATUS of more than 10000 folders/,
  ],
  [
    'an answer on one folder of many responses',
    'STATUS',
    `* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)\r\n${lines(20, () => '* 5 EXISTS')}`,
    `* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)\r\n${lines(18, () => '* 5 EXISTS')}`,
    /^TOO_LARGE an answer must have at most 20 responses/,
  ],
  [
    'an answer of long responses',
    'look',
    `${INBOX_LISTED}${lines(450, () => `* X ${'x'.repeat(10_000)}`)}`,
    `${INBOX_LISTED}${lines(400, () => `* X ${'x'.repeat(10_000)}`)}`,
    /^TOO_LARGE an answer must have at most 4194304 bytes of lines/,
  ],
  [
    'an answer with messages',
    'UID',
    lines(600, () => `* 1 FETCH (UID 5 X ${literal(60_000)})`),
    lines(500, () => `* 1 FETCH (UID 5 X ${literal(60_000)})`),
    /^TOO_LARGE an answer must have at most 33554432 bytes/,
  ],
];

test.each(LIMITS)('%s has a limit of its own, and may come near to it', async (_, stage, tooMuch, enough, words) => {
  for (const [text, expected] of [
    [tooMuch, expect.stringMatching(words)],
    [enough, null],
  ] as const) {
    const server = await startHostileServer(stage, says(text));
    const mailbox = mailboxAt(server);
    expect(await failureOf(mailbox)).toEqual(expected);
    await mailbox.close();
    await server.close();
  }
});

test('that a hundred thousand messages were deleted may be told once, and not with every command', async () => {
  const told = `* FLAGS ()\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 17] ok\r\n${lines(60_000, () => '* 1 EXPUNGE')}`;
  const server = await startHostileServer('EXAMINE', says(told));
  const mailbox = mailboxAt(server);
  await mailbox.open(() => {});
  await mailbox.look();
  await mailbox.fetch(INBOX, 1, 101);
  await expect(mailbox.fetch(INBOX, 1, 101)).rejects.toThrow(/an answer must have at most 4\d{4} responses/);
  await mailbox.close();
  await server.close();
});

test('a hundred messages that may be ours are read and cut to what is read of each, and no more is held, be they sent longer', async () => {
  const server = await startHostileThread('UID', 'sends a hundred messages that are longer than was asked for');
  const mailbox = mailboxAt(server);
  await mailbox.open(() => {});
  await mailbox.look();
  const before = heldBytes();
  const { messages, complete } = await mailbox.fetch(INBOX, 1, 101);
  // What refers to buffers is let go of in the first of two collections, the buffers in the second.
  heldBytes();
  await delay(SAMPLE_MS);
  const kept = heldBytes() - before;
  expect(complete).toBe(true);
  expect(messages).toHaveLength(100);
  expect(new Set(messages.map(({ header, body }) => `${header.length} ${body.length}`))).toEqual(
    new Set([`${HEADER_BYTES_MAX} ${BODY_BYTES_MAX}`]),
  );
  expect(kept).toBeLessThan(100 * (HEADER_BYTES_MAX + BODY_BYTES_MAX) + SLACK);
  await mailbox.close();
  await server.close();
});

const ENDLESS = [
  'sends a line without end',
  'sends responses without end',
  'sends folders without end',
  'sends literals without end',
  'sends one literal after the other in one line',
  'opens brackets without end',
  'asks to go on',
  'sends folders without end, each another with flags of its own',
  'sends messages without end, each of another number',
];

test.each(ENDLESS.flatMap((fault) => (['look', 'UID'] as const).map((stage) => [fault, stage] as const)))(
  'a server that %s, at %s, makes the client hold little and is cut off',
  async (fault, stage) => {
    const server = await startHostileThread(stage, fault);
    const mailbox = mailboxAt(server);
    const before = heldBytes();
    let peak = before;
    let isOver = false;
    const sampling = (async () => {
      while (!isOver) {
        peak = Math.max(peak, heldBytes());
        await delay(SAMPLE_MS);
      }
    })();
    const fromMs = performance.now();
    const failure = await failureOf(mailbox);
    const tookMs = performance.now() - fromMs;
    isOver = true;
    await sampling;
    await mailbox.close();
    await server.close();
    expect(failure).toMatch(/^TOO_LARGE /);
    expect(peak - before).toBeLessThan(HELD_MAX);
    expect(tookMs).toBeLessThan(CUT_MS_MAX);
  },
);
