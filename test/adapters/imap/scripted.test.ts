/** The mailbox against servers that refuse, lie, break off or lack extensions. */
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import type { Clock, FolderState, Mailbox } from '../../../src/ports.ts';
import { type Answer, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { failureOf, settingsFor, silentLog, TOKEN, until } from './support.ts';

const INBOX: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 8 };
const clock = systemClock();
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(
  capabilities: string,
  script: (command: string) => Answer | undefined,
  options: { readonly clock?: Clock; readonly onHint?: () => void } = {},
): Promise<{ readonly mailbox: Mailbox; readonly server: ScriptedServer }> {
  const server = await startScriptedServer(capabilities, script);
  closers.push(() => server.close());
  const mailbox = createMailbox(settingsFor(server), ['probe@sink.test'], {
    clock: options.clock ?? clock,
    random: systemRandom,
    log: silentLog,
  });
  closers.push(() => mailbox.close());
  await mailbox.open(options.onHint ?? (() => {}));
  await until(() => (server.commands.includes('IDLE') ? true : null));
  return { mailbox, server };
}

/** The real clock, with one duration made short. */
function hurried(from: number, to: number): Clock {
  return { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms === from ? to : ms, signal) };
}

test('a look asks for every folder and takes UIDNEXT and UIDVALIDITY from its STATUS', async () => {
  const { mailbox } = await open('IDLE', (command) => {
    if (command === 'LIST "" "*"') return ['* LIST () "/" inbox', '* LIST () "/" {4}', 'a"b]', 'TAG OK'];
    if (command.includes('a\\"b]')) return ['* STATUS "a\\"b]" (UIDVALIDITY 4294967295 UIDNEXT 3)', 'TAG OK'];
    return undefined;
  });
  const before = clock.now();
  const { sentAt, folders } = await mailbox.look();
  expect(sentAt.monoUs).toBeGreaterThanOrEqual(before.monoUs);
  expect(folders).toEqual([INBOX, { path: 'a"b]', role: 'other', uidValidity: '4294967295', uidNext: 3 }]);
});

test('a look is one command where the server offers LIST-STATUS', async () => {
  const { mailbox, server } = await open('IDLE LIST-STATUS SPECIAL-USE', (command) =>
    command.includes('RETURN')
      ? ['* LIST () "/" INBOX', '* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)', '* LIST (\\Noselect) "/" x', 'TAG OK']
      : undefined,
  );
  const asked = server.commands.length;
  expect((await mailbox.look()).folders).toEqual([INBOX]);
  expect(server.commands.slice(asked)).toEqual(['LIST "" "*" RETURN (SPECIAL-USE STATUS (UIDNEXT UIDVALIDITY))']);
});

test('a server that offers LIST-STATUS and does not understand it is asked folder by folder', async () => {
  const { mailbox, server } = await open('IDLE LIST-STATUS', (command) =>
    command.includes('RETURN') ? ['TAG BAD what?'] : undefined,
  );
  expect((await mailbox.look()).folders).toEqual([INBOX]);
  expect((await mailbox.look()).folders).toEqual([INBOX]);
  expect(server.commands.filter((command) => command.includes('RETURN'))).toHaveLength(1);
});

test('a folder is known by its name below the prefix of the account’s own namespace (RFC 2342)', async () => {
  const { mailbox, server } = await open('IDLE NAMESPACE', (command) => {
    if (command === 'NAMESPACE') return ['* NAMESPACE (("Mail/" "/")) NIL NIL', 'TAG OK'];
    if (command === 'LIST "" "*"') return ['* LIST () "/" INBOX', '* LIST () "/" Mail/Sent', 'TAG OK'];
    return undefined;
  });
  expect((await mailbox.look()).folders).toEqual([INBOX]);
  expect(server.commands.filter((command) => command.startsWith('STATUS'))).toHaveLength(1);
});

test('a STATUS that is answered NO makes the look reject', async () => {
  const { mailbox } = await open('IDLE', (command) => (command.startsWith('STATUS') ? ['TAG NO not now'] : undefined));
  const { code, message } = await failureOf(mailbox.look());
  expect(code).toBe('NO');
  expect(message).toMatch(/^IMAP 127\.0\.0\.1:\d+: command refused: not now$/);
});

