/** Opening, closing and opening again. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createSink } from '../../../src/adapters/smtp-sink/sink.ts';
import { KNOWN, NotingListener, openSink, ownClock, silent, sinkSettings } from './fixtures.ts';
import { RawClient } from './raw-client.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';

describe('opening', () => {
  test('resolves with the address taken', async () => {
    const sink = createSink(sinkSettings(), KNOWN, ownClock(), silent);
    const address = await sink.open(new NotingListener());
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(address.port).toBeGreaterThan(0);
    await sink.close();
  });

  test('on a port in use fails with the address and the reason, and works once the port is free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const sink = createSink(sinkSettings({ listen: { host: '127.0.0.1', port } }), KNOWN, ownClock(), silent);
    const failure = await sink.open(new NotingListener()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: `sink cannot listen on 127.0.0.1:${port}: EADDRINUSE: address already in use`,
      cause: { code: 'EADDRINUSE' },
    });
    other.close();
    await once(other, 'close');
    expect(await sink.open(new NotingListener())).toEqual({ host: '127.0.0.1', port });
    await sink.close();
  });

  test('twice is refused', async () => {
    const { sink } = await openSink();
    await expect(sink.open(new NotingListener())).rejects.toThrow('only while it is closed');
  });
});

describe('closing', () => {
  test('lets a message that is being sent come to its end', async () => {
    const { sink, client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
    peer.write('A: b\r\n\r\n');
    const closing = sink.close();
    expect(await peer.ask('body\r\n.')).toMatchObject({ code: 250 });
    expect(await peer.reply()).toMatchObject({ code: 421 });
    await closing;
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });

  test('lets an envelope become a message', async () => {
    const { sink, client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    await peer.ask(MAIL);
    const closing = sink.close();
    for (const step of [RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.']) await peer.ask(step);
    await closing;
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });

  test('takes no new connection and sends idle ones away at once', async () => {
    const { sink, port, client, listener } = await openSink();
    const [busy, idle] = [client(), client()];
    await busy.greet();
    await idle.greet();
    await busy.ask(MAIL);
    const closing = sink.close();
    expect(await idle.reply()).toMatchObject({ code: 421 });
    const late = new RawClient(port);
    await late.ended();
    await busy.ask('RSET');
    await closing;
    expect(listener.all('connected')).toHaveLength(2);
    expect(listener.all('disconnected')).toHaveLength(2);
    expect(listener.all('refused')).toEqual([]);
  });

  test('destroys what does not end in time, and reports it before it resolves', async () => {
    const { sink, client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
    peer.write('A: b\r\n\r\nnever ends');
    await sink.close();
    expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
    await peer.ended();
  });

  test('of a closed sink does nothing', async () => {
    const { sink } = await openSink();
    await sink.close();
    await expect(sink.close()).resolves.toBeUndefined();
  });

  test('leaves a sink that can be opened again, with another listener', async () => {
    const { sink, listener } = await openSink();
    await sink.close();
    const second = new NotingListener();
    const { port } = await sink.open(second);
    const peer = new RawClient(port);
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.', 'QUIT']) await peer.ask(step);
    await second.told('disconnected');
    expect(second.story()).toEqual(['connected', 'received', 'disconnected']);
    expect(listener.story()).toEqual([]);
  });
});
