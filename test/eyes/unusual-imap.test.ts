/** IMAP servers that do what is legal, or what a restored backup does. */
import { afterEach, expect, it } from 'vitest';
import { createMailbox } from '../../src/adapters/imap/mailbox.ts';
import { rolesOf } from '../../src/adapters/imap/roles.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { MailboxError } from '../../src/ports.ts';
import { startScriptedServer } from '../adapters/imap/scripted-server.ts';
import { settingsFor, silentLog, TOKEN } from '../adapters/imap/support.ts';
import { agent } from './agent.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function fetched(script: (command: string) => readonly string[] | undefined) {
  const server = await startScriptedServer('IDLE', script);
  const clock = systemClock();
  const mailbox = createMailbox(settingsFor(server), [], { clock, random: systemRandom, log: silentLog });
  closers.push(
    async () => clock.close(),
    () => server.close(),
    () => mailbox.close(),
  );
  await mailbox.open(() => {});
  await mailbox.look();
  return mailbox.fetch({ path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 6 }, 5, 6);
}

it('a message whose header is NIL for now (RFC 3501 nstring): truth not read yet, claimed read and nothing of ours', async () => {
  const { messages, complete } = await fetched((command) =>
    command.startsWith('UID FETCH') ? ['* 1 FETCH (UID 5 BODY[HEADER.FIELDS (A)]<0> NIL)', 'TAG OK'] : undefined,
  );
  expect({ messages, complete }).toEqual({ messages: [], complete: false });
});

it('a candidate whose whole header is NIL for now: truth a token was seen, claimed a header without one', async () => {
  const field = `"Message-ID: <${TOKEN}@x.test>"`;
  const { messages } = await fetched((command) => {
    if (!command.startsWith('UID FETCH')) return undefined;
    const isFirst = command.includes('HEADER.FIELDS');
    return [`* 1 FETCH (UID 5 BODY[HEADER${isFirst ? '.FIELDS (A)' : ''}]<0> ${isFirst ? field : 'NIL'})`, 'TAG OK'];
  });
  expect(messages.map(({ header }) => header)).toEqual([expect.stringContaining(TOKEN)]);
});

it('a server whose personal namespace is Mail/ and that marks no folder: truth the copy of what was sent, claimed a delivery', () => {
  const folders = ['INBOX', 'Mail/Sent'].map((path) => ({ path, attributes: new Set<string>(), delimiter: '/' }));
  expect(rolesOf(folders)).toEqual(['inbox', 'ignored']);
});

it('a store set back to a backup in an outage, filled anew beyond where we were: truth there after 60 s, claimed at least 3600 s, a breach', async () => {
  const made = await agent();
  const { clock, mailbox, injector } = made;
  for (let count = 0; count < 10; count += 1) mailbox.deliver({ text: 'From: somebody@else.example\r\n\r\n' });
  await clock.advance(120);
  const id = await made.probe('receive');
  mailbox.failure = new MailboxError('CLOSED', 'the store is being restored');
  await clock.advance(50);
  // UIDVALIDITY stays; the queue is delivered first of all, ours among it.
  const inbox = mailbox.folders.get('INBOX')!;
  mailbox.stored.splice(5);
  mailbox.folders.set('INBOX', { ...inbox, uidNext: 6 });
  mailbox.deliver(injector.sent[0]!);
  for (let count = 0; count < 7; count += 1) mailbox.deliver({ text: 'From: somebody@else.example\r\n\r\n' });
  mailbox.failure = null;
  await clock.advance(4000);
  expect((await made.claim(id)).lo).toBeLessThanOrEqual(60);
  await made.stop();
});