test('a tagged OK without the STATUS of a folder makes the look reject', async () => {
  for (const capabilities of ['IDLE', 'IDLE LIST-STATUS']) {
    const { mailbox } = await open(capabilities, (command) =>
      command.startsWith('STATUS') || command.includes('RETURN') ? ['* LIST () "/" INBOX', 'TAG OK'] : undefined,
    );
    const { code, message } = await failureOf(mailbox.look());
    expect(code).toBe('NO');
    expect(message).toContain('no UIDNEXT and UIDVALIDITY of the folder "INBOX"');
  }
});

test.each([
  ['UIDVALIDITY 17', 'UIDNEXT missing'],
  ['UIDNEXT 8', 'UIDVALIDITY missing'],
  ['UIDNEXT 99999999999 UIDVALIDITY 17', 'UIDNEXT beyond 32 bits'],
  ['UIDNEXT -1 UIDVALIDITY 17', 'UIDNEXT negative'],
])('a STATUS with %s makes the look reject: %s', async (items) => {
  const { mailbox } = await open('IDLE', (command) =>
    command.startsWith('STATUS') ? [`* STATUS INBOX (${items})`, 'TAG OK'] : undefined,
  );
  expect((await failureOf(mailbox.look())).code).toBe('NO');
});

test('a LIST without INBOX proves nothing', async () => {
  const { mailbox } = await open('IDLE', (command) => (command === 'LIST "" "*"' ? ['TAG OK'] : undefined));
  expect((await failureOf(mailbox.look())).message).toContain('LIST names no INBOX');
});

test('a LIST with a line that cannot be read proves nothing, for it may have named a folder', async () => {
  const { mailbox } = await open('IDLE', (command) =>
    command === 'LIST "" "*"' ? ['* LIST () "/" INBOX', '* LIST (() "/" Secret', 'TAG OK'] : undefined,
  );
  const { code, message } = await failureOf(mailbox.look());
  expect(code).toBe('PROTOCOL');
  expect(message).not.toContain('Secret');
});

test('a connection that breaks off in the middle of an answer makes the look reject, and the mailbox can be opened again', async () => {
  let broken = true;
  const { mailbox } = await open('IDLE', (command) => (broken && command === 'LIST "" "*"' ? null : undefined));
  expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
  expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
  broken = false;
  await mailbox.open(() => {});
  expect((await mailbox.look()).folders).toEqual([INBOX]);
});

test('a server that does not answer is given up', async () => {
  const { mailbox } = await open('IDLE', (command) => (command === 'LIST "" "*"' ? [] : undefined), {
    clock: hurried(60_000, 300),
  });
  const { code, message } = await failureOf(mailbox.look());
  expect(code).toBe('TIMEOUT');
  expect(message).toContain('no answer to LIST in 60 s');
  expect((await failureOf(mailbox.look())).code).toBe('TIMEOUT');
});

test('an answer without bounds is cut off', async () => {
  const { mailbox } = await open('IDLE', (command) =>
    command === 'LIST "" "*"' ? [`* LIST () "/" ${'x'.repeat(300_000)}`, 'TAG OK'] : undefined,
  );
  expect((await failureOf(mailbox.look())).code).toBe('TOO_LARGE');
});

test('without UIDPLUS nothing is deleted and nothing is sent', async () => {
  const { mailbox, server } = await open('IDLE UNSELECT', () => undefined);
  await mailbox.look();
  const asked = server.commands.length;
  expect(await mailbox.remove(INBOX, [3])).toBe(false);
  expect(server.commands.slice(asked)).toEqual([]);
});

