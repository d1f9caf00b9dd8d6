/** Several processes on one data folder: who may run, and what becomes of what they write together. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireFolder, FolderHeld, readHolder } from '../../../src/adapters/sqlite/lock.ts';
import { compareProjection, rebuildProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { startChild } from './child.ts';
import { opened, temporaryFolder } from './support.ts';

const PROBES = 60;

test('two processes append at once: none is refused, the chain is whole, both know their own probes', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const daemon = startChild('./appender.ts', [folder, 'daemon', 'one', String(PROBES)]);
  const visitor = startChild('./appender.ts', [folder, 'visitor', 'two', String(PROBES)]);
  for (const child of [daemon, visitor]) expect(await child.line()).toBe('ready');
  for (const child of [daemon, visitor]) child.send('go\n');
  for (const child of [daemon, visitor]) {
    expect(JSON.parse(await child.line())).toMatchObject({ own: PROBES / 2 });
    expect(await child.ended).toEqual({ code: 0, stderr: '' });
  }
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 4 * PROBES });
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 2 * PROBES });
});

test('several processes may create the same ledger at the same moment', async () => {
  const folder = temporaryFolder();
  const children = ['a', 'b', 'c', 'd'].map((name) => startChild('./appender.ts', [folder, 'daemon', name, '3']));
  for (const child of children) await child.line();
  for (const child of children) child.send('go\n');
  for (const child of children) expect(await child.ended).toEqual({ code: 0, stderr: '' });
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 4 * (3 + 2) });
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 12 });
});

test('a process killed in the middle of appending leaves whole appends and a sound ledger', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const child = startChild('./appender.ts', [folder, 'daemon', 'one', '100000']);
  await child.line();
  child.send('go\n');
  const watching = await opened(folder, 'reader');
  while ((await watching.snapshot()).head.seq < 30);
  child.process.kill('SIGKILL');
  await child.ended;
  await watching.close();
  const again = await opened(folder);
  const { head, heartbeat } = await again.snapshot();
  expect(await verifyLedger(folder)).toEqual({ ok: true, entries: head.seq, head });
  // Appends have one event and three events in turn: four make two.
  expect([0, 1]).toContain(head.seq % 4);
  expect(heartbeat).not.toBeNull();
  expect(await compareProjection(folder)).toMatchObject({ ok: true });
});

test('a folder is held once: the second to ask is told by whom and where', async () => {
  const folder = temporaryFolder();
  const child = startChild('./holder.ts', [folder]);
  expect(await child.line()).toBe('held');
  const holder = { pid: child.process.pid, http: 'http://127.0.0.1:9825' };
  expect(await readHolder(folder)).toEqual(holder);
  const refusal = await acquireFolder(folder).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FolderHeld);
  expect(refusal).toMatchObject({
    code: 'FOLDER_HELD',
    holder,
    message: expect.stringMatching(/held by process \d+ at http:\/\/127\.0\.0\.1:9825$/),
  });
  await expect(rebuildProjection(folder)).rejects.toBeInstanceOf(FolderHeld);
  child.end();
  expect(await child.ended).toEqual({ code: 0, stderr: '' });
  expect(await readHolder(folder)).toBeNull();
  expect(readdirSync(folder)).toEqual(['daemon.lock']);
});

test('SIGKILL of the holder frees the folder, and its stale note deceives nobody', async () => {
  const folder = temporaryFolder();
  const child = startChild('./holder.ts', [folder]);
  await child.line();
  child.process.kill('SIGKILL');
  expect((await child.ended).code).toBe('SIGKILL');
  expect(existsSync(join(folder, 'daemon.json'))).toBe(true);
  expect(await readHolder(folder)).toBeNull();
  const lock = await acquireFolder(folder);
  expect(await readHolder(folder)).toEqual({ pid: process.pid, http: null });
  await lock.release();
});

test('within one process too the folder is held once, until it is released', async () => {
  const folder = join(temporaryFolder(), 'deep', 'data');
  expect(await readHolder(folder)).toBeNull();
  const first = await acquireFolder(folder);
  await expect(acquireFolder(folder)).rejects.toBeInstanceOf(FolderHeld);
  // A glance must not drop the lock, as closing a locked file does under POSIX.
  await readHolder(folder);
  const child = startChild('./holder.ts', [folder]);
  expect(await child.ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`held by process ${process.pid}`),
  });
  await first.release();
  await first.release();
  await (await acquireFolder(folder)).release();
});

test('a note that is not of ours is not believed', async () => {
  const folder = temporaryFolder();
  const lock = await acquireFolder(folder);
  for (const text of ['', '{"pid":"1"', '[]', 'null', '{"pid":"1","http":7}']) {
    writeFileSync(join(folder, 'daemon.json'), text);
    expect(await readHolder(folder)).toEqual({ pid: null, http: null });
  }
  await lock.release();
});
