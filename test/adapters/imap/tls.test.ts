/** Who can see the password, or answer in the server's place, before the server has proven itself. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Connection } from '../../../src/adapters/imap/connection.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { MailboxSettings } from '../../../src/domain/settings.ts';
import { allowOldTls, spokenWith } from '../../fakes/old-tls.ts';
import { asksForSecondHandshake } from '../../fakes/second-handshake.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { failureOf, settingsFor, silentLog } from './support.ts';

const { cert, key } = CERTIFICATES.localhost;
const CAPABILITIES = 'CAPABILITY IMAP4rev1 STARTTLS';
const GREETING = `* OK [${CAPABILITIES}] ready\r\n`;

const clock = systemClock();
const sockets = new Set<Socket>();
let server: Server | null = null;
/** What the server was told, and over what. */
let heard: { readonly over: 'tls' | 'clear'; readonly text: string }[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});
beforeEach(() => {
  heard = [];
});

interface Script {
  readonly greeting?: string;
  /** What comes behind the OK to STARTTLS, in the clear and in the same segment. */
  readonly injected?: string;
  readonly implicit?: boolean;
  readonly tls?: TlsOptions;
}

async function begin({ greeting = GREETING, injected = '', implicit = false, tls = {} }: Script): Promise<number> {
  const options = { cert, key, ...tls };
  const speak = (socket: Socket, over: 'tls' | 'clear'): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      heard.push({ over, text });
      const [tag = '', command = ''] = text.trim().split(' ');
      if (command.toUpperCase() === 'STARTTLS' && over === 'clear') {
        socket.removeAllListeners('data');
        socket.write(`${tag} OK go ahead\r\n${injected}`);
        const secured = new TLSSocket(socket, { isServer: true, ...options });
        speak(secured, 'tls');
      } else if (command.toUpperCase() === 'CAPABILITY') socket.write(`* ${CAPABILITIES}\r\n${tag} OK done\r\n`);
      else socket.write(`${tag} OK done\r\n`);
    });
  };
  const greet = (socket: Socket): void => {
    speak(socket, implicit ? 'tls' : 'clear');
    socket.write(greeting);
  };
  const begun = implicit ? createTlsServer(options, greet) : createServer(greet);
  server = begun;
  begun.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => begun.listen(0, '127.0.0.1', resolve));
  return (begun.address() as { port: number }).port;
}

function open(port: number, security: MailboxSettings['security'], ca: string | null = cert): Promise<Connection> {
  const settings = settingsFor({ host: '127.0.0.1', port }, { security, tls: { ca, servername: null } });
  return Connection.open(settings, clock, silentLog, new AbortController().signal);
}

const inTheClear = (): string => heard.flatMap(({ over, text }) => (over === 'clear' ? [text] : [])).join('');

test('the password goes out once STARTTLS is done, and only then', async () => {
  const connection = await open(await begin({}), 'starttls');
  expect(heard.find(({ text }) => text.includes('a-secret'))?.over).toBe('tls');
  expect(inTheClear()).not.toMatch(/a-secret|AUTHENTICATE|LOGIN/);
  await connection.close();
});

test('a greeting that says we are known already is no way around STARTTLS', async () => {
  const port = await begin({ greeting: `* PREAUTH [${CAPABILITIES}] welcome back\r\n` });
  const { stage } = (await failureOf(open(port, 'starttls'))) as { stage?: string };
  expect(stage).toBe('tls');
  expect(inTheClear()).not.toMatch(/a-secret|LIST|SELECT|EXAMINE/);
});

test.each([
  ['capabilities', '* CAPABILITY IMAP4rev1 X-INJECTED\r\n'],
  ['answers to what is to come', '1 OK done\r\n2 OK done\r\n3 OK done\r\n4 OK done\r\n'],
])('%s that somebody put behind the OK to STARTTLS are not believed', async (_what, injected) => {
  const port = await begin({ injected });
  const opened = await open(port, 'starttls').catch((error: unknown) => error);
  expect(opened).toMatchObject({ code: 'STARTTLS_INJECTION' });
  const logins = heard.filter(({ text }) => /a-secret|AUTHENTICATE|LOGIN/.test(text));
  expect(logins.filter(({ over }) => over !== 'tls')).toEqual([]);
});

describe.each([
  ['tls', true],
  ['starttls', false],
] as const)('with security %s', (security, implicit) => {
  test('a server that nobody vouches for is not trusted, whatever Node is told by its environment', async () => {
    const port = await begin({ implicit });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await failureOf(open(port, security, null))).code).toMatch(/SELF_SIGNED|UNABLE_TO_/);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(heard.map(({ text }) => text).join('')).not.toMatch(/a-secret|AUTHENTICATE|LOGIN/);
  });

  test('a server with a certificate of another name sees no password', async () => {
    const { cert: theirs, key: theirKey } = CERTIFICATES.elsewhere;
    const port = await begin({ implicit, tls: { cert: theirs, key: theirKey } });
    expect((await failureOf(open(port, security, theirs))).code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(heard.map(({ text }) => text).join('')).not.toMatch(/a-secret|AUTHENTICATE|LOGIN/);
  });

  test('a server that speaks no newer TLS than 1.1 sees no password', async () => {
    allowOldTls();
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const port = await begin({ implicit, tls: old });
    // With STARTTLS it is the same server, behind some words.
    expect(implicit ? await spokenWith(port) : 'TLSv1.1').toBe('TLSv1.1');
    // What is trusted is read once, and this is to be read as such a host reads it.
    await failureOf(open(port, security, `${security}\n${cert}`));
    expect(heard.map(({ text }) => text).join('')).not.toMatch(/a-secret|AUTHENTICATE|LOGIN/);
  });
});

test('a server that asks for a second handshake gets none', async () => {
  const { port, made } = await asksForSecondHandshake(CERTIFICATES.localhost);
  await failureOf(open(port, 'tls'));
  expect(await made).toBe(false);
});