test('with UIDPLUS these UIDs alone are deleted, and the folder is left without CLOSE', async () => {
  const { mailbox, server } = await open('IDLE UIDPLUS', () => undefined);
  await mailbox.look();
  const asked = server.commands.length;
  expect(await mailbox.remove(INBOX, [3, 5])).toBe(true);
  expect(server.commands.slice(asked)).toEqual([
    'SELECT "INBOX"',
    'UID STORE 3,5 +FLAGS.SILENT (\\Deleted)',
    'UID EXPUNGE 3,5',
    'EXAMINE "INBOX"',
  ]);
});

test('a STORE that is refused is followed by no EXPUNGE', async () => {
  const { mailbox, server } = await open('IDLE UIDPLUS', (command) =>
    command.startsWith('UID STORE') ? ['TAG NO read-only'] : undefined,
  );
  await mailbox.look();
  expect((await failureOf(mailbox.remove(INBOX, [3]))).code).toBe('NO');
  expect(server.commands.some((command) => command.includes('EXPUNGE'))).toBe(false);
});

test('after a refusal to delete the folder is read-only again, and can be read', async () => {
  const { mailbox, server } = await open('IDLE UIDPLUS', (command) =>
    command.startsWith('UID EXPUNGE') ? ['TAG NO [NOPERM] you may not delete'] : undefined,
  );
  await mailbox.look();
  const asked = server.commands.length;
  expect((await failureOf(mailbox.remove(INBOX, [3]))).code).toBe('NO');
  expect(server.commands.slice(asked).at(-1)).toBe('EXAMINE "INBOX"');
  expect((await mailbox.fetch(INBOX, 3, 4)).messages).toEqual([]);
});

test('a folder that was numbered anew is neither read nor written', async () => {
  const { mailbox, server } = await open('IDLE UIDPLUS', () => undefined);
  await mailbox.look();
  const old = { ...INBOX, uidValidity: '16' };
  const { code, message } = await failureOf(mailbox.fetch(old, 1, 8));
  expect(code).toBe('UIDVALIDITY');
  expect(message).toContain('"INBOX" must have UIDVALIDITY 16, has 17');
  expect((await failureOf(mailbox.remove(old, [3]))).code).toBe('UIDVALIDITY');
  expect(server.commands.filter((command) => command.startsWith('UID'))).toEqual([]);
});

test('of candidates alone the header, and where needed the body, is fetched, each within its bound and unmarked', async () => {
  const fields: Readonly<Record<number, string>> = {
    4: `Message-ID: <${TOKEN}@x.test>`,
    5: 'Message-ID: <stranger@x.test>',
    6: 'Content-Type: multipart/report',
  };
  let wholeAsked = clock.now();
  const { mailbox, server } = await open('IDLE', (command) => {
    if (!command.startsWith('UID FETCH')) return undefined;
    if (command.includes('HEADER.FIELDS')) {
      return Object.entries(fields)
        .map(([uid, field]) => `* 1 FETCH (UID ${uid} BODY[HEADER.FIELDS (A)]<0> "${field}")`)
        .concat('TAG OK');
    }
    const section = command.includes('TEXT') ? 'TEXT' : 'HEADER';
    if (section === 'HEADER') wholeAsked = clock.now();
    return [4, 6].map((uid) => `* 1 FETCH (BODY[${section}]<0> "${section} ${uid}" UID ${uid})`).concat('TAG OK');
  });
  await mailbox.look();
  const asked = server.commands.length;
  const { messages: found } = await mailbox.fetch(INBOX, 1, 8);
  expect(found).toMatchObject([
    { uid: 4, header: 'HEADER 4' },
    { uid: 6, header: 'HEADER 6', body: 'TEXT 6' },
  ]);
  for (const { seen } of found) expect(seen.monoUs).toBeLessThanOrEqual(wholeAsked.monoUs);
  expect(server.commands.slice(asked)).toEqual([
    'EXAMINE "INBOX"',
    expect.stringMatching(/^UID FETCH 1:7 \(UID BODY\.PEEK\[HEADER\.FIELDS \(X-Mailflow-Probe [^)]+\)\]<0\.8192>\)$/),
    'UID FETCH 4,6 (UID BODY.PEEK[HEADER]<0.65536>)',
    'UID FETCH 6 (UID BODY.PEEK[TEXT]<0.65536>)',
  ]);
});

