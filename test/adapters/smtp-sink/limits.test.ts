/** What one peer may take of the sink. Deadlines expire when the test says so. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  CLIENTS_PER_SOURCE_MAX,
  COMMAND_BYTES_MAX,
  COMMANDS_MAX,
  DATA_MS_MAX,
  DOTTED_LINES_MAX,
  LOOK_MS,
  MESSAGE_BYTES_MAX,
  RECIPIENTS_MAX,
  SESSION_BYTES_MAX,
  SESSION_MS_MAX,
  STEP_MS_MAX,
  STRANGERS_MAX,
} from '../../../src/adapters/smtp-sink/limits.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { type ManualClock, manualClock } from '../smtp-client/manual-clock.ts';
import { KNOWN, openSink, ownClock } from './fixtures.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';

/** As the sessions see it: so many looks at the time. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += LOOK_MS) {
    await clock.sleeping(LOOK_MS);
    clock.expire(LOOK_MS);
    await turn();
  }
}

test('a message that trickles is cut off at its deadline, and was abandoned', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
  peer.write('A: b\r\n');
  await clock.sleeping(DATA_MS_MAX);
  clock.expire(DATA_MS_MAX);
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'abandoned', 'refused', 'disconnected']);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'timeout' }]);
  expect(listener.all('abandoned')).toMatchObject([{ code: 421 }]);
});

test('a session past its time may finish its message, and then no other', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
  await pass(clock, SESSION_MS_MAX);
  expect(await peer.ask('A: b\r\n\r\nbody\r\n.')).toMatchObject({ code: 250 });
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'received', 'refused', 'disconnected']);
});

test('a session that does not finish is cut off all the same', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT]) await peer.ask(step);
  // Each step in time.
  for (let ms = 0; ms < SESSION_MS_MAX + DATA_MS_MAX; ms += LOOK_MS) {
    await pass(clock, LOOK_MS);
    if (ms + LOOK_MS < SESSION_MS_MAX + DATA_MS_MAX) await peer.ask('NOOP');
  }
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.all('abandoned')).toMatchObject([{ code: 421 }]);
});

test('no deadline outlives its session', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.', 'QUIT']) await peer.ask(step);
  await listener.told('disconnected');
  expect(clock.sleepers()).toBe(0);
});

test('commands without a message have an end', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  peer.write('NOOP\r\n'.repeat(COMMANDS_MAX + 200));
  let replies = 0;
  while ((await peer.reply()).code !== 421) replies += 1;
  expect(replies).toBeLessThanOrEqual(COMMANDS_MAX + 100);
  await listener.told('disconnected');
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
});

test('one address may hold only so many connections, and gets its place back', async () => {
  const { client, listener } = await openSink();
  const peers = Array.from({ length: CLIENTS_PER_SOURCE_MAX }, () => client());
  for (const peer of peers) expect(await peer.reply()).toMatchObject({ code: 220 });
  const refused = client();
  expect(await refused.reply()).toMatchObject({ code: 421 });
  await refused.ended();
  const { peer: name, since } = await listener.told('turnedAway');
  expect(name).toBe(refused.name);
  expect(since).toEqual(listener.all('connected').at(-1)?.at);
  expect(listener.all('vanished')).toEqual([]);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'address' }]);
  expect(await client('127.0.0.2').reply()).toMatchObject({ code: 220 });
  await peers[0]?.ask('QUIT');
  await listener.told('disconnected', 2);
  expect(await client().reply()).toMatchObject({ code: 220 });
});

test('a transaction may have only so many recipients', async () => {
  const { client, listener } = await openSink({ recipients: RECIPIENTS_MAX + 1 });
  const peer = client();
  await peer.greet();
  await peer.ask(MAIL);
  const codes = [];
  for (let index = 0; index <= RECIPIENTS_MAX; index += 1) {
    codes.push((await peer.ask(`RCPT TO:<probe-${index}@sink.test>`)).code);
  }
  expect(codes.filter((code) => code === 250)).toHaveLength(RECIPIENTS_MAX);
  expect(codes.at(-1)).toBe(452);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
});

for (const [name, bytes] of [
  ['a line without an end', 'x'.repeat(COMMAND_BYTES_MAX + 20_000)],
  ['a request of another protocol', 'GET / HTTP/1.1\r\n'],
  ['ten commands that are none', 'x\r\n'.repeat(10)],
] as const) {
  test(`${name} ends the session`, async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    peer.write(bytes);
    while ((await peer.reply()).code !== 421);
    await listener.told('vanished');
    expect(listener.all('refused').every(({ reason }) => reason === 'protocol')).toBe(true);
  });
}

test('a peer that sends anything before the banner is sent away', async () => {
  for (const bytes of ['EHLO client.test\r\n', 'E', '\r\n', '\0', 'PROXY TCP4 192.0.2.1 192.0.2.2 4000 25\r\n']) {
    const { client, listener } = await openSink();
    const peer = client();
    peer.write(bytes);
    expect(await peer.reply()).toEqual({ code: 421, text: '421 4.5.1 Wait for the greeting\r\n' });
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'refused', 'vanished', 'disconnected']);
  }
});

for (const [name, steps] of [
  ['the first', []],
  ['a later', ['NOOP']],
] as const) {
  test(`a peer that trickles ${name} command is cut off at its deadline`, async () => {
    const clock = manualClock();
    const { client, listener } = await openSink({}, clock);
    const peer = client();
    await peer.reply();
    for (const step of steps) await peer.ask(step);
    peer.write('EH');
    await pass(clock, STEP_MS_MAX + LOOK_MS);
    expect(await peer.reply()).toMatchObject({ code: 421 });
    await listener.told('disconnected');
    expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'timeout' }]);
  });
}

test('a handshake that does not go on is cut off at its deadline, and the sink goes on', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({ tls: CERTIFICATES.localhost }, clock);
  const peer = client();
  await peer.greet();
  await peer.ask('STARTTLS');
  // The head of a ClientHello of 512 bytes.
  peer.write(Buffer.from('16030102000100', 'hex'));
  await pass(clock, STEP_MS_MAX + LOOK_MS);
  await peer.ended();
  await listener.told('disconnected');
  expect(await client().greet()).toMatchObject({ code: 250 });
});

test('a message of nothing but doubled dots, which cost smtp-server a turn each, is cut off', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
  peer.write('..\r\n'.repeat(10 * DOTTED_LINES_MAX));
  expect(await peer.reply()).toMatchObject({ code: 552 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'abandoned', 'refused', 'disconnected']);
});

test('a session of too many bytes is asked to end between two messages', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  const message = `${'x'.repeat(998)}\r\n`.repeat(MESSAGE_BYTES_MAX / 1000 - 1);
  let taken = 0;
  for (let code = 250; code === 250; ) {
    await peer.ask(MAIL).catch(() => undefined);
    ({ code } = await peer.ask(RCPT).catch(() => ({ code: 0 })));
    if (code !== 250) break;
    await peer.ask('DATA');
    ({ code } = await peer.ask(`${message}.`));
    taken += 1;
  }
  await listener.told('disconnected');
  expect(taken).toBeLessThanOrEqual(SESSION_BYTES_MAX / MESSAGE_BYTES_MAX + 2);
  expect(listener.all('received')).toHaveLength(taken);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'timeout' }]);
});

describe('when all places of strangers are taken', () => {
  const source = (index: number): string => `127.0.1.${1 + Math.floor(index / CLIENTS_PER_SOURCE_MAX)}`;
  const filled = async (known = KNOWN) => {
    const opened = await openSink({}, ownClock(), known);
    const strangers = Array.from({ length: STRANGERS_MAX }, (_, index) => opened.client(source(index)));
    for (const stranger of strangers) await stranger.reply();
    return { ...opened, strangers };
  };

  test('a newcomer gets the place of the one that is the longest without a message', async () => {
    const { client, strangers, listener } = await filled();
    const [first, second] = [strangers[0]!, strangers[1]!];
    for (const step of ['EHLO client.test', MAIL, RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.']) await first.ask(step);
    expect(await client('127.0.0.9').greet()).toMatchObject({ code: 250 });
    expect(await second.reply()).toMatchObject({ code: 421 });
    await second.ended();
    expect(await first.ask('NOOP')).toMatchObject({ code: 250 });
    expect(listener.all('turnedAway')).toMatchObject([{ peer: second.name }]);
    expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'full' }]);
    expect(listener.all('vanished')).toEqual([]);
  });

  test('one that has to go amid a transaction has abandoned it by our doing', async () => {
    const { client, strangers, listener } = await filled();
    for (const step of ['EHLO client.test', MAIL, RCPT]) await strangers[0]!.ask(step);
    expect(await client('127.0.0.9').greet()).toMatchObject({ code: 250 });
    expect(listener.all('abandoned')).toMatchObject([
      { code: 421, transaction: { recipients: ['probe-0@sink.test'] } },
    ]);
    expect(listener.all('turnedAway')).toMatchObject([{ peer: strangers[0]!.name }]);
  });

  test('a host of a provider gets in, and nobody has to go for it', async () => {
    const { client, listener } = await filled({ ...KNOWN, networks: ['127.0.0.0/24'] });
    const peers = Array.from({ length: CLIENTS_PER_SOURCE_MAX + 5 }, () => client('127.0.0.9'));
    for (const peer of peers) expect(await peer.greet()).toMatchObject({ code: 250 });
    expect(listener.all('turnedAway')).toEqual([]);
  });
});
