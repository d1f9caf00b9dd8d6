/** The sink under a client that others wrote. */
import { createHash } from 'node:crypto';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { expect, test } from 'vitest';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { openSink } from './fixtures.ts';

const TEXT = 'From: a@provider.test\r\nSubject: probe\r\n\r\nfirst line\r\n.a dot leads this one\r\n';

function transfer(connection: SMTPConnection, envelopeId: string): Promise<SMTPConnection.SentMessageInfo> {
  const envelope = { from: 'a@provider.test', to: ['probe-2@sink.test'], dsn: { envid: envelopeId, ret: 'HDRS' } };
  return new Promise((resolve, reject) => {
    connection.send(envelope, TEXT, (error, info) => (error ? reject(error) : resolve(info)));
  });
}

test('two messages over one connection with STARTTLS are told as two transfers, the second on a reused connection', async () => {
  const { port, listener } = await openSink({ tls: CERTIFICATES.localhost });
  const connection = new SMTPConnection({
    host: '127.0.0.1',
    port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect(() => resolve());
  });
  expect((await transfer(connection, 'first+id')).response).toBe('250 2.6.0 taken');
  await transfer(connection, 'second');
  connection.quit();
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'received', 'received', 'disconnected']);
  const [first, second] = listener.all('received');
  expect(first?.transaction).toMatchObject({ tls: true, reusedConnection: false, envelopeId: 'first+id' });
  expect(second?.transaction).toMatchObject({ tls: true, reusedConnection: true, envelopeId: 'second' });
  const body = TEXT.slice(TEXT.indexOf('\r\n\r\n') + 4);
  expect(first?.message.body).toBe(body);
  expect(first?.message.bodySha256).toBe(createHash('sha256').update(body).digest('hex'));
  expect(second?.transaction.earliest.monoUs).toBeLessThanOrEqual(first?.message.endOfData.monoUs ?? 0);
});
