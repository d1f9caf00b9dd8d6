/** The mailbox against Hoodiecrow, the demo's IMAP server: no LIST-STATUS, and a CLOSE that deletes even after EXAMINE. */
import type { AddressInfo } from 'node:net';
import hoodiecrow from 'hoodiecrow-imap';
import { afterEach, expect, test } from 'vitest';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { startDemoMailbox } from '../../../src/demo/mailbox.ts';
import type { FolderState, Mailbox } from '../../../src/ports.ts';
import { probeMessage, settingsFor, silentLog, strangersMessage, until } from './support.ts';

/** The slice used here. */
interface Hoodiecrow {
  readonly server: { address(): AddressInfo };
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
  getMailbox(path: string): {
    readonly messages: readonly { readonly uid: number; readonly flags: readonly string[] }[];
  };
}
const startHoodiecrow = hoodiecrow as unknown as (options: unknown) => Hoodiecrow;

const clock = systemClock();
const LOGIN = { username: 'testuser', password: 'testpass' };
let mailbox: Mailbox;
let server: Hoodiecrow;
let stop: () => Promise<void>;

afterEach(async () => {
  await mailbox.close();
  await stop();
});

/** Its IDLE is left out: it starts a timer that outlives the connection, which the demo's mailbox works around. */
async function open(plugins: readonly string[]): Promise<void> {
  server = startHoodiecrow({
    plugins: [...plugins],
    storage: {
      INBOX: {
        messages: [
          // First, for a partial FETCH leaves the messages after the first empty.
          { raw: probeMessage() },
          { raw: strangersMessage(1), flags: ['\\Deleted'] },
          { raw: strangersMessage(2), flags: [] },
        ],
      },
      '': { separator: '/', folders: { Junk: { 'special-use': '\\Junk' }, Sent: { 'special-use': '\\Sent' } } },
    },
  });
  stop = () => new Promise((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address();
  mailbox = createMailbox(settingsFor({ host: '127.0.0.1', port }, { login: LOGIN }), [], {
    clock,
    random: systemRandom,
    log: silentLog,
  });
  await mailbox.open(() => {});
}

/** UID and flags of what is in the inbox. */
function inbox(): readonly (readonly [number, readonly string[]])[] {
  return server
    .getMailbox('INBOX')
    .messages.map(({ uid, flags }) => [uid, flags.filter((flag) => flag !== '\\Recent')]);
}

test.each([
  ['with all extensions', ['SPECIAL-USE', 'UIDPLUS', 'UNSELECT', 'ID', 'NAMESPACE', 'AUTH-PLAIN', 'SASL-IR']],
  ['without UNSELECT', ['SPECIAL-USE', 'UIDPLUS']],
])('%s a probe is seen, fetched and removed, and other mail is left as it was', async (_, plugins) => {
  await open(plugins);
  const { folders } = await mailbox.look();
  expect(folders.map(({ path, role }) => [path, role])).toEqual([
    ['INBOX', 'inbox'],
    ['Junk', 'junk'],
  ]);
  const [folder] = folders;
  if (folder === undefined) throw new Error('no folder');
  const found = (await mailbox.fetch(folder, 1, folder.uidNext)).messages;
  expect(found.map(({ uid }) => uid)).toEqual([1]);
  expect(found[0]?.header).toContain('X-Other: the whole header is fetched');
  expect(await mailbox.remove(folder, [1])).toBe(true);
  expect(inbox()).toEqual([
    [2, ['\\Deleted']],
    [3, []],
  ]);
});

test('at the demo mailbox a message is in the next look, hinted at, fetched and removed', async () => {
  const demo = await startDemoMailbox(LOGIN);
  stop = () => demo.close();
  let hints = 0;
  mailbox = createMailbox(settingsFor(demo.at, { login: LOGIN }), [], { clock, random: systemRandom, log: silentLog });
  await mailbox.open(() => {
    hints += 1;
  });
  const before = await inboxIn(mailbox);
  demo.deliver('INBOX', strangersMessage(1), new Date());
  demo.deliver('INBOX', probeMessage(), new Date());
  const after = await inboxIn(mailbox);
  expect(after).toEqual({ ...before, uidNext: before.uidNext + 2 });
  const found = (await mailbox.fetch(after, before.uidNext, after.uidNext)).messages;
  expect(found.map(({ uid }) => uid)).toEqual([before.uidNext + 1]);
  await until(() => (hints > 0 ? true : null));
  expect(await mailbox.remove(after, [before.uidNext + 1])).toBe(true);
  expect(demo.count('INBOX')).toBe(1);
});

async function inboxIn(looked: Mailbox): Promise<FolderState> {
  const inbox = (await looked.look()).folders.find(({ path }) => path === 'INBOX');
  if (inbox === undefined) throw new Error('the look has no INBOX');
  return inbox;
}
