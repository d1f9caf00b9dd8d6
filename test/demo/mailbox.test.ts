import { once } from 'node:events';
import { connect } from 'node:net';
import type { ImapFlow } from 'imapflow';
import { afterEach, describe, expect, it } from 'vitest';
import { type DemoMailbox, startDemoMailbox } from '../../src/demo/mailbox.ts';
import type { DemoProvider } from '../../src/demo/provider.ts';
import { clock, openMailbox } from './harness.ts';

const LOGIN = { username: 'probe@provider.example', password: 'secret' };
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(): Promise<{ mailbox: DemoMailbox; connect: () => Promise<ImapFlow> }> {
  const mailbox = await startDemoMailbox(LOGIN);
  opened.push(mailbox);
  return {
    mailbox,
    async connect() {
      const client = await openMailbox({ imap: mailbox.at, login: LOGIN } as DemoProvider);
      opened.push({ close: () => client.close() });
      return client;
    },
  };
}

const text = (n: number): string => `Subject: message ${n}\r\nX-Folded: a\r\n b\r\n\r\nbody ${n}\r\n`;
const at = new Date(Date.UTC(2026, 10, 12));

/** A client by hand: logged in, INBOX selected. */
async function rawClient(mailbox: DemoMailbox) {
  const socket = connect(mailbox.at);
  let read = '';
  socket.on('data', (chunk) => {
    read += chunk.toString('latin1');
  });
  const said = async (text: string): Promise<void> => {
    while (!read.includes(text)) await once(socket, 'data');
  };
  const ask = async (line: string, answer: string): Promise<void> => {
    socket.write(`${line}\r\n`);
    await said(answer);
  };
  await ask(`a LOGIN ${LOGIN.username} ${LOGIN.password}`, 'a OK');
  await ask('b SELECT INBOX', 'b OK');
  return { socket, ask, heard: () => read };
}

describe('the demo mailbox', () => {
  it('has the folders of a real one, each with its use', async () => {
    const { connect } = await start();
    const folders = (await (await connect()).list()).map((folder) => [folder.path, folder.specialUse] as const);
    expect(Object.fromEntries(folders)).toEqual({ INBOX: '\\Inbox', Junk: '\\Junk', Sent: '\\Sent', Trash: '\\Trash' });
  });
  it('answers STATUS with nothing selected and with the folder selected, for every folder', async () => {
    const { mailbox, connect } = await start();
    const client = await connect();
    const look = (folder: string) => client.status(folder, { uidNext: true, uidValidity: true, messages: true });
    expect(await look('INBOX')).toMatchObject({ uidNext: 1, uidValidity: 1n, messages: 0 });
    mailbox.deliver('INBOX', text(1), at);
    mailbox.deliver('Junk', text(2), at);
    expect(await look('INBOX')).toMatchObject({ uidNext: 2, messages: 1 });
    expect(await look('Junk')).toMatchObject({ uidNext: 2, messages: 1 });
    await client.mailboxOpen('INBOX');
    mailbox.deliver('INBOX', text(3), at);
    expect(await look('INBOX')).toMatchObject({ uidNext: 3, messages: 2 });
    expect(await look('Sent')).toMatchObject({ uidNext: 1, messages: 0 });
  });
  it('announces a delivery to a client that idles, each time', async () => {
    const { mailbox, connect } = await start();
    const client = await connect();
    await client.mailboxOpen('INBOX');
    for (const count of [1, 2]) {
      const announced = new Promise<number>((resolve) => client.once('exists', (event) => resolve(event.count)));
      const idling = client.idle();
      await clock.sleep(50);
      mailbox.deliver('INBOX', text(count), at);
      expect(await announced).toBe(count);
      await client.noop();
      await idling;
    }
  });
  it('gives the whole of every message of a bounded fetch, and marks none as read', async () => {
    const { mailbox, connect } = await start();
    for (const n of [1, 2, 3]) mailbox.deliver('INBOX', text(n), at);
    const client = await connect();
    await client.mailboxOpen('INBOX');
    const query = { uid: true, headers: true, flags: true, bodyParts: [{ key: 'TEXT', start: 0, maxLength: 65_536 }] };
    const messages = await client.fetchAll('1:3', query, { uid: true });
    expect(messages.map((message) => message.bodyParts?.get('text')?.toString())).toEqual([
      'body 1\r\n',
      'body 2\r\n',
      'body 3\r\n',
    ]);
    expect(messages.map((message) => message.headers?.toString())).toEqual([1, 2, 3].map((n) => text(n).slice(0, -8)));
    expect(messages.map((message) => message.flags?.size)).toEqual([0, 0, 0]);
    const raw = await rawClient(mailbox);
    await raw.ask('c FETCH 1 (BODY.PEEK[TEXT]<0.2>)', 'c OK');
    expect(raw.heard()).toContain('BODY[TEXT]<0> {2}\r\nbo');
    raw.socket.destroy();
    const sources = await client.fetchAll('1:3', { source: { start: 0, maxLength: 20 } }, { uid: true });
    expect(sources.map((message) => message.source?.toString())).toEqual([1, 2, 3].map((n) => text(n).slice(0, 20)));
  });
  it('deletes by UID what is asked and nothing else, and never reuses a UID', async () => {
    const { mailbox, connect } = await start();
    for (const n of [1, 2, 3]) mailbox.deliver('INBOX', text(n), at);
    const client = await connect();
    await client.mailboxOpen('INBOX');
    await client.messageFlagsAdd('1', ['\\Deleted'], { uid: true });
    expect(await client.messageDelete('3', { uid: true })).toBe(true);
    expect(await client.search({ all: true }, { uid: true })).toEqual([1, 2]);
    mailbox.deliver('INBOX', text(4), at);
    expect(await client.status('INBOX', { uidNext: true })).toMatchObject({ uidNext: 5 });
  });
  it('keeps no more than 500 messages in a folder', async () => {
    const { mailbox, connect } = await start();
    const client = await connect();
    await client.mailboxOpen('INBOX');
    for (let n = 1; n <= 510; n++) mailbox.deliver('INBOX', text(n), at);
    expect(mailbox.count('INBOX')).toBe(500);
    await client.noop();
    expect(client.mailbox).toMatchObject({ exists: 500 });
    const [first] = await client.fetchAll('1', { uid: true });
    expect(first?.uid).toBe(11);
  });
  it('stops the timer of an IDLE whose client goes away', async () => {
    const { mailbox } = await start();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (let n = 0; n < 20; n++) {
      const { socket, ask } = await rawClient(mailbox);
      await ask('c IDLE', '+ idling');
      socket.destroy();
      await once(socket, 'close');
    }
    await clock.sleep(20);
    // The test's own runner has a few; one for each client would be 20.
    expect(timers() - before).toBeLessThan(10);
  });
  it('holds what it has to announce once an IDLE has ended, until it is asked something', async () => {
    const { mailbox } = await start();
    const { socket, ask, heard } = await rawClient(mailbox);
    await ask('c IDLE', '+ idling');
    await ask('DONE', 'c OK');
    mailbox.deliver('INBOX', text(1), at);
    await clock.sleep(20);
    expect(heard()).not.toContain('1 EXISTS');
    await ask('d NOOP', 'd OK');
    expect(heard()).toContain('1 EXISTS');
    socket.destroy();
  });
  it('serves many connections without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const { connect } = await start();
    await Promise.all(Array.from({ length: 15 }, connect));
    await clock.sleep(10);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
