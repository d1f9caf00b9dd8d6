/** What a port that anybody can reach must not do: speak of itself, speak old TLS, or mix what came in plain text with what came in TLS. */
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { allowOldTls } from '../../fakes/old-tls.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { openSink } from './fixtures.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';

test('EHLO offers what a provider needs and nothing else', async () => {
  const { client } = await openSink({ tls: CERTIFICATES.localhost });
  const { text } = await client().greet();
  expect(text).toBe(
    ['250-mx.sink.test', '250-PIPELINING', '250-8BITMIME', '250-DSN', '250-STARTTLS', '250 SIZE 1048576', ''].join(
      '\r\n',
    ),
  );
});

for (const command of [
  'VRFY postmaster',
  'EXPN staff',
  'HELP',
  'ETRN sink.test',
  'ATRN',
  'TURN',
  'AUTH LOGIN',
  'AUTH PLAIN AHgAeA==',
  'XCLIENT ADDR=192.0.2.1',
  'XFORWARD NAME=trusted.test',
  'PROXY TCP4 192.0.2.1 192.0.2.2 4000 25',
  'WIZ',
  'DEBUG',
  'SHELL',
  'KILL',
  'SEND FROM:<a@provider.test>',
  'SOML FROM:<a@provider.test>',
  'SAML FROM:<a@provider.test>',
  'BDAT 5 LAST',
  'LHLO client.test',
]) {
  test(`${command} is not known, in plain text and in TLS, and changes nothing of the peer`, async () => {
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.greet();
    expect(await peer.ask(command)).toEqual({ code: 500, text: '500 Error: command not recognized\r\n' });
    const { name } = peer;
    await peer.startTls();
    await peer.ask('EHLO client.test');
    expect(await peer.ask(command)).toMatchObject({ code: 500 });
    for (const step of [MAIL, RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.']) await peer.ask(step);
    expect((await listener.told('received')).transaction.peer).toBe(name);
  });
}

test('no reply names a product or a version', async () => {
  const { client } = await openSink({ tls: CERTIFICATES.localhost });
  const peer = client();
  const said = [(await peer.reply()).text];
  const long = `MAIL FROM:<${'x'.repeat(5000)}@provider.test>`;
  for (const line of [
    'HELO',
    'EHLO client.test',
    'HELP',
    'MAIL',
    MAIL,
    'RCPT TO:<x@y.test>',
    RCPT,
    'DATA',
    '.',
    'RSET',
    long,
  ])
    said.push((await peer.ask(line)).text);
  expect(said).toHaveLength(12);
  expect(said.join('')).not.toMatch(/node|smtp-server|nodemailer|mailflow|postfix|https?:|\d+\.\d+\.\d+(?! )/i);
});

describe('STARTTLS', () => {
  test('forgets all that came in plain text behind it', async () => {
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.greet();
    await peer.startTls(`EHLO x\r\n${MAIL}\r\n${RCPT}\r\nDATA\r\nX: injected\r\n\r\ninjected\r\n.\r\n`);
    // The first reply in TLS is to the first command in TLS: nobody has greeted yet.
    expect(await peer.ask(MAIL)).toMatchObject({ code: 503 });
    peer.destroy();
    await listener.told('disconnected');
    expect(listener.all('received')).toEqual([]);
    expect(listener.all('abandoned')).toEqual([]);
  });

  test('forgets an envelope and a greeting from before it', async () => {
    const { client } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT]) await peer.ask(step);
    await peer.startTls();
    expect(await peer.ask('DATA')).toMatchObject({ code: 503 });
    expect(await peer.ask(MAIL)).toMatchObject({ code: 503 });
  });

  test('within TLS, or with a parameter, is refused', async () => {
    const { client } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.greet();
    expect(await peer.ask('STARTTLS now')).toMatchObject({ code: 501 });
    await peer.startTls();
    await peer.ask('EHLO client.test');
    expect(await peer.ask('STARTTLS')).toMatchObject({ code: 503 });
  });

  test('takes TLS 1.2 and 1.3, and refuses what is older', async () => {
    allowOldTls();
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const spoken = async (version: SecureVersion): Promise<string | null> => {
      const peer = client();
      await peer.greet();
      await peer.ask('STARTTLS');
      peer.socket.removeAllListeners('data');
      // Without the lowered level OpenSSL's client refuses old versions by itself.
      const wish = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const socket = connectTls({ socket: peer.socket, rejectUnauthorized: false, ...wish });
      return new Promise((resolve) => {
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? null));
      });
    };
    const tooOld = 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION';
    expect([await spoken('TLSv1'), await spoken('TLSv1.1')]).toEqual([tooOld, tooOld]);
    expect([await spoken('TLSv1.2'), await spoken('TLSv1.3')]).toEqual(['TLSv1.2', 'TLSv1.3']);
    await listener.told('disconnected', 4);
  });
});