test('a UID outside the range that was asked for is passed over', async () => {
  const header = `Message-ID: <${TOKEN}@x.test>`;
  const { mailbox } = await open('IDLE', (command) =>
    command.startsWith('UID FETCH 5:7')
      ? [3, 5, 8].flatMap((uid) => [`* 1 FETCH (UID ${uid} BODY[HEADER.FIELDS (A)]<0> "${header}")`]).concat('TAG OK')
      : undefined,
  );
  await mailbox.look();
  const { messages, complete } = await mailbox.fetch(INBOX, 5, 8);
  expect(messages.map(({ uid }) => uid)).toEqual([5]);
  // 6 and 7 may have been moved while we looked.
  expect(complete).toBe(false);
});

test('a candidate that vanishes after it was first seen is returned as it was seen', async () => {
  const { mailbox } = await open('IDLE', (command) =>
    command.includes('HEADER.FIELDS')
      ? [`* 1 FETCH (UID 5 BODY[HEADER.FIELDS (A)]<0> "Message-ID: <${TOKEN}@x.test>")`, 'TAG OK']
      : command.startsWith('UID FETCH')
        ? ['TAG NO Some of the requested messages no longer exist']
        : undefined,
  );
  await mailbox.look();
  const [message, ...others] = (await mailbox.fetch(INBOX, 1, 8)).messages;
  expect(others).toEqual([]);
  expect(message).toMatchObject({ uid: 5, header: `Message-ID: <${TOKEN}@x.test>`, body: '' });
});

test('a report that vanishes before its body was read is missing', async () => {
  const { mailbox } = await open('IDLE', (command) =>
    command.includes('HEADER.FIELDS')
      ? ['* 1 FETCH (UID 5 BODY[HEADER.FIELDS (A)]<0> "Content-Type: multipart/report")', 'TAG OK']
      : command.startsWith('UID FETCH')
        ? ['TAG NO Some of the requested messages no longer exist']
        : undefined,
  );
  await mailbox.look();
  expect(await mailbox.fetch(INBOX, 5, 6)).toEqual({ messages: [], complete: false });
});

test('a hint is given for each EXISTS, on a connection that looks and fetches never use', async () => {
  let hints = 0;
  const { server } = await open('IDLE', (command) => (command === 'IDLE' ? ['+ idling', '* 3 EXISTS'] : undefined), {
    onHint: () => {
      hints += 1;
    },
  });
  await until(() => (hints === 1 ? true : null));
  expect(server.commands.filter((command) => command === 'IDLE')).toHaveLength(1);
});

test('an idling connection that is lost is replaced, with a hint for what came meanwhile, and looks go on', async () => {
  let idles = 0;
  let hints = 0;
  const { mailbox } = await open('IDLE', (command) => (command === 'IDLE' && idles++ === 0 ? null : undefined), {
    clock: hurried(5000, 20),
    onHint: () => {
      hints += 1;
    },
  });
  await mailbox.look();
  await until(() => (idles === 2 && hints === 1 ? true : null));
  expect((await mailbox.look()).folders).toEqual([INBOX]);
});

test('a connection that goes unused is kept alive, and its loss is told to the next look', async () => {
  let alive = 0;
  const { mailbox } = await open(
    'IDLE',
    (command) => {
      if (command !== 'NOOP') return undefined;
      alive += 1;
      return alive > 4 ? null : undefined;
    },
    { clock: hurried(240_000, 20) },
  );
  await until(() => (alive > 5 ? true : null));
  expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
});

test('a port where nothing listens is ECONNREFUSED, a name that is none ENOTFOUND', async () => {
  const unused = createServer();
  await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
  const address = unused.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await new Promise((resolve) => unused.close(resolve));
  const refused = createMailbox(settingsFor({ host: '127.0.0.1', port }), [], {
    clock,
    random: systemRandom,
    log: silentLog,
  });
  const { code, message } = await failureOf(refused.open(() => {}));
  expect(code).toBe('ECONNREFUSED');
  expect(message).toContain(`IMAP 127.0.0.1:${port}`);
  const nowhere = createMailbox(settingsFor({ host: 'nowhere.invalid', port }), [], {
    clock,
    random: systemRandom,
    log: silentLog,
  });
  expect((await failureOf(nowhere.open(() => {}))).code).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/);
});

