/** The start of a transfer, against what a client on the same clock knows of itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { SinkTransaction } from '../../../src/ports.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { openSink } from './fixtures.ts';
import { monoUs, type RawClient } from './raw-client.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';
const BODY = 'A: b\r\n\r\nbody\r\n.';
/** Fixed by smtp-server; timers may run a millisecond early. */
const BANNER_DELAY_US = 99_000;

const bounds = ({ earliest, latest }: SinkTransaction) => ({ lo: earliest.monoUs, hi: latest.monoUs });

/** From the first byte of a command to its reply read: what the client spent waiting, a little more than we owed. */
async function waiting(peer: RawClient, line: string): Promise<number> {
  const from = monoUs();
  await peer.ask(line);
  return monoUs() - from;
}

describe('the first transfer on a connection', () => {
  test('began between the connection and MAIL less the waiting, the banner delay included', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.reply();
    const greetedUs = monoUs();
    const waitedUs = greetedUs - peer.connectingUs + (await waiting(peer, 'EHLO client.test'));
    await delay(40);
    const mailUs = monoUs();
    await peer.ask(MAIL);
    peer.destroy();
    const { lo, hi } = bounds((await listener.told('abandoned')).transaction);
    const [connected] = listener.all('connected');
    expect(lo).toBe(connected?.at.monoUs);
    expect(lo).toBeLessThanOrEqual(greetedUs - BANNER_DELAY_US);
    // The client itself idled 40 ms of the time, which must remain.
    expect(hi).toBeGreaterThanOrEqual(mailUs - waitedUs);
    expect(hi - lo).toBeGreaterThanOrEqual(39_000);
    const readAtMostUs = monoUs();
    expect(hi).toBeLessThanOrEqual(readAtMostUs - BANNER_DELAY_US);
  });

  test('is recorded with each step of the peer, in order, since the accept', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA', BODY]) await peer.ask(step);
    peer.destroy();
    const { transaction, message } = await listener.told('received');
    const { accepted, ehlo, mail, rcpt, data } = transaction.steps;
    const dot = (message.endOfData.monoUs - accepted.monoUs) / 1e6;
    const steps = [BANNER_DELAY_US / 1e6, ehlo, mail, rcpt, data, dot];
    expect(steps).toEqual(steps.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(new Set(steps).size).toBe(6);
  });

  test('has the banner delay taken out behind TLS as well', async () => {
    const { client, listener } = await openSink({ tls: CERTIFICATES.localhost });
    const peer = client();
    await peer.greet();
    await peer.startTls();
    await peer.ask('EHLO client.test');
    await delay(40);
    await peer.ask(MAIL);
    peer.destroy();
    const { lo, hi } = bounds((await listener.told('abandoned')).transaction);
    expect(hi - lo).toBeGreaterThanOrEqual(39_000);
    expect(hi).toBeLessThanOrEqual(monoUs() - BANNER_DELAY_US);
  });
});

describe('a later transfer on the connection', () => {
  test('began at the end of data when MAIL stands right behind the dot, however long our 250 takes', async () => {
    const { client, listener } = await openSink();
    listener.answer = async () => {
      await delay(200);
      return { code: 250, text: 'taken' };
    };
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
    const dotUs = monoUs();
    peer.write(`${BODY}\r\n${MAIL}\r\n${RCPT}\r\n`);
    for (let count = 0; count < 3; count += 1) await peer.reply();
    peer.destroy();
    const { transaction } = await listener.told('abandoned');
    const { lo, hi } = bounds(transaction);
    const [first] = listener.all('received');
    expect(transaction.reusedConnection).toBe(true);
    expect(hi).toBe(first?.message.endOfData.monoUs);
    expect(lo).toBeLessThanOrEqual(hi);
    expect(hi).toBeGreaterThanOrEqual(dotUs);
    expect(hi).toBeLessThanOrEqual(monoUs() - 199_000);
  });

  test('holds both ends of the 200 ms that the listener took before the 250: nobody knows when its message came', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
    listener.answer = async () => {
      await delay(200);
      return { code: 250, text: 'taken' };
    };
    const dotUs = monoUs();
    await peer.ask(BODY);
    await peer.ask(MAIL);
    const doneUs = monoUs();
    peer.destroy();
    const { lo, hi } = bounds((await listener.told('abandoned')).transaction);
    const [first] = listener.all('received');
    expect(lo).toBeLessThanOrEqual(first?.message.endOfData.monoUs ?? 0);
    expect(hi).toBeGreaterThanOrEqual(dotUs + 199_000);
    expect(hi).toBeLessThanOrEqual(doneUs);
  });

  test('began no later than MAIL was read, with hundreds of stuffed dots before it and a rest in between', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
    const dotUs = monoUs();
    await peer.ask(`A: b\r\n\r\n${'..\r\n'.repeat(400)}.`);
    await delay(60);
    const mailUs = monoUs();
    await peer.ask(MAIL);
    const doneUs = monoUs();
    peer.destroy();
    const { lo, hi } = bounds((await listener.told('abandoned')).transaction);
    const [first] = listener.all('received');
    expect(first?.message.endOfData.monoUs).toBeGreaterThanOrEqual(dotUs);
    expect(lo).toBeLessThanOrEqual(first?.message.endOfData.monoUs ?? 0);
    expect(lo).toBeLessThanOrEqual(mailUs - 59_000);
    expect(hi).toBeLessThanOrEqual(doneUs);
  });

  test('after one that ended with RSET may have begun as early as that one', async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    for (const step of [MAIL, RCPT, 'RSET', MAIL, RCPT, 'RSET']) await peer.ask(step);
    const [first, second] = listener.all('abandoned').map(({ transaction }) => transaction);
    expect(second?.earliest).toEqual(first?.earliest);
    expect(second?.reusedConnection).toBe(true);
    expect(second?.latest.monoUs).toBeGreaterThanOrEqual(first?.latest.monoUs ?? Number.POSITIVE_INFINITY);
  });
});
