/** Each connection and each MAIL FROM is reported exactly once, however it ends. */
import { describe, expect, test } from 'vitest';
import { earliest } from '../../../src/domain/time/instant.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { type Opened, openSink } from './fixtures.ts';
import type { RawClient } from './raw-client.ts';

const ENVELOPE = ['EHLO client.test', 'MAIL FROM:<a@provider.test> ENVID=token', 'RCPT TO:<probe-0@sink.test>'];

interface Ending {
  readonly name: string;
  readonly run: (peer: RawClient) => Promise<void> | void;
}
const ENDINGS: readonly Ending[] = [
  { name: 'closes', run: (peer) => void peer.socket.end() },
  { name: 'resets the connection', run: (peer) => void peer.socket.resetAndDestroy() },
];
const QUITS: Ending = { name: 'quits', run: async (peer) => void (await peer.ask('QUIT')) };

async function after(opened: Opened, steps: readonly string[], ending: Ending) {
  const peer = opened.client();
  await peer.reply();
  for (const step of steps) await peer.ask(step);
  await ending.run(peer);
  await opened.listener.told('disconnected');
  return peer;
}

for (const ending of ENDINGS) {
  describe(`a peer that ${ending.name}`, () => {
    test('before the banner has vanished', async () => {
      const opened = await openSink();
      const peer = opened.client();
      await opened.listener.told('connected');
      await ending.run(peer);
      await opened.listener.told('disconnected');
      expect(opened.listener.story()).toEqual(['connected', 'vanished', 'disconnected']);
    });

    for (const count of [0, 1]) {
      test(`after ${['the banner', 'EHLO'][count]} has vanished`, async () => {
        const opened = await openSink();
        await after(opened, ENVELOPE.slice(0, count), ending);
        expect(opened.listener.story()).toEqual(['connected', 'vanished', 'disconnected']);
      });
    }

    for (const [name, count, recipients] of [
      ['MAIL', 2, []],
      ['RCPT', 3, ['probe-0@sink.test']],
    ] as const) {
      test(`after ${name} has abandoned a transaction`, async () => {
        const opened = await openSink();
        await after(opened, ENVELOPE.slice(0, count), ending);
        expect(opened.listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
        expect(opened.listener.all('abandoned')).toMatchObject([
          { code: 0, transaction: { envelopeId: 'token', recipients } },
        ]);
      });
    }

    test('after DATA has abandoned a transaction', async () => {
      const opened = await openSink();
      await after(opened, [...ENVELOPE, 'DATA'], ending);
      expect(opened.listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
    });

    test('in the middle of the message has abandoned a transaction', async () => {
      const opened = await openSink();
      const { listener } = opened;
      await after(opened, [...ENVELOPE, 'DATA'], {
        name: '',
        run: async (peer) => {
          await new Promise<void>((resolve) => {
            peer.socket.write('A: b\r\n\r\nhalf', () => resolve());
          });
          await ending.run(peer);
        },
      });
      expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
      expect(listener.all('abandoned')).toMatchObject([{ code: 0 }]);
    });

    test('after the dot has sent a message, whether or not it hears our answer', async () => {
      const opened = await openSink();
      const { listener, client } = opened;
      const answer = Promise.withResolvers<{ code: number; text: string }>();
      listener.answer = () => answer.promise;
      const peer = client();
      await peer.reply();
      for (const step of [...ENVELOPE, 'DATA']) await peer.ask(step);
      peer.write('A: b\r\n\r\nbody\r\n.\r\n');
      await listener.told('received');
      await ending.run(peer);
      await listener.told('disconnected');
      answer.resolve({ code: 250, text: 'taken' });
      expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
    });
  });
}

describe('a peer that ends a transaction by', () => {
  for (const command of ['RSET', 'EHLO client.test', 'HELO client.test', 'QUIT']) {
    test(`${command} has abandoned it at once`, async () => {
      const { client, listener } = await openSink();
      const peer = client();
      await peer.reply();
      for (const step of [...ENVELOPE, command]) await peer.ask(step);
      expect(listener.all('abandoned')).toMatchObject([
        { code: 0, transaction: { recipients: ['probe-0@sink.test'] } },
      ]);
      peer.destroy();
      await listener.told('disconnected');
      expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
    });
  }

  test('STARTTLS has abandoned it, and may begin another', async () => {
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.reply();
    for (const step of ENVELOPE) await peer.ask(step);
    await peer.startTls();
    for (const step of ENVELOPE) await peer.ask(step);
    peer.destroy();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'abandoned', 'abandoned', 'disconnected']);
  });

  test('an EHLO that is refused has not ended it', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.reply();
    for (const step of [...ENVELOPE, 'EHLO', 'DATA']) await peer.ask(step);
    expect(await peer.ask('A: b\r\n\r\nbody\r\n.')).toMatchObject({ code: 250 });
    expect(listener.all('abandoned')).toEqual([]);
  });
});

