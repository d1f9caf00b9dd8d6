/** The sink as the destination MX of a real Postfix. */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSink } from '../../../src/adapters/smtp-sink/sink.ts';
import { type SystemClock, systemClock } from '../../../src/adapters/system/clock.ts';
import { isBefore, spanBetween } from '../../../src/domain/time/instant.ts';
import type { Sink } from '../../../src/ports.ts';
import { describeWithServers } from '../../servers/available.ts';
import { total } from '../../servers/maillog.ts';
import { type Endpoint, type Provider, startProvider } from '../../servers/provider.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { KNOWN, NotingListener, silent, sinkSettings } from './fixtures.ts';

/** One connection at a time, kept for the next message; Postfix keeps none with TLS. */
const REUSE = {
  smtp_connection_cache_destinations: 'static:all',
  smtp_connection_cache_time_limit: '20s',
  default_destination_concurrency_limit: '1',
  smtp_tls_security_level: 'none',
};

describeWithServers('the sink behind Postfix', () => {
  let listener: NotingListener = new NotingListener();
  let clock: SystemClock;
  let sink: Sink;
  let sinkPort: number;
  let provider: Provider;

  beforeEach(async () => {
    listener = new NotingListener();
    clock = systemClock();
    sink = createSink(sinkSettings({ tls: CERTIFICATES.localhost }), KNOWN, clock, silent);
    const { port } = await sink.open(listener);
    sinkPort = port;
  });
  afterEach(async () => {
    await provider.stop();
    await sink.close();
    clock.close();
  });

  async function hand(to: Endpoint, envelope: object, id: string, login: boolean): Promise<void> {
    const connection = new SMTPConnection({ ...to, ignoreTLS: true });
    const done = <T>(start: (callback: (error?: Error | null, result?: T) => void) => void) =>
      new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
    await done((callback) => connection.connect(callback));
    const { username, password } = provider.user('alice');
    if (login) await done((callback) => connection.login({ user: username, pass: password }, callback));
    const text = `From: a@corp.test\r\nMessage-ID: <${id}@agent.test>\r\nSubject: ${id}\r\n\r\nbody of ${id}\r\n`;
    await done((callback) => connection.send(envelope as SMTPConnection.Envelope, text, callback));
    connection.quit();
  }

  const received = async (id: string) => {
    for (let count = 1; ; count += 1) {
      const { transaction, message } = await listener.told('received', count);
      if (`${message.header}${message.body}`.includes(id)) return { transaction, message };
    }
  };

  test('takes a submitted message over TLS with its ENVID, and bounds the start as Postfix does', async () => {
    provider = await startProvider({ sinkPort });
    const { address } = provider.user('alice');
    await provider.holdQueue();
    const before = clock.now();
    const envelope = { from: address, to: ['probe-1@sink.test'], dsn: { envid: 'token-held', ret: 'HDRS' } };
    await hand(provider.submission, envelope, 'held', true);
    const accepted = clock.now();
    await clock.sleep(700);
    const releasing = clock.now();
    provider.releaseQueue();
    const { transaction, message } = await received('held');
    expect(transaction).toMatchObject({
      sender: address,
      recipients: ['probe-1@sink.test'],
      envelopeId: 'token-held',
      tls: true,
    });
    // `earliest` may lie before it, by as much as the accept may have been noticed late.
    expect(isBefore(transaction.latest, releasing)).toBe(false);
    expect(isBefore(transaction.latest, transaction.earliest)).toBe(false);
    expect(isBefore(message.endOfData, transaction.latest)).toBe(false);
    // Postfix's a runs from MAIL FROM until the message was taken up again, b until the connection was begun.
    const { a, b } = await provider.postfixDelays({ messageId: 'held@agent.test' });
    const truth = total(a, b);
    expect(spanBetween(accepted, transaction.earliest).lo).toBeLessThanOrEqual(truth.hi);
    expect(spanBetween(before, transaction.latest).hi).toBeGreaterThanOrEqual(truth.lo);
  });

  test('takes a bounce with the null sender for our own envelope sender', async () => {
    provider = await startProvider({ sinkPort });
    await hand(provider.mx, { from: 'receive@sink.test', to: [provider.lateBounce] }, 'bounced', false);
    const { transaction } = await received('bounced');
    expect(transaction).toMatchObject({ sender: '', recipients: ['receive@sink.test'] });
  });

  test('tells each of several messages once, over connections that Postfix uses again', async () => {
    provider = await startProvider({ sinkPort, postfix: REUSE });
    const { address } = provider.user('alice');
    const ids = Array.from({ length: 12 }, (_, index) => `burst-${index}-`);
    await provider.holdQueue();
    for (const id of ids) await hand(provider.submission, { from: address, to: ['probe-2@sink.test'] }, id, true);
    const releasing = clock.now();
    provider.releaseQueue();
    for (const id of ids) {
      const { transaction, message } = await received(id);
      expect(isBefore(transaction.latest, releasing)).toBe(false);
      expect(isBefore(transaction.latest, transaction.earliest)).toBe(false);
      expect(isBefore(message.endOfData, transaction.latest)).toBe(false);
    }
    const burst = listener.all('received').filter(({ message }) => message.header.includes('burst-'));
    expect(burst).toHaveLength(ids.length);
    expect(burst.some(({ transaction }) => transaction.reusedConnection)).toBe(true);
    expect(listener.all('abandoned')).toEqual([]);
    expect(listener.all('vanished')).toEqual([]);
  });

  test('finds no transfer begun before its message was submitted, though the ledger was slow for the one before', async () => {
    provider = await startProvider({ sinkPort, postfix: REUSE });
    const { address } = provider.user('alice');
    const envelope = { from: address, to: ['probe-3@sink.test'] };
    listener.answer = async () => {
      await clock.sleep(400);
      return { code: 250, text: 'taken' };
    };
    await hand(provider.submission, envelope, 'slow-one', true);
    await provider.postfixDelays({ messageId: 'slow-one@agent.test' });
    await clock.sleep(700);
    const submitting = clock.now();
    await hand(provider.submission, envelope, 'next-one', true);
    const { transaction } = await received('next-one');
    expect(isBefore(transaction.latest, submitting)).toBe(false);
    expect(transaction.reusedConnection).toBe(true);
  });
});
