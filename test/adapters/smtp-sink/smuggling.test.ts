/**
 * Only CRLF.CRLF ends a message (RFC 5321 §4.1.1.4), however the bytes are cut up: what others take for an end is content here, kept as
 * it came, and what stands behind it is no command.
 */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSink } from './fixtures.ts';
import type { RawClient } from './raw-client.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';
const SECOND = `${MAIL.replace('a@', 'smuggled@')}\r\n${RCPT}\r\nDATA\r\nX: smuggled\r\n\r\nsmuggled`;
const END = '\r\n.\r\n';

/** What one server or another took for the end of data ("SMTP smuggling", 2023). */
const FALSE_ENDS = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r\n',
  '\r.\r',
  '\r\n.\n',
  '\r\n.\r',
  '\n\n.\r\n',
  '\r\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\r\n.\r\0\n',
  '\r\n .\r\n',
  '\r\n. \r\n',
  '\r\n.\t\r\n',
  '\r\n..\r\n',
  '\r\n.\r.\r\n',
  '\r\n.\v\n',
  '\r\n\x85.\x85',
] as const;

async function upToData(peer: RawClient): Promise<void> {
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
}

const shown = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Dots doubled by the peer are single again; here every line feed counts, as for smtp-server. */
const unstuffed = (text: string): string => text.replace(/(^|\n)\.(?=\.)/g, '$1');

describe.each(FALSE_ENDS)('an end of data that is none', (end) => {
  test(`${shown(end)} is content, as is what stands behind it`, async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await upToData(peer);
    const body = `before${end}${SECOND}`;
    peer.write(`A: b\r\n\r\n${body}${END}`);
    expect(await peer.reply()).toMatchObject({ code: 250 });
    // Answered at once: nothing stands between it and the message.
    expect(await peer.ask('NOOP')).toEqual({ code: 250, text: '250 OK\r\n' });
    expect(listener.all('received')).toHaveLength(1);
    const { message, transaction } = await listener.told('received');
    expect(transaction.sender).toBe('a@provider.test');
    expect(message.bodySha256).toBe(hash(`${unstuffed(body)}\r\n`));
  });

  test(`${shown(end)} leaves a transaction under way that the peer gave up`, async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await upToData(peer);
    peer.write(`A: b\r\n\r\nbefore${end}`);
    peer.socket.end();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
  });
});

test('a message whose lines all end in bare line feeds is taken, as it came', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await upToData(peer);
  expect(await peer.ask('X-A: 1\nX-B: 2\n\nfirst\n.second\n\r\n.')).toMatchObject({ code: 250 });
  const { message } = await listener.told('received');
  expect(message).toMatchObject({ header: 'X-A: 1\nX-B: 2\n', bodySha256: hash('first\n.second\n\r\n') });
});

test('whatever the bytes and however they are cut up, a message ends where RFC 5321 says, and nowhere else', async () => {
  const { client, listener } = await openSink();
  let peer = client();
  await peer.greet();
  let sent = 0;
  const piece = fc.constantFrom(
    '\r',
    '\n',
    '.',
    '\r\n',
    '\r\n.',
    '\n.',
    '..',
    '\0',
    ' ',
    'x',
    ...FALSE_ENDS,
    'RSET\r\n',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 25 }),
      fc.array(fc.nat({ max: 8 }), { minLength: 1 }),
      async (pieces, cuts) => {
        const body = pieces.join('');
        // The message ends at the first end; whatever else there is would be commands.
        fc.pre(!`\r\n${body}${END}`.slice(0, -3).includes(END));
        if (sent % 100 === 99) {
          await peer.ask('QUIT');
          peer = client();
          await peer.greet();
        }
        for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
        const bytes = Buffer.from(`\r\n${body}${END}`, 'latin1');
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const until = at + (cuts[index % cuts.length] ?? 0) + 1;
          peer.write(bytes.subarray(at, until));
          await turn();
          at = until;
        }
        expect(await peer.reply()).toMatchObject({ code: 250 });
        sent += 1;
        expect(listener.all('received')).toHaveLength(sent);
        const { message } = listener.all('received').at(-1)!;
        expect(message.bodySha256).toBe(hash(`${unstuffed(`\r\n${body}`).slice(2)}\r\n`));
      },
    ),
    { numRuns: 300, endOnFailure: true },
  );
  expect(listener.all('abandoned')).toEqual([]);
});

function hash(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');
}
