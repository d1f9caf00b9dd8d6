/** Mailbox: the one that is its own server, the same in the simulator, and IMAP against the demo's server and a real Dovecot. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { createMailbox } from '../../src/adapters/imap/mailbox.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { type DemoFolder, startDemoMailbox } from '../../src/demo/mailbox.ts';
import type { HostPort, Login } from '../../src/domain/settings.ts';
import { type Clock, type Mailbox, MailboxError } from '../../src/ports.ts';
import { settingsFor, silentLog } from '../adapters/imap/support.ts';
import { ownClock } from '../adapters/smtp-sink/fixtures.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { Mortal } from '../fakes/mortal.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeWithServers } from '../servers/available.ts';
import { startGate } from '../servers/gate.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { Host } from '../simulation/host.ts';
import { describeMailbox, type MailboxUnderTest, OWN_SENDER } from './mailbox.ts';
import { describeMailboxChange } from './mailbox-change.ts';
import { letTimePass } from './passing.ts';

describe('the mailbox that is its own server', () => {
  const make = async (): Promise<MailboxUnderTest> => {
    const clock = ownClock();
    const mailbox = new FakeMailbox(clock, [OWN_SENDER]);
    mailbox.latencyMs = 2;
    return byMethods(mailbox, mailbox, clock);
  };
  describeMailbox(make);
  describeMailboxChange(make, true);
});

describe("the simulator's mailbox, as a process meets it that hears of everything late", () => {
  const make = async (): Promise<MailboxUnderTest> => {
    const world = new VirtualClock();
    letTimePass(world);
    const host = new Host(world, 0, []);
    const mortal = new Mortal(host, 30);
    const mailbox = new FakeMailbox(host, [OWN_SENDER]);
    mailbox.latencyMs = 7;
    mailbox.create('Junk');
    return byMethods(mortal.port(mailbox), mailbox, mortal.clock);
  };
  describeMailbox(make);
  describeMailboxChange(make, true);
});

describe("IMAP at the demo's server", () => {
  const make = async (): Promise<MailboxUnderTest> => {
    const login = { username: 'probe', password: 'probe-password' };
    const demo = await startDemoMailbox(login);
    onTestFinished(() => demo.close());
    const under = await overImap(demo.at, login);
    const isOurs = (folder: string): folder is DemoFolder => folder === 'INBOX' || folder === 'Junk';
    const deliver = async (text: string, folder = 'INBOX'): Promise<void> =>
      isOurs(folder) ? demo.deliver(folder, text, new Date()) : under.deliver(text, folder);
    return { ...under, deliver };
  };
  describeMailbox(make);
  // All it has is in memory, and its folders cannot be got at one by one.
  describeMailboxChange(make, false);
});

describeWithServers('IMAP at Dovecot', () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());
  const make = async (): Promise<MailboxUnderTest> => ({
    ...(await overImap(provider.imap, provider.user('alice'))),
    async breakFolder(path) {
      const folder = join(provider.maildirOf('alice'), `.${path}`);
      await chmod(folder, 0);
      return () => chmod(folder, 0o700);
    },
  });
  describeMailbox(make);
  describeMailboxChange(make, true);
});

/** `server` does by method calls what others do to the account. */
function byMethods(mailbox: Mailbox, server: FakeMailbox, clock: Clock): MailboxUnderTest {
  return {
    mailbox,
    clock,
    deliver: async (text, folder) => void server.deliver({ text }, folder, true),
    expunge: async (folder, uid) => server.expunge(folder, uid),
    uids: async (path) => server.stored.filter(({ folder }) => folder === path).map(({ uid }) => uid),
    folders: {
      create: async (path) => void server.create(path),
      rename: async (path, to) => server.rename(path, to),
      drop: async (path) => server.drop(path),
    },
    cut: async () => server.disconnect(),
    async outage(isAway) {
      server.failure = isAway ? new MailboxError('ECONNREFUSED', 'refused') : null;
    },
    async breakFolder(path) {
      server.broken.add(path);
      return async () => void server.broken.delete(path);
    },
  };
}

/** The adapter, and beside it another client of the same account, which no outage concerns. */
async function overImap(at: HostPort, { username, password }: Login): Promise<MailboxUnderTest> {
  const clock = ownClock();
  const gate = await startGate(at);
  const settings = settingsFor(gate.at, { login: { username, password } });
  const mailbox = createMailbox(settings, [OWN_SENDER], { clock, random: systemRandom, log: silentLog });
  const auth = { user: username, pass: password };
  const other = new ImapFlow({ ...at, doSTARTTLS: false, auth, logger: false, disableAutoIdle: true });
  other.on('error', () => {});
  await other.connect();
  onTestFinished(async () => {
    await mailbox.close();
    await other.logout().catch(() => undefined);
    await gate.shut();
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
    async uids(folder) {
      const { exists } = await other.mailboxOpen(folder, { readOnly: true });
      if (exists === 0) return [];
      return (await other.fetchAll('1:*', { uid: true })).map(({ uid }) => uid);
    },
    folders: {
      create: async (path) => void (await other.mailboxCreate(path)),
      rename: async (path, to) => void (await other.mailboxRename(path, to)),
      drop: async (path) => void (await other.mailboxDelete(path)),
    },
    cut: async () => gate.cut(),
    outage: (isAway) => (isAway ? gate.shut() : gate.open()),
    breakFolder: null,
  };
}