test('a server without STARTTLS never sees the password where STARTTLS is required', async () => {
  const server = await startScriptedServer('IDLE', () => undefined);
  closers.push(() => server.close());
  const mailbox = createMailbox(settingsFor(server, { security: 'starttls' }), [], {
    clock,
    random: systemRandom,
    log: silentLog,
  });
  expect((await failureOf(mailbox.open(() => {}))).code).toBe('STARTTLS_MISSING');
  expect(server.commands.filter((command) => !/^(?:CAPABILITY|LOGOUT)$/.test(command))).toEqual([]);
});

test('a server that does not answer LOGOUT is left all the same', async () => {
  const { mailbox } = await open('IDLE', (command) => (command === 'LOGOUT' ? [] : undefined), {
    clock: hurried(1500, 20),
  });
  await mailbox.close();
  expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
});

test('a login that cannot be checked now is no wrong password', async () => {
  const server = await startScriptedServer('IDLE', (command) =>
    command.startsWith('LOGIN') ? ['TAG NO [UNAVAILABLE] later'] : undefined,
  );
  closers.push(() => server.close());
  const mailbox = createMailbox(settingsFor(server), [], { clock, random: systemRandom, log: silentLog });
  const { code, message } = await failureOf(mailbox.open(() => {}));
  expect(code).toBe('UNAVAILABLE');
  expect(message).toMatch(/: login not possible now: later$/);
  expect(server.commands.filter((command) => command.startsWith('LOGIN'))).toHaveLength(1);
});

test('closing ends an open that hangs, and what is closed says so', async () => {
  const server = await startScriptedServer('IDLE', (command) => (command.startsWith('LOGIN') ? [] : undefined));
  closers.push(() => server.close());
  const mailbox = createMailbox(settingsFor(server), [], { clock, random: systemRandom, log: silentLog });
  const opening = failureOf(mailbox.open(() => {}));
  await until(() => (server.commands.some((command) => command.startsWith('LOGIN')) ? true : null));
  await mailbox.close();
  expect((await opening).code).toBe('CLOSED');
  expect((await failureOf(mailbox.look())).code).toBe('CLOSED');
  await mailbox.close();
});

const FIELDS = 'BODY[HEADER.FIELDS (A)]<0>';
const READ = `"Message-ID: <${TOKEN}@x.test>"`;
const BOUNCE = '"From: mailer-daemon@x.test"';

test.each([
  ['a message whose header is NIL is missing', `${FIELDS} NIL`, 'BODY[HEADER]<0> NIL', '', []],
  ['one whose fields showed a token is seen', `${FIELDS} ${READ}`, 'BODY[HEADER]<0> NIL', '', [READ.slice(1, -1)]],
  ['one whose body is needed and NIL is missing', `${FIELDS} ${BOUNCE}`, `BODY[HEADER]<0> ${BOUNCE}`, 'NIL', []],
  ['one whose body is empty is read', `${FIELDS} ${BOUNCE}`, `BODY[HEADER]<0> ${BOUNCE}`, '""', [BOUNCE.slice(1, -1)]],
])('NIL shows nothing for now (RFC 3501 §4.5): %s', async (_, fields, header, text, headers) => {
  const { mailbox } = await open('IDLE', (command) => {
    if (!command.startsWith('UID FETCH')) return undefined;
    const first = command.includes('HEADER.FIELDS') ? fields : header;
    return [`* 1 FETCH (UID 7 ${command.includes('TEXT') ? `BODY[TEXT]<0> ${text}` : first})`, 'TAG OK'];
  });
  await mailbox.look();
  const { messages, complete } = await mailbox.fetch(INBOX, 7, 8);
  expect(messages.map((message) => message.header)).toEqual(headers);
  expect(complete).toBe(headers.length > 0);
});