describe('a transaction whose recipients were all refused', () => {
  test('is abandoned with our code', async () => {
    const opened = await openSink();
    const steps = [...ENVELOPE.slice(0, 2), 'RCPT TO:<x@elsewhere.test>', 'DATA'];
    await after(opened, steps, QUITS);
    expect(opened.listener.all('abandoned')).toMatchObject([{ code: 550, transaction: { recipients: [] } }]);
    expect(opened.listener.all('vanished')).toEqual([]);
  });
});

describe('a peer that quits', () => {
  test('without a transaction has vanished', async () => {
    const opened = await openSink();
    await after(opened, ENVELOPE.slice(0, 1), QUITS);
    expect(opened.listener.story()).toEqual(['connected', 'vanished', 'disconnected']);
  });

  test('after its message has abandoned nothing', async () => {
    const opened = await openSink();
    await after(opened, [...ENVELOPE, 'DATA', 'A: b\r\n\r\nbody\r\n.'], QUITS);
    expect(opened.listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });
});

describe('a peer that pipelines three messages, the second broken off', () => {
  test('is told of as received, abandoned and received', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.reply();
    await peer.ask('EHLO client.test');
    const [, mail, rcpt] = ENVELOPE;
    for (const step of [mail, rcpt, 'DATA']) await peer.ask(`${step}`);
    peer.write(`A: 1\r\n\r\nbody\r\n.\r\n${mail}\r\n${rcpt}\r\nRSET\r\n${mail}\r\n${rcpt}\r\nDATA\r\n`);
    const codes = [];
    for (let count = 0; count < 7; count += 1) codes.push((await peer.reply()).code);
    expect(codes).toEqual([250, 250, 250, 250, 250, 250, 354]);
    await peer.ask('A: 2\r\n\r\nbody\r\n.');
    peer.destroy();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'received', 'abandoned', 'received', 'disconnected']);
  });
});

describe('a peer that keeps its connection', () => {
  const MESSAGE = [...ENVELOPE, 'DATA', 'A: b\r\n\r\nbody\r\n.'];
  /** Without the instants, which are compared with one another. */
  const unseen = ({ listener }: Opened) =>
    listener.story().filter((what) => what === 'vanished' || what === 'abandoned');

  test.each([
    ['its own bytes', async (peer: RawClient) => void (await peer.ask(MESSAGE[4]!)), 'MAIL FROM:<a@provider.te'],
    ['those of the message', () => {}, `${MESSAGE[4]}\r\nMAIL FROM:<a@provider.te`],
  ])('and breaks off within its next MAIL, in %s, has vanished since the end of data', async (_, end, bytes) => {
    const opened = await openSink();
    const reset: Ending = {
      name: 'breaks off',
      async run(peer) {
        await end(peer);
        peer.write(bytes);
        await opened.listener.told('received');
        await new Promise((resolve) => void setTimeout(resolve, 50));
        peer.socket.resetAndDestroy();
      },
    };
    await after(opened, MESSAGE.slice(0, 4), reset);
    expect(opened.listener.story()).toEqual(['connected', 'received', 'vanished', 'disconnected']);
    const { message } = opened.listener.all('received')[0]!;
    expect(opened.listener.all('vanished')).toMatchObject([{ at: earliest(message.endOfData) }]);
  });

  test('has vanished once for each MAIL that is refused', async () => {
    const opened = await openSink();
    await after(opened, [...MESSAGE, 'MAIL FROM:<a@provider.test> SIZE=99999999', 'MAIL FROM:<'], QUITS);
    expect(unseen(opened)).toEqual(['vanished', 'vanished']);
  });

  test.each(['QUIT', 'NOOP', 'RSET'])('and says %s before it goes has not', async (command) => {
    const opened = await openSink();
    await after(opened, [...MESSAGE, command], { name: 'ends', run: (peer) => void peer.socket.end() });
    expect(unseen(opened)).toEqual([]);
  });
});
