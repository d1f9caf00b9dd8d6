/** Who takes their time, on purpose or not: each of these lasts as long as the limit it is about. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { dial } from './raw.ts';
import { serve } from './served.ts';

const PATIENCE = { timeout: 60_000 };
const BODY_BYTES = 64_000_000;
/** Milliseconds: a little more than is allowed without reading. */
const UNREAD = 22_000;

const TOLD = /^HTTP\/1\.1 408 [^]*x-content-type-options: nosniff/;

test.concurrent.each([
  ['a head', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', 'x', TOLD],
  [
    'a body',
    'POST /api/v1/probes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ' ',
    // It was under way.
    /^$/,
  ],
  ['nothing', '', '', TOLD],
])('whoever sends %s byte by byte is cut off', PATIENCE, async (_what, head, drop, answer) => {
  const served = await serve();
  const socket = await dial(served.server.url);
  socket.write(head);
  const dripping = setInterval(() => socket.writable && socket.write(drop), 500);
  let said = '';
  socket.on('data', (part: Buffer) => {
    said += part.toString('latin1');
  });
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  clearInterval(dripping);
  socket.destroy();
  expect(said).toMatch(answer);
  expect(served.world.ledger.events('probe.planned')).toEqual([]);
  await served.close();
});

test.concurrent('whoever reads nothing of an answer is cut off before its end', PATIENCE, async () => {
  const rendered = async () => ({ contentType: 'text/plain', body: Buffer.alloc(BODY_BYTES, 'x'), policy: null });
  const served = await serve({ reports: { rendered } });
  const socket = await dial(served.server.url);
  socket.pause();
  socket.write('GET /reports/2026-11 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await delay(UNREAD);
  let bytes = 0;
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  socket.resume();
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(BODY_BYTES);
  socket.destroy();
  await served.close();
});
