/** Proves the private mail provider: that it does what a real one does, and that its figures can be trusted as the truth. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithServers } from './available.ts';
import { total } from './maillog.ts';
import { type Endpoint, type Provider, startProvider } from './provider.ts';

interface Sink {
  readonly port: number;
  readonly messages: string[];
  /** Says what RCPT is answered with, null to take it. */
  refuse: (recipient: string) => number | null;
  close(): Promise<void>;
}

async function startSink(): Promise<Sink> {
  const messages: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onRcptTo({ address }, _session, done) {
      const code = sink.refuse(address);
      done(code === null ? null : Object.assign(new Error('refused by the sink'), { responseCode: code }));
    },
    onData(stream, _session, done) {
      let text = '';
      stream.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => {
        messages.push(text);
        done();
      });
    },
  });
  const sink: Sink = {
    get port() {
      return (server.server.address() as AddressInfo).port;
    },
    messages,
    refuse: () => null,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return sink;
}

interface Mail {
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
}

describeWithServers('the private mail provider', () => {
  let provider: Provider;
  let sink: Sink;
  beforeAll(async () => {
    sink = await startSink();
    provider = await startProvider({ sinkPort: sink.port });
  });
  afterAll(async () => {
    await provider.stop();
    await sink.close();
  });

  const mailOf = ({ from, to, id, headers = {} }: Mail) => ({
    envelope: { from, to: [to] },
    from,
    to,
    messageId: `<${id}@test>`,
    subject: id,
    text: 'text',
    headers,
  });
  async function submit(to: string, id: string, endpoint: Endpoint = provider.submission): Promise<string> {
    const { address, username, password } = provider.user('alice');
    const implicit = endpoint === provider.submissions;
    const transport = createTransport({
      ...endpoint,
      secure: implicit,
      requireTLS: !implicit,
      tls: { ca: provider.caPem, servername: provider.serverName },
      auth: { user: username, pass: password },
    });
    return (await transport.sendMail(mailOf({ from: address, to, id }))).response;
  }
  async function inject(to: string, id: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const transport = createTransport({ ...provider.mx, ignoreTLS: true });
    return (await transport.sendMail(mailOf({ from: 'probe@sink.test', to, id, headers }))).response;
  }

  test.each(['submission', 'submissions'] as const)('relays mail from %s to the sink', async (name) => {
    expect(await submit('probe-0@sink.test', `relay-${name}`, provider[name])).toMatch(/^250 2\.0\.0 Ok: queued as /);
    const delivery = await provider.postfixDelays({ messageId: `relay-${name}@test` });
    expect(delivery).toMatchObject({ recipient: 'probe-0@sink.test', status: 'sent', dsn: '2.0.0' });
    expect(sink.messages.filter((text) => text.includes(`relay-${name}@test`))).toHaveLength(1);
  });

  test('refuses submission with a wrong password', async () => {
    const { username } = provider.user('alice');
    const transport = createTransport({
      ...provider.submissions,
      secure: true,
      tls: { ca: provider.caPem, servername: provider.serverName },
      auth: { user: username, pass: 'wrong' },
    });
    await expect(transport.verify()).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
  });

  test('refuses to relay for a stranger, and unknown recipients at both doors', async () => {
    await expect(inject('someone@elsewhere.test', 'open-relay')).rejects.toMatchObject({ responseCode: 554 });
    await expect(inject('nobody@corp.test', 'unknown')).rejects.toMatchObject({ responseCode: 550 });
    await expect(submit('nobody@corp.test', 'unknown')).rejects.toMatchObject({ responseCode: 550 });
  });

  test('takes mail at its MX into the Maildir, named by the instant of delivery', async () => {
    const beforeUs = Date.now() * 1000;
    await inject('alice@corp.test', 'at-mx');
    const message = await provider.message('alice', 'at-mx@test');
    expect(message.folder).toBe('INBOX');
    expect(message.deliveredUs).toBeGreaterThan(beforeUs);
    expect(message.deliveredUs).toBeLessThan((Date.now() + 1) * 1000);
    expect((await provider.maildirFiles('alice')).map(({ path }) => path)).toContain(message.path);
  });

  test('delivers submitted mail of its own domain', async () => {
    await submit('bob@corp.test', 'internal');
    expect((await provider.message('bob', 'internal@test')).text).toContain('ESMTPSA');
  });

  test('holds mail in the queue, in both directions, and says for how long', async () => {
    await provider.holdQueue();
    await submit('probe-1@sink.test', 'held-out');
    await inject('bob@corp.test', 'held-in');
    const heldAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(sink.messages.some((text) => text.includes('held-out@test'))).toBe(false);
    const heldSeconds = (Date.now() - heldAt) / 1000;
    provider.releaseQueue();
    for (const id of ['held-out', 'held-in']) {
      const { a, b } = await provider.postfixDelays({ messageId: `<${id}@test>` });
      expect(total(a, b).hi).toBeGreaterThan(heldSeconds);
    }
    const { deliveredUs } = await provider.message('bob', 'held-in@test');
    expect(deliveredUs).toBeGreaterThan((heldAt + 1200) * 1000);
  });

  test('files by Sieve, under the script set last', async () => {
    const into = (folder: string) =>
      provider.sieve('bob', `require "fileinto"; if header :is "X-Spam" "yes" { fileinto "${folder}"; }`);
    await into('Junk');
    await inject('bob@corp.test', 'spam', { 'X-Spam': 'yes' });
    await inject('bob@corp.test', 'ham');
    expect((await provider.message('bob', 'spam@test')).folder).toBe('Junk');
    expect((await provider.message('bob', 'ham@test')).folder).toBe('INBOX');
    await into('Quarantine');
    await inject('bob@corp.test', 'sorted', { 'X-Spam': 'yes' });
    expect((await provider.message('bob', 'sorted@test')).folder).toBe('Quarantine');
    await expect(provider.sieve('bob', 'fileinto')).rejects.toThrow(/line 1/);
  });

  test.each(['imap', 'imaps'] as const)('shows dropped mail and folders over %s', async (name) => {
    await provider.createFolder('alice', `Second.${name}`);
    const others = Array.from({ length: 200 }, (_, n) => `From: other@else.test\r\nSubject: ${n}\r\n\r\nbody\r\n`);
    await provider.dropMessages('alice', others, `Second.${name}`);
    const { username, password } = provider.user('alice');
    const client = new ImapFlow({
      ...provider[name],
      secure: name === 'imaps',
      ...(name === 'imap' ? { doSTARTTLS: true } : {}),
      tls: { ca: provider.caPem, servername: provider.serverName },
      auth: { user: username, pass: password },
      logger: false,
    });
    await client.connect();
    try {
      const folders = await client.list();
      expect(folders.find(({ specialUse }) => specialUse === '\\Junk')?.path).toBe('Junk');
      expect(await client.status(`Second.${name}`, { messages: true })).toMatchObject({ messages: 200 });
    } finally {
      await client.logout();
    }
  });

  test('greylists: 450 for the first attempt, then 250', async () => {
    provider.greylist(1);
    try {
      await expect(inject('alice@corp.test', 'grey')).rejects.toMatchObject({ responseCode: 450 });
      expect(await inject('alice@corp.test', 'grey')).toMatch(/^250 /);
    } finally {
      provider.greylist(0);
    }
    expect(await inject('bob@corp.test', 'not-grey')).toMatch(/^250 /);
  });

  test('answers recipients as the test says, at one door and not the other', async () => {
    provider.policy('submission', () => '450 4.7.0 Too many messages');
    try {
      await expect(submit('bob@corp.test', 'throttled')).rejects.toMatchObject({ responseCode: 450 });
      expect(await inject('bob@corp.test', 'not-throttled')).toMatch(/^250 /);
    } finally {
      provider.policy('submission', () => 'DUNNO');
    }
  });

  test('bounces to the submitter what the sink refuses', async () => {
    sink.refuse = (recipient) => (recipient === 'full@sink.test' ? 552 : null);
    await submit('full@sink.test', 'refused');
    const { text } = await provider.postfixDelays({ recipient: 'full@sink.test', status: 'bounced' });
    expect(text).toContain('refused by the sink');
    const dsn = await provider.message('alice', 'Final-Recipient: rfc822; full@sink.test');
    expect(dsn.text).toContain('Action: failed');
    expect(dsn.text).toContain('refused@test');
  });

  test('bounces to the injector what its MX took and cannot deliver', async () => {
    expect(await inject(provider.lateBounce, 'late')).toMatch(/^250 /);
    await expect
      .poll(() => sink.messages.find((text) => text.includes('late@test')), { timeout: 20_000 })
      .toMatch(/Action: failed[^]*Status: 5\.1\.1/);
  });

  test('tries again what the sink refused for now, and follows the sink to another port', async () => {
    let refusals = 1;
    sink.refuse = (recipient) => (recipient === 'later@sink.test' && refusals-- > 0 ? 451 : null);
    await submit('later@sink.test', 'later');
    await provider.postfixDelays({ recipient: 'later@sink.test', status: 'deferred' });
    await provider.postfixDelays({ recipient: 'later@sink.test', status: 'sent' });
    const moved = await startSink();
    try {
      await provider.routeSink(moved.port);
      await submit('probe-2@sink.test', 'moved');
      await provider.postfixDelays({ messageId: 'moved@test' });
      expect(moved.messages.some((text) => text.includes('moved@test'))).toBe(true);
    } finally {
      await provider.routeSink(sink.port);
      await moved.close();
    }
  });

  test('keeps the sender waiting after the final dot', async () => {
    await provider.delayEndOfData(1);
    try {
      const start = performance.now();
      await inject('bob@corp.test', 'slow-dot');
      expect(performance.now() - start).toBeGreaterThan(990);
    } finally {
      await provider.delayEndOfData(0);
    }
    const { b } = await provider.postfixDelays({ messageId: 'slow-dot@test' });
    expect(b.lo).toBeLessThan(0.99);
  });

  test('delivers after an outage of Dovecot or Postfix what it accepted before', async () => {
    await provider.stopDovecot();
    await inject('bob@corp.test', 'outage');
    await provider.postfixDelays({ messageId: 'outage@test', status: 'deferred' });
    await provider.stopPostfix();
    await expect(inject('bob@corp.test', 'refused-connection')).rejects.toThrow('ECONNREFUSED');
    await provider.startDovecot();
    await provider.startPostfix();
    await provider.flushQueue();
    expect((await provider.message('bob', 'outage@test')).folder).toBe('INBOX');
  });

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['other-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const)(
    'can show a certificate that is %s, beside another provider, and leaves nothing behind',
    async (certificate, code) => {
      const other = await startProvider({ certificate, users: ['carol'] });
      try {
        for (const { host, port } of [other.imaps, other.submissions]) {
          const socket = connectTls({ host, port, ca: other.caPem, servername: other.serverName });
          const error = await new Promise((resolve) => socket.once('error', resolve));
          expect(error).toMatchObject({ code });
        }
      } finally {
        await other.stop();
      }
      expect(existsSync(other.root)).toBe(false);
    },
  );
});
