/** The mailbox against a real Dovecot, with another client at the same account. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { readStored, type Stored } from '../../../src/adapters/imap/stored.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import type { MailboxSettings, TlsSettings } from '../../../src/domain/settings.ts';
import type { FetchedMessage, FolderState, Look, Mailbox } from '../../../src/ports.ts';
import { describeWithServers } from '../../servers/available.ts';
import { issueCertificate } from '../../servers/certificate.ts';
import { type Provider, startProvider } from '../../servers/provider.ts';
import { failureOf, probeMessage, settingsFor, silentLog, strangersMessage, TOKEN, until } from './support.ts';

const STRANGERS = 300;
const START_MS_MAX = 60_000;
const clock = systemClock();
const run = promisify(execFile);
let provider: Provider;
let mailbox: Mailbox;
/** Another client of the same account. */
let other: ImapFlow;
let hints = 0;

const REPORT = [
  'From: Mail Delivery System <MAILER-DAEMON@corp.test>',
  'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
  'Message-ID: <1.report@corp.test>',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'could not be delivered',
  '--b--',
  '',
].join('\r\n');

function settings(over: Partial<MailboxSettings> = {}): MailboxSettings {
  const { username, password } = provider.user('alice');
  return settingsFor(provider.imap, { login: { username, password }, address: username, ...over });
}

async function look(): Promise<ReadonlyMap<string, FolderState>> {
  const { folders }: Look = await mailbox.look();
  return new Map(folders.map((folder) => [folder.path, folder]));
}

async function folderNamed(path: string): Promise<FolderState> {
  const folder = (await look()).get(path);
  if (folder === undefined) throw new Error(`the look has no folder ${path}`);
  return folder;
}

/** Everything in a folder that is returned as a candidate. */
async function fetchAll(path: string): Promise<readonly FetchedMessage[]> {
  const folder = await folderNamed(path);
  return (await mailbox.fetch(folder, 1, folder.uidNext)).messages;
}

/** UIDs and flags of a folder as the other client sees them. */
async function flagsIn(path: string): Promise<ReadonlyMap<number, readonly string[]>> {
  await other.mailboxOpen(path, { readOnly: true });
  const rows = await other.fetchAll('1:*', { uid: true, flags: true }, { uid: true });
  return new Map(rows.map(({ uid, flags }) => [uid, [...(flags ?? [])].filter((flag) => flag !== '\\Recent').sort()]));
}

async function emptyAccount(): Promise<void> {
  for (const { path } of await other.list()) {
    await other.mailboxOpen(path);
    await other.messageDelete('1:*');
  }
  await other.mailboxOpen('Trash');
}

