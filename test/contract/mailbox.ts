/** What every Mailbox must keep. */
import { expect, it } from 'vitest';
import { type Clock, type Fetched, type FolderState, type Look, type Mailbox, MailboxError } from '../../src/ports.ts';
import { probeMessage, strangersMessage, TOKEN, until } from '../adapters/imap/support.ts';

export interface MailboxUnderTest {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  /** The provider delivers a message (RFC 5322 text); resolves once it is in the folder. */
  readonly deliver: (text: string, folder?: 'INBOX' | 'Junk') => Promise<void>;
  /** Another client deletes a message for good. */
  readonly expunge: (folder: string, uid: number) => Promise<void>;
  /** Another client renames the folder of junk to `Old junk`, and makes one by the old name. */
  readonly remakeJunk: () => Promise<void>;
  /** UIDs in a folder, whoever's messages they are. */
  readonly uids: (folder: string) => Promise<readonly number[]>;
}

const FIRST = TOKEN;
const SECOND = TOKEN.replace('abc', 'cba');

function folderIn({ folders }: Look, name: string): FolderState {
  const found = folders.find(({ path }) => path === name);
  if (found === undefined) throw new Error(`the look has no folder ${name}`);
  return found;
}

/** `make` gives a mailbox that is closed, with an INBOX and a Junk folder; and sees to it that it ends so. */
export function describeMailbox(make: () => Promise<MailboxUnderTest>): void {
  async function begin() {
    const under = await make();
    const hints = { count: 0 };
    await under.mailbox.open(() => {
      hints.count += 1;
    });
    const inbox = async (): Promise<FolderState> => folderIn(await under.mailbox.look(), 'INBOX');
    const fetchNew = (from: FolderState, to: FolderState): Promise<Fetched> =>
      under.mailbox.fetch(to, from.uidNext, to.uidNext);
    return { ...under, hints, inbox, fetchNew };
  }

  it('shows a message in the next look, by a UID that was announced, and fetches it whole', async () => {
    const { mailbox, clock, deliver, inbox, fetchNew } = await begin();
    const before = await inbox();
    await deliver(probeMessage(FIRST));
    const asked = clock.now();
    const look = await mailbox.look();
    const after = folderIn(look, 'INBOX');
    expect(after).toEqual({ ...before, uidNext: before.uidNext + 1 });
    expect(after.role).toBe('inbox');
    expect(look.sentAt.monoUs).toBeGreaterThanOrEqual(asked.monoUs);
    const { messages, complete } = await fetchNew(before, after);
    expect(complete).toBe(true);
    expect(messages.map(({ uid }) => uid)).toEqual([before.uidNext]);
    expect(messages[0]?.header).toContain(`X-Mailflow-Probe: ${FIRST}`);
    expect(messages[0]?.header).toContain('X-Other: the whole header is fetched');
    expect(messages[0]!.seen.monoUs).toBeGreaterThanOrEqual(look.sentAt.monoUs);
  });

  it('shows nothing that came after the look was answered', async () => {
    const { deliver, inbox } = await begin();
    const first = await inbox();
    const second = await inbox();
    expect(second).toEqual(first);
    await deliver(probeMessage(FIRST));
    expect((await inbox()).uidNext).toBe(first.uidNext + 1);
  });

  it('tells the folder of junk by its role', async () => {
    const { mailbox, deliver } = await begin();
    await deliver(probeMessage(FIRST), 'Junk');
    const junk = (await mailbox.look()).folders.find(({ role }) => role === 'junk');
    expect(junk).toBeDefined();
    const { messages } = await mailbox.fetch(junk!, 1, junk!.uidNext);
    expect(messages.at(-1)?.header).toContain(FIRST);
  });

  it('fetches nothing from an empty range, and that is complete', async () => {
    const { mailbox, deliver, inbox } = await begin();
    await deliver(probeMessage(FIRST));
    const folder = await inbox();
    expect(await mailbox.fetch(folder, folder.uidNext, folder.uidNext)).toEqual({ messages: [], complete: true });
  });

  it('fetches within the range alone, in order', async () => {
    const { mailbox, deliver, inbox } = await begin();
    const from = (await inbox()).uidNext;
    for (let count = 0; count < 3; count += 1) await deliver(probeMessage(count === 1 ? SECOND : FIRST));
    const folder = await inbox();
    const uidsOf = async (first: number, last: number) =>
      (await mailbox.fetch(folder, first, last)).messages.map(({ uid }) => uid);
    expect(await uidsOf(from, from + 3)).toEqual([from, from + 1, from + 2]);
    expect(await uidsOf(from + 1, from + 2)).toEqual([from + 1]);
    expect(await uidsOf(from + 2, from + 3)).toEqual([from + 2]);
  });

  it("leaves other people's mail out, which makes a range no less complete", async () => {
    const { deliver, inbox, fetchNew } = await begin();
    const before = await inbox();
    await deliver(strangersMessage(1));
    await deliver(probeMessage(FIRST));
    await deliver(strangersMessage(2));
    const { messages, complete } = await fetchNew(before, await inbox());
    expect(messages.map(({ uid }) => uid)).toEqual([before.uidNext + 1]);
    expect(complete).toBe(true);
  });

  it('says so where a message of the range is gone', async () => {
    const { deliver, expunge, inbox, fetchNew } = await begin();
    const before = await inbox();
    await deliver(probeMessage(FIRST));
    await deliver(probeMessage(SECOND));
    const after = await inbox();
    await expunge('INBOX', before.uidNext);
    const { messages, complete } = await fetchNew(before, after);
    expect(messages.map(({ uid }) => uid)).toEqual([before.uidNext + 1]);
    expect(complete).toBe(false);
  });

  it('deletes what it is told to and nothing else', async () => {
    const { mailbox, deliver, uids, inbox } = await begin();
    const from = (await inbox()).uidNext;
    for (const text of [strangersMessage(1), probeMessage(FIRST), probeMessage(SECOND), probeMessage(FIRST)])
      await deliver(text);
    const before = await uids('INBOX');
    expect(await mailbox.remove(await inbox(), [from + 1, from + 3])).toBe(true);
    expect(await uids('INBOX')).toEqual(before.filter((uid) => uid !== from + 1 && uid !== from + 3));
    expect(await mailbox.remove(await inbox(), [])).toBe(true);
    expect(await mailbox.remove(await inbox(), [from + 1])).toBe(true);
    expect(await uids('INBOX')).toHaveLength(before.length - 2);
  });

  it('gives no UID a second time', async () => {
    const { mailbox, deliver, inbox } = await begin();
    await deliver(probeMessage(FIRST));
    const folder = await inbox();
    await mailbox.remove(folder, [folder.uidNext - 1]);
    expect((await inbox()).uidNext).toBe(folder.uidNext);
    await deliver(probeMessage(SECOND));
    expect((await inbox()).uidNext).toBe(folder.uidNext + 1);
  });

  it('rejects what is asked of a folder that was renumbered', async () => {
    const { mailbox, inbox } = await begin();
    const folder = { ...(await inbox()), uidValidity: '4000000000' };
    await expect(mailbox.fetch(folder, 1, 2)).rejects.toMatchObject({ name: 'MailboxError', code: 'UIDVALIDITY' });
    await expect(mailbox.remove(folder, [1])).rejects.toMatchObject({ name: 'MailboxError', code: 'UIDVALIDITY' });
  });

  it('hints at new mail', async () => {
    const { deliver, hints } = await begin();
    await deliver(probeMessage(FIRST));
    expect(await until(() => (hints.count > 0 ? true : null))).toBe(true);
  });

  it('rejects with MailboxError before it is opened and once it is closed, and works when opened anew', async () => {
    const { mailbox } = await make();
    const folder: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '1', uidNext: 2 };
    const refused = async (): Promise<void> => {
      for (const call of [() => mailbox.look(), () => mailbox.fetch(folder, 1, 2), () => mailbox.remove(folder, [1])]) {
        const error: unknown = await call().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(MailboxError);
        expect(error).toMatchObject({ code: 'CLOSED' });
      }
    };
    await refused();
    await mailbox.open(() => {});
    expect((await mailbox.look()).folders.length).toBeGreaterThan(0);
    await mailbox.close();
    await refused();
    await mailbox.close();
    await mailbox.open(() => {});
    expect((await mailbox.look()).folders.length).toBeGreaterThan(0);
  });
}

/** As `describeMailbox`, where the server knows RENAME. */
export function describeRenaming(make: () => Promise<MailboxUnderTest>): void {
  it('numbers a folder anew that was made anew by an old name', async () => {
    const { mailbox, deliver, remakeJunk } = await make();
    await mailbox.open(() => {});
    await deliver(probeMessage(FIRST), 'Junk');
    const before = folderIn(await mailbox.look(), 'Junk');
    await remakeJunk();
    await deliver(probeMessage(SECOND), 'Junk');
    const look = await mailbox.look();
    expect(folderIn(look, 'Junk').uidValidity).not.toBe(before.uidValidity);
    expect(folderIn(look, 'Old junk').uidNext).toBe(before.uidNext);
  });
}
