/** Mailbox: the one that is its own server, and IMAP against the demo's server and a real Dovecot. */
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { createMailbox } from '../../src/adapters/imap/mailbox.ts';
import { startDemoMailbox } from '../../src/demo/mailbox.ts';
import type { HostPort, Login } from '../../src/domain/settings.ts';
import { settingsFor, silentLog } from '../adapters/imap/support.ts';
import { ownClock } from '../adapters/smtp-sink/fixtures.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { describeWithServers } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { describeMailbox, describeRenaming, type MailboxUnderTest } from './mailbox.ts';

describe('the mailbox that is its own server', () => {
  const make = async (): Promise<MailboxUnderTest> => {
    const clock = ownClock();
    const mailbox = new FakeMailbox(clock);
    mailbox.latencyMs = 2;
    return {
      mailbox,
      clock,
      deliver: async (text, folder) => void mailbox.deliver({ text }, folder, true),
      expunge: async (folder, uid) => mailbox.expunge(folder, uid),
      remakeJunk: async () => mailbox.rename('Junk', 'Old junk'),
      uids: async (path) => mailbox.stored.filter(({ folder }) => folder === path).map(({ uid }) => uid),
    };
  };
  describeMailbox(make);
  describeRenaming(make);
});

describe("IMAP at the demo's server", () => {
  describeMailbox(async () => {
    const login = { username: 'probe', password: 'probe-password' };
    const demo = await startDemoMailbox(login);
    onTestFinished(() => demo.close());
    const under = await overImap(demo.at, login);
    return { ...under, deliver: async (text, folder = 'INBOX') => demo.deliver(folder, text, new Date()) };
  });
});

describeWithServers('IMAP at Dovecot', () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());
  const make = (): Promise<MailboxUnderTest> => overImap(provider.imap, provider.user('alice'));
  describeMailbox(make);
  describeRenaming(make);
});

/** The adapter, and beside it another client of the same account. */
async function overImap(at: HostPort, { username, password }: Login): Promise<MailboxUnderTest> {
  const clock = ownClock();
  const mailbox = createMailbox(settingsFor(at, { login: { username, password } }), [], clock, silentLog);
  const auth = { user: username, pass: password };
  const other = new ImapFlow({ ...at, doSTARTTLS: false, auth, logger: false, disableAutoIdle: true });
  other.on('error', () => {});
  await other.connect();
  onTestFinished(async () => {
    await mailbox.close();
    await other.logout().catch(() => undefined);
  });
  return {
    mailbox,
    clock,
    async deliver(text, folder = 'INBOX') {
      await other.append(folder, text);
    },
    async expunge(folder, uid) {
      await other.mailboxOpen(folder);
      await other.messageDelete(String(uid), { uid: true });
    },
    async remakeJunk() {
      await other.mailboxRename('Junk', 'Old junk');
      await other.mailboxCreate('Junk');
    },
    async uids(folder) {
      const { exists } = await other.mailboxOpen(folder, { readOnly: true });
      if (exists === 0) return [];
      return (await other.fetchAll('1:*', { uid: true })).map(({ uid }) => uid);
    },
  };
}
