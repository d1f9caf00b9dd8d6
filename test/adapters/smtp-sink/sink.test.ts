/** What the sink says to whom, over real sockets. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MESSAGE_BYTES_CUT, MESSAGE_BYTES_MAX } from '../../../src/adapters/smtp-sink/limits.ts';
import { HEADER_BYTES_MAX } from '../../../src/ports.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { openSink } from './fixtures.ts';

const RECIPIENT = 'probe-0@sink.test';

describe('recipients', () => {
  test('of the pool, our senders, postmaster and abuse are taken in any case', async () => {
    const { client } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    const addresses = [RECIPIENT, 'PROBE-3@Sink.Test', 'receive@sink.test', 'Postmaster', 'abuse@sink.test'];
    const codes = [];
    for (const address of addresses) codes.push((await peer.ask(`RCPT TO:<${address}>`)).code);
    expect(codes).toEqual(addresses.map(() => 250));
  });

  for (const address of ['probe-64@sink.test', 'user@elsewhere.test', 'probe-0@elsewhere.test']) {
    test(`outside of those are refused as relaying: ${address}`, async () => {
      const { client, listener } = await openSink();
      const peer = client();
      await peer.greet();
      await peer.ask('MAIL FROM:<a@provider.test>');
      const { code, text } = await peer.ask(`RCPT TO:<${address}>`);
      expect([code, text]).toEqual([550, '550 5.7.1 Relaying denied\r\n']);
      expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'relay' }]);
    });
  }
});

describe('a transaction', () => {
  test('is told with sender, recipients as we write them, HELO and ENVID', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test> ENVID=token+2B1 RET=HDRS');
    await peer.ask('RCPT TO:<PROBE-0@SINK.TEST> NOTIFY=NEVER');
    await peer.ask('DATA');
    expect(await peer.ask('Subject: x\r\n\r\nbody\r\n.')).toEqual({ code: 250, text: '250 2.6.0 taken\r\n' });
    const { transaction } = await listener.told('received');
    expect(transaction).toMatchObject({
      peer: peer.name,
      helo: 'client.test',
      tls: false,
      reusedConnection: false,
      sender: 'a@provider.test',
      recipients: [RECIPIENT],
      envelopeId: 'token+1',
    });
  });

  test('may have the null sender and no ENVID', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<>');
    await peer.ask('RCPT TO:<receive@sink.test>');
    await peer.ask('DATA');
    await peer.ask('Subject: bounce\r\n\r\nbody\r\n.');
    expect((await listener.told('received')).transaction).toMatchObject({ sender: '', envelopeId: null });
  });

  test('has no ENVID that is longer than one may be', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask(`MAIL FROM:<> ENVID=${'x'.repeat(101)}`);
    await peer.ask('RSET');
    expect((await listener.told('abandoned')).transaction.envelopeId).toBeNull();
  });
});

describe('a message', () => {
  test('is told by its header, and the start and hash of its body with dots unstuffed', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    await peer.ask('X-A: 1\r\nX-B: 2\r\n\r\nfirst\r\n..second\r\n\r\n.');
    const { message } = await listener.told('received');
    const body = 'first\r\n.second\r\n\r\n';
    expect(message).toMatchObject({
      header: 'X-A: 1\r\nX-B: 2\r\n',
      body,
      bodySha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  test('with almost a megabyte of header is taken, and most of the header left', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    const line = `X-Long: ${'x'.repeat(900)}\r\n`;
    expect(await peer.ask(`${line.repeat(1100)}\r\nbody\r\n.`)).toMatchObject({ code: 250 });
    const { message } = await listener.told('received');
    expect(message.header).toHaveLength(HEADER_BYTES_MAX);
    expect(message.body).toBe('body\r\n');
  });

  for (const [reply, code] of [
    [{ code: 451, text: '4.3.0 later' }, 451],
    [{ code: 554, text: '5.7.1 never' }, 554],
  ] as const) {
    test(`gets the listener's ${code}, which is no refusal of the sink's own`, async () => {
      const { client, listener } = await openSink();
      listener.answer = async () => reply;
      const peer = client();
      await peer.greet();
      await peer.ask('MAIL FROM:<a@provider.test>');
      await peer.ask(`RCPT TO:<${RECIPIENT}>`);
      await peer.ask('DATA');
      expect(await peer.ask('X: y\r\n\r\nbody\r\n.')).toEqual({ code, text: `${code} ${reply.text}\r\n` });
      await peer.ask('QUIT');
      await listener.told('disconnected');
      expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
    });
  }

  test('is asked for again when the listener fails', async () => {
    const { client, listener, log } = await openSink();
    listener.answer = () => Promise.reject(new Error('disk full'));
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    expect(await peer.ask('X: y\r\n\r\nbody\r\n.')).toMatchObject({ code: 451 });
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('a message over the limit', () => {
  test('is refused with 552 at its dot, and the session goes on', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    const line = `${'x'.repeat(998)}\r\n`;
    expect(await peer.ask(`${line.repeat(MESSAGE_BYTES_MAX / 1000 + 1)}.`)).toMatchObject({ code: 552 });
    expect(await peer.ask('RSET')).toMatchObject({ code: 250 });
    expect(listener.all('abandoned')).toMatchObject([{ code: 552, transaction: { recipients: [RECIPIENT] } }]);
    expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'size' }]);
    expect(listener.all('received')).toEqual([]);
  });

  test('that does not end is cut off with 552', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    peer.write(`${'x'.repeat(998)}\r\n`.repeat(MESSAGE_BYTES_CUT / 1000 + 100));
    expect(await peer.reply()).toMatchObject({ code: 552 });
    await peer.ended();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'abandoned', 'refused', 'disconnected']);
    expect(listener.all('abandoned')).toMatchObject([{ code: 552 }]);
  });

  test('is refused at MAIL FROM when the peer says so; that is no attempt yet', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    expect(await peer.ask(`MAIL FROM:<> SIZE=${MESSAGE_BYTES_MAX + 1}`)).toMatchObject({ code: 552 });
    await peer.ask('QUIT');
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'refused', 'vanished', 'disconnected']);
  });
});

describe('what the sink shows of itself', () => {
  test('is its name, no product and no version', async () => {
    const { client } = await openSink();
    const peer = client();
    expect(await peer.reply()).toEqual({ code: 220, text: '220 mx.sink.test ESMTP\r\n' });
    const { text } = await peer.ask('EHLO client.test');
    expect(text.split('\r\n')[0]).toBe('250-mx.sink.test');
    expect(text).toContain('DSN');
    expect(text).not.toMatch(/AUTH|STARTTLS|XCLIENT/);
  });

  for (const command of ['VRFY x', 'EXPN x', 'HELP', 'AUTH PLAIN AHgAeA==', 'STARTTLS', 'XCLIENT ADDR=127.0.0.9']) {
    test(`is nothing in answer to ${command}`, async () => {
      const { client, listener } = await openSink();
      const peer = client();
      await peer.greet();
      expect(await peer.ask(command)).toMatchObject({ code: 500 });
      expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'protocol' }]);
    });
  }
});

describe('STARTTLS', () => {
  test('is offered with a certificate, and told', async () => {
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    expect((await peer.greet()).text).toContain('STARTTLS');
    const name = peer.name;
    await peer.startTls();
    expect((await peer.ask('EHLO client.test')).text).not.toContain('STARTTLS');
    await peer.ask('MAIL FROM:<a@provider.test>');
    await peer.ask(`RCPT TO:<${RECIPIENT}>`);
    await peer.ask('DATA');
    await peer.ask('X: y\r\n\r\nbody\r\n.');
    const { transaction } = await listener.told('received');
    expect(transaction).toMatchObject({ tls: true, peer: name, reusedConnection: false });
    peer.destroy();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });

  test('with a certificate that is none fails at opening, with the rule and the reason', async () => {
    await expect(openSink({ tls: { cert: 'none', key: 'none' } })).rejects.toThrow(
      /^sink\.tls must hold a PEM certificate and its key: /,
    );
  });
});
