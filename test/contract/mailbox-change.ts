/** What every Mailbox must keep while mail comes, folders come and go, and the line to it breaks. */
import { expect, it } from 'vitest';
import type { Instant } from '../../src/domain/time/instant.ts';
import { type FolderState, type Look, MailboxError } from '../../src/ports.ts';
import { probeMessage, TOKEN } from '../adapters/imap/support.ts';
import { begin, folderIn, type MailboxUnderTest } from './mailbox.ts';

const pathsOf = ({ folders }: Look): readonly string[] => folders.map(({ path }) => path);

async function failureOf(work: Promise<unknown>): Promise<MailboxError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MailboxError)) throw error;
  return error;
}

/* oxlint-disable vitest/no-conditional-tests -- registers the test where a server can be made to do so */
/** `make` as for `describeMailbox`; `breaks` says whether its server can be made to fail for one folder alone. */
export function describeMailboxChange(make: () => Promise<MailboxUnderTest>, breaks: boolean): void {
  it('shows in a look whatever was there when it was sent, ready to be read, though more comes meanwhile', async () => {
    const { mailbox, clock, deliver, inbox } = await begin(make);
    const from = (await inbox()).uidNext;
    const delivered: Instant[] = [];
    const looks: Look[] = [];
    const looking = (async () => {
      while (delivered.length < 8) {
        looks.push(await mailbox.look());
        const folder = folderIn(looks.at(-1) as Look, 'INBOX');
        const { messages, complete } = await mailbox.fetch(folder, from, folder.uidNext);
        expect([messages.length, complete]).toEqual([folder.uidNext - from, true]);
      }
    })();
    // At other moments of a look each time.
    while (delivered.length < 8) {
      await clock.sleep(delivered.length);
      await deliver(probeMessage(TOKEN));
      delivered.push(clock.now());
    }
    await looking;
    looks.push(await mailbox.look());
    for (const look of looks) {
      const there = delivered.filter(({ monoUs }) => monoUs < look.sentAt.monoUs).length;
      expect(folderIn(look, 'INBOX').uidNext - from).toBeGreaterThanOrEqual(there);
    }
  });

  it('reads a message between the moments when it was asked to and when it said so', async () => {
    const { mailbox, clock, deliver, inbox } = await begin(make);
    await deliver(probeMessage(TOKEN));
    const folder = await inbox();
    const asked = clock.now();
    const { messages } = await mailbox.fetch(folder, folder.uidNext - 1, folder.uidNext);
    const told = clock.now();
    expect(messages).toHaveLength(1);
    expect(messages[0]!.seen.monoUs).toBeGreaterThanOrEqual(asked.monoUs);
    expect(messages[0]!.seen.monoUs).toBeLessThanOrEqual(told.monoUs);
  });

  it('shows a folder that was made since, and one by its new name, and those that are gone no more', async () => {
    const { mailbox, folders, deliver } = await begin(make);
    const before = pathsOf(await mailbox.look());
    await folders.create('Made');
    await deliver(probeMessage(TOKEN), 'Made');
    const made = folderIn(await mailbox.look(), 'Made');
    expect((await mailbox.fetch(made, 1, made.uidNext)).messages).toHaveLength(1);
    await folders.rename('Made', 'Renamed');
    const look = await mailbox.look();
    expect(pathsOf(look).toSorted()).toEqual([...before, 'Renamed'].toSorted());
    const renamed = folderIn(look, 'Renamed');
    expect((await mailbox.fetch(renamed, 1, renamed.uidNext)).messages).toHaveLength(1);
    expect(await failureOf(mailbox.fetch(made, 1, made.uidNext))).toMatchObject({ code: 'NO' });
    await folders.drop('Renamed');
    // The demo's server calls the command a bad one.
    expect((await failureOf(mailbox.fetch(renamed, 1, renamed.uidNext))).code).toMatch(/^(?:NO|BAD)$/);
    expect(pathsOf(await mailbox.look()).toSorted()).toEqual(before.toSorted());
  });

  it('tells a folder that was made anew from the one of its name before, whose messages it never mixes up', async () => {
    const { mailbox, folders, deliver } = await begin(make);
    await folders.create('Again');
    await deliver(probeMessage(TOKEN), 'Again');
    const first = folderIn(await mailbox.look(), 'Again');
    await folders.drop('Again');
    await folders.create('Again');
    await deliver(probeMessage(TOKEN.replace('abc', 'cba')), 'Again');
    const second = folderIn(await mailbox.look(), 'Again');
    expect(second.uidValidity).not.toBe(first.uidValidity);
    expect(await failureOf(mailbox.fetch(first, 1, first.uidNext))).toMatchObject({ code: 'UIDVALIDITY' });
    expect(await failureOf(mailbox.remove(first, [1]))).toMatchObject({ code: 'UIDVALIDITY' });
    const { messages } = await mailbox.fetch(second, 1, second.uidNext);
    expect(messages.map(({ header }) => header.includes(TOKEN.replace('abc', 'cba')))).toEqual([true]);
    await folders.drop('Again');
  });

  it('leaves out folders whose mail is no delivery', async () => {
    const { mailbox, deliver } = await begin(make);
    const before = await mailbox.look();
    await deliver(probeMessage(TOKEN), 'Sent');
    const after = await mailbox.look();
    expect(pathsOf(after)).not.toContain('Sent');
    expect(after.folders).toEqual(before.folders);
  });

  it('knows the folders of its last look alone', async () => {
    const { mailbox } = await begin(make);
    const folder: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '1', uidNext: 2 };
    expect(await failureOf(mailbox.fetch(folder, 1, 2))).toMatchObject({ code: 'NO' });
    expect(await failureOf(mailbox.remove(folder, [1]))).toMatchObject({ code: 'NO' });
    expect(pathsOf(await mailbox.look())).toContain('INBOX');
  });

  it('fails at whatever it is asked once the line broke, also when that is whole again, until it is opened anew', async () => {
    const { mailbox, cut, deliver, inbox } = await begin(make);
    const folder = await inbox();
    await cut();
    await deliver(probeMessage(TOKEN));
    for (const call of [
      () => mailbox.look(),
      () => mailbox.fetch(folder, folder.uidNext, folder.uidNext + 1),
      () => mailbox.remove(folder, [folder.uidNext]),
      () => mailbox.look(),
    ])
      expect((await failureOf(call())).code).toMatch(/^[A-Z]+$/);
    await mailbox.close();
    await mailbox.open(() => {});
    expect((await inbox()).uidNext).toBe(folder.uidNext + 1);
  });

  it('cannot be opened while its server is away, says why by a stable code, and can be once it is back', async () => {
    const { mailbox, outage, inbox } = await begin(make);
    await inbox();
    await outage(true);
    expect((await failureOf(mailbox.look())).code).toMatch(/^[A-Z]+$/);
    for (let time = 0; time < 2; time += 1)
      expect((await failureOf(mailbox.open(() => {}))).code).toMatch(/^(?:ECONNREFUSED|CLOSED)$/);
    expect(await failureOf(mailbox.look())).toMatchObject({ code: 'CLOSED' });
    await outage(false);
    await mailbox.open(() => {});
    expect((await inbox()).path).toBe('INBOX');
  });

  it('ends a look under way when it is closed, which the next session answers no more', async () => {
    const { mailbox } = await begin(make);
    const looks = Array.from({ length: 40 }, () => mailbox.look());
    const last = failureOf(looks.at(-1) as Promise<Look>);
    const all = Promise.allSettled(looks);
    await mailbox.close();
    await mailbox.open(() => {});
    expect((await last).code).toMatch(/^[A-Z]+$/);
    await all;
    expect(pathsOf(await mailbox.look())).toContain('INBOX');
  });

  it('does not hint once it is closed', async () => {
    const { mailbox, deliver, hints, inbox } = await begin(make);
    await mailbox.close();
    const before = hints.count;
    await deliver(probeMessage(TOKEN));
    await mailbox.open(() => {});
    await inbox();
    expect(hints.count).toBe(before);
  });

  it('answers looks and fetches of many at a time, each for itself', async () => {
    const { mailbox, deliver } = await begin(make);
    await deliver(probeMessage(TOKEN));
    await deliver(probeMessage(TOKEN), 'Junk');
    const { folders } = await mailbox.look();
    const wanted = folders.filter(({ uidNext }) => uidNext > 1);
    const fetched = wanted.map(async (folder) => {
      const { messages } = await mailbox.fetch(folder, folder.uidNext - 1, folder.uidNext);
      return messages.every(({ uid }) => uid === folder.uidNext - 1);
    });
    const looks = [mailbox.look(), mailbox.look()];
    expect(new Set(await Promise.all(fetched))).toEqual(new Set([true]));
    for (const look of await Promise.all(looks)) expect(look.folders).toEqual(folders);
  });

  if (breaks)
    it('fails at a look in which one folder has no state, rather than leave that folder out', async () => {
      const { mailbox, folders, deliver, breakFolder } = await begin(make);
      await folders.create('Broken');
      await deliver(probeMessage(TOKEN), 'Broken');
      expect(pathsOf(await mailbox.look())).toContain('Broken');
      const mend = await breakFolder!('Broken');
      expect((await failureOf(mailbox.look())).code).toMatch(/^[A-Z]+$/);
      await mend();
      expect(pathsOf(await mailbox.look())).toContain('Broken');
      await folders.drop('Broken');
    });
}