describeWithServers('a mailbox at Dovecot', () => {
  beforeAll(async () => {
    provider = await startProvider();
  }, START_MS_MAX);
  afterAll(() => provider.stop(), START_MS_MAX);

  beforeEach(async () => {
    const { username, password } = provider.user('alice');
    other = new ImapFlow({
      ...provider.imap,
      doSTARTTLS: false,
      auth: { user: username, pass: password },
      logger: false,
      disableAutoIdle: true,
    });
    // A server stopped by a test drops this client too.
    other.on('error', () => {});
    await other.connect();
    await emptyAccount();
    hints = 0;
    mailbox = createMailbox(settings(), ['probe@sink.test'], { clock, random: systemRandom, log: silentLog });
    await mailbox.open(() => {
      hints += 1;
    });
  });
  afterEach(async () => {
    await mailbox.close();
    await other.logout().catch(() => undefined);
  });

  test('a look shows a new message at once, whatever IDLE says, and a hint follows', async () => {
    const before = await folderNamed('INBOX');
    await other.append('INBOX', probeMessage());
    const after = await folderNamed('INBOX');
    expect(after).toEqual({ ...before, uidNext: before.uidNext + 1 });
    const [found, ...others] = (await mailbox.fetch(after, before.uidNext, after.uidNext)).messages;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ uid: before.uidNext, body: '' });
    expect(found?.header).toContain(`X-Mailflow-Probe: ${TOKEN}\r\n`);
    expect(found?.header).toContain('X-Other: the whole header is fetched\r\n');
    await until(() => (hints > 0 ? true : null));
  });

  test('everything that is ours and lies there is read whole, with the time it came in, and nothing is marked', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    await other.append('INBOX', strangersMessage(1));
    await other.append('INBOX', probeMessage());
    await other.append('Junk', probeMessage(), [], new Date('2026-11-03T08:00:00Z'));
    const found: Stored[] = [];
    for await (const message of readStored(settings(), clock, silentLog)) found.push(message);
    const [inbox, junk] = ['INBOX/', 'Junk/'].map((path) => found.find(({ where }) => where.startsWith(path)));
    expect(found).toHaveLength(2);
    expect(`${inbox!.header}${inbox!.body}`).toBe(probeMessage());
    expect(inbox!.storedMs).toBeGreaterThanOrEqual(before);
    expect(junk!.storedMs).toBe(Date.parse('2026-11-03T08:00:00Z'));
    expect([...(await flagsIn('INBOX')).values()]).toEqual([[], []]);
  });

  test('looks and fetches of many at a time do not disturb each other', async () => {
    await other.append('INBOX', probeMessage());
    await other.append('Junk', probeMessage());
    const folders = [await folderNamed('INBOX'), await folderNamed('Junk')];
    const fetches = folders
      .flatMap((folder) => [folder, folder])
      .map(async (folder) => (await mailbox.fetch(folder, 1, folder.uidNext)).messages);
    const results = await Promise.all([...fetches, mailbox.look(), mailbox.look()]);
    for (const result of results)
      expect('folders' in result ? result.folders.length : result.length).toBeGreaterThan(0);
  });

  test(
    'of hundreds of other messages none is returned, marked or lost, even where somebody has marked one for deletion',
    async () => {
      for (let number = 0; number < STRANGERS; number += 1) await other.append('INBOX', strangersMessage(number));
      await other.append('INBOX', probeMessage());
      await other.mailboxOpen('INBOX');
      const uids = await other.search({ all: true }, { uid: true });
      const doomed = Number(uids && uids[7]);
      await other.messageFlagsAdd(String(doomed), ['\\Deleted'], { uid: true });
      const before = await flagsIn('INBOX');

      const found = await fetchAll('INBOX');
      expect(found).toHaveLength(1);
      expect(await flagsIn('INBOX')).toEqual(before);

      const ours = found[0]?.uid ?? 0;
      expect(await mailbox.remove(await folderNamed('INBOX'), [ours])).toBe(true);
      await mailbox.close();
      const after = new Map(before);
      after.delete(ours);
      expect(after.size).toBe(STRANGERS);
      expect(after.get(doomed)).toEqual(['\\Deleted']);
      expect(await flagsIn('INBOX')).toEqual(after);
    },
    START_MS_MAX,
  );

  test('Junk and Trash are looked at and say so, Sent and Drafts are not', async () => {
    for (const path of ['Junk', 'Sent', 'Drafts', 'Trash']) await other.append(path, probeMessage());
    const roles = [...(await look()).values()].map(({ path, role }) => [path, role]);
    expect(Object.fromEntries(roles)).toMatchObject({ INBOX: 'inbox', Junk: 'junk', Trash: 'trash' });
    expect(roles.map(([path]) => path)).not.toContain('Sent');
    expect(roles.map(([path]) => path)).not.toContain('Drafts');
    expect(await fetchAll('Junk')).toHaveLength(1);
  });

  test('a folder made since the last look is in the next, with its name decoded', async () => {
    const path = '项目.R&D "x"';
    expect((await look()).has(path)).toBe(false);
    await other.mailboxCreate(path);
    await other.append(path, probeMessage());
    expect(await folderNamed(path)).toMatchObject({ role: 'other', uidNext: 2 });
    expect(await fetchAll(path)).toHaveLength(1);
    await other.mailboxDelete(path);
    expect((await look()).has(path)).toBe(false);
  });

  test('of a report, and of a message of ours without its token, the start of the body is fetched', async () => {
    await other.append('INBOX', REPORT);
    await other.append(
      'INBOX',
      'From: <PROBE@sink.test>\r\nMessage-ID: <rewritten@gateway.test>\r\n\r\nToken: here\r\n',
    );
    const long = `${'x'.repeat(998)}\r\n`.repeat(100);
    await other.append('INBOX', `Return-Path: <>\r\nFrom: daemon\r\n\r\n${long}`);
    const bodies = (await fetchAll('INBOX')).map(({ body }) => body);
    expect(bodies[0]).toContain('could not be delivered');
    expect(bodies[1]).toBe('Token: here\r\n');
    expect(bodies[2]).toBe(long.slice(0, 65_536));
  });

  test('bytes beyond ASCII come as latin1', async () => {
    await other.append('INBOX', Buffer.from('From: probe@sink.test\r\nSubject: \xe9\r\n\r\n\xff\xfe\r\n', 'latin1'));
    const [message] = await fetchAll('INBOX');
    expect(message?.header).toContain('Subject: \xe9');
    expect(message?.body).toBe('\xff\xfe\r\n');
  });

  test('a folder that was deleted and made again is not taken for the old one', async () => {
    await other.mailboxCreate('Again');
    await other.append('Again', probeMessage());
    const old = await folderNamed('Again');
    await other.mailboxDelete('Again');
    await other.mailboxCreate('Again');
    const { code } = await failureOf(mailbox.fetch({ ...old, uidValidity: String(Number(old.uidValidity) - 1) }, 1, 9));
    expect(code).toBe('UIDVALIDITY');
    await other.mailboxDelete('Again');
  });

  test('a folder that vanished is NO, and the mailbox can still be used', async () => {
    await other.mailboxCreate('Passing');
    const folder = await folderNamed('Passing');
    await other.mailboxDelete('Passing');
    expect((await failureOf(mailbox.fetch(folder, 1, 2))).code).toBe('NO');
    expect((await look()).has('INBOX')).toBe(true);
  });

  test('an empty range and no UIDs ask nothing of the server', async () => {
    const folder = await folderNamed('INBOX');
    expect(await mailbox.fetch(folder, folder.uidNext, folder.uidNext)).toEqual({ messages: [], complete: true });
    expect(await mailbox.remove(folder, [])).toBe(true);
  });

  test(
    'a server that stops between looks, or during one, is a MailboxError, and the mailbox can be opened again',
    async () => {
      await mailbox.look();
      const looking = failureOf(
        (async () => {
          for (;;) await mailbox.look();
        })(),
      );
      await provider.stopDovecot();
      expect((await looking).code).toBe('CLOSED');
      expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
      expect((await failureOf(mailbox.open(() => {}))).code).toBe('ECONNREFUSED');
      await provider.startDovecot();
      await mailbox.open(() => {});
      expect((await look()).has('INBOX')).toBe(true);
    },
    START_MS_MAX,
  );

  test.each(['tls', 'starttls'] as const)(
    'over %s the certificate is verified and its end is told',
    async (security) => {
      const endpoint = security === 'tls' ? provider.imaps : provider.imap;
      const over = (tls: Partial<TlsSettings>) =>
        createMailbox(settings({ ...endpoint, security, tls: { ca: provider.caPem, servername: null, ...tls } }), [], {
          clock,
          random: systemRandom,
          log: silentLog,
        });
      for (const servername of [null, provider.serverName]) {
        const secure = over({ servername });
        const { certificateExpiresMs } = await secure.open(() => {});
        expect(certificateExpiresMs).toBeGreaterThan(Date.now());
        expect((await secure.look()).folders.length).toBeGreaterThan(0);
        await secure.close();
      }
      expect((await failureOf(over({ servername: 'elsewhere.test' }).open(() => {}))).code).toBe(
        'ERR_TLS_CERT_ALTNAME_INVALID',
      );
      expect((await failureOf(over({ ca: null }).open(() => {}))).code).toMatch(/SELF_SIGNED|UNABLE_TO_/);
    },
  );

  test('without TLS there is no certificate', async () => {
    const plain = createMailbox(settings(), [], { clock, random: systemRandom, log: silentLog });
    expect(await plain.open(() => {})).toEqual({ certificateExpiresMs: null, peer: '127.0.0.1' });
    await plain.close();
  });

  test('an expired and a self-signed certificate are told apart', async () => {
    const folder = join(provider.root, 'imap-certificates');
    const expired = await issueCertificate(folder, 'expired', ['IP:127.0.0.1']);
    const selfSigned = { certFile: join(folder, 'own.pem'), keyFile: join(folder, 'own.key'), caPem: null };
    const { certFile: out, keyFile: keyout } = selfSigned;
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=own',
      '-keyout',
      keyout,
      '-out',
      out,
    ]);
    for (const [{ certFile, keyFile, caPem }, expected] of [
      [expired, 'CERT_HAS_EXPIRED'],
      [selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ] as const) {
      const server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) });
      // The client breaks the handshake off.
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const over = { host: '127.0.0.1', port, security: 'tls', tls: { ca: caPem, servername: null } } as const;
      const refused = createMailbox(settings(over), [], { clock, random: systemRandom, log: silentLog });
      expect((await failureOf(refused.open(() => {}))).code).toBe(expected);
      await new Promise((resolve) => server.close(resolve));
    }
  });

  // The last, for Dovecot delays every login from an address that has failed.
  test('a wrong password is AUTHENTICATIONFAILED, and neither message nor cause holds it', async () => {
    const { username } = provider.user('alice');
    const wrong = createMailbox(settings({ login: { username, password: 'wr0ng-secret' } }), [], {
      clock,
      random: systemRandom,
      log: silentLog,
    });
    const error = await failureOf(wrong.open(() => {}));
    expect(error.code).toBe('AUTHENTICATIONFAILED');
    expect(error.message).toMatch(/^IMAP 127\.0\.0\.1:\d+: login refused: /);
    const told = JSON.stringify([error, error.cause, String(error.cause), Object.entries(error.cause ?? {})]);
    expect(told).not.toContain('wr0ng-secret');
    expect(told).not.toContain(Buffer.from(`\0${username}\0wr0ng-secret`).toString('base64'));
  });
});
