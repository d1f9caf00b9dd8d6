/** The ledger through its port, on real files: what is appended is there, in order, for every later reader. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportLedger } from '../../../src/adapters/sqlite/export.ts';
import { connectLedger, openLedger, startWorker } from '../../../src/adapters/sqlite/ledger.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { encodeEvent } from '../../../src/domain/codec.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import { chainHash, GENESIS } from '../../../src/domain/evidence/chain.ts';
import { at, captured, delivered, handedOver, opened, planned, quiet, rawly, temporaryFolder } from './support.ts';

test('a new ledger is empty, and its head is the genesis hash', async () => {
  const ledger = await opened(temporaryFolder());
  const snapshot = await ledger.snapshot();
  expect(snapshot.head).toEqual({ seq: 0, hash: GENESIS });
  expect(snapshot.state.open.size).toBe(0);
  expect(snapshot.tallies).toEqual([]);
  expect(snapshot.heartbeat).toBeNull();
  expect(await ledger.append([])).toEqual([]);
});

test('entries are numbered from 1 and chained, and a later opening finds them as they were', async () => {
  const folder = temporaryFolder();
  const events = [...delivered('a', 0), ...delivered('b', 60)];
  const ledger = await opened(folder);
  const entries = [...(await ledger.append(events.slice(0, 2))), ...(await ledger.append(events.slice(2)))];
  await ledger.close();

  expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(entries.map(({ event }) => event)).toEqual(events);
  let hash = GENESIS;
  for (const entry of entries) expect(entry.hash).toBe((hash = chainHash(hash, encodeEvent(entry.event))));

  const again = await opened(folder);
  expect((await again.snapshot()).head).toEqual({ seq: 6, hash });
  const lines: string[] = [];
  await exportLedger(folder, (line) => void lines.push(line));
  expect(lines.map((line) => JSON.parse(line).hash)).toEqual(entries.map((entry) => entry.hash));
  expect(await verifyLedger(folder)).toEqual({ ok: true, entries: 6, head: { seq: 6, hash } });
});

test('appends made without waiting are acknowledged in the order of the calls', async () => {
  const ledger = await opened(temporaryFolder());
  const settled: number[] = [];
  const calls = Array.from({ length: 50 }, (_, index) =>
    ledger
      .append([planned(`p${index}`, index), handedOver(`p${index}`, index)])
      .then((entries) => settled.push(entries[0]?.seq ?? 0)),
  );
  await Promise.all(calls);
  expect(settled).toEqual(Array.from({ length: 50 }, (_, index) => 1 + 2 * index));
});

test('a probe is found open and closed, and the last planned ones come newest first', async () => {
  const ledger = await opened(temporaryFolder());
  await ledger.append([planned('a', 0), planned('b', 1), planned('c', 2)]);
  await ledger.append([handedOver('b', 3), captured('b', 8)]);
  expect((await ledger.probe('a'))?.handover).toBeNull();
  expect((await ledger.probe('b'))?.capture?.latest).toEqual(at(7));
  expect(await ledger.probe('nobody')).toBeNull();
  expect((await ledger.recent(2)).map(({ id }) => id)).toEqual(['c', 'b']);
  expect([...(await ledger.snapshot()).state.open.keys()]).toEqual(['a', 'c']);
});

test('late knowledge of a closed probe changes its record', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append(delivered('a', 0));
  await ledger.append([{ type: 'probe.duplicated', at: at(99), probe: 'a', where: 'sink' }]);
  expect((await ledger.probe('a'))?.duplicates).toEqual(['sink']);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 1 });
});

test('tallies count scheduled probes by outcome, unmeasured slots beside them, and no spot check', async () => {
  const ledger = await opened(temporaryFolder());
  await ledger.append([...delivered('a', 0), planned('b', 20), planned('spot', 21, { kind: 'spot' })]);
  await ledger.append([
    { type: 'slot.unmeasured', at: at(30), provider: 'acme', path: 'send', reason: 'the agent was stopping' },
  ]);
  const tally = { provider: 'acme', path: 'send', count: 1, breaches: 0 };
  const { tallies } = await ledger.snapshot();
  expect(tallies).toHaveLength(3);
  expect(tallies).toEqual(
    expect.arrayContaining(['delivered', 'pending', 'unmeasured'].map((outcome) => ({ ...tally, outcome }))),
  );
});

test('a pending probe becomes a breach when its absence is proven past the hour, once', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  // Neither at the sink nor, as a bounce, in the mailbox.
  const absent = (seconds: number): readonly LedgerEvent[] =>
    ['sink', 'mailbox:acme'].map((channel) => ({
      ...{ type: 'absence.proven', at: at(seconds), channel, until: at(seconds) },
    }));
  const breaches = async () => (await ledger.snapshot()).tallies.reduce((sum, tally) => sum + tally.breaches, 0);
  await ledger.append([planned('a', 0), handedOver('a', 2), ...absent(3000)]);
  expect(await breaches()).toBe(0);
  await ledger.append(absent(3700));
  expect(await breaches()).toBe(1);
  await ledger.append([...absent(3800), captured('a', 4000)]);
  expect((await ledger.snapshot()).tallies).toEqual([
    { provider: 'acme', path: 'send', outcome: 'delivered', count: 1, breaches: 1 },
  ]);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 1 });
});

test('the heartbeat is overwritten, not appended', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  for (const second of [1, 2, 3]) await ledger.beat(at(second));
  const { heartbeat, head } = await ledger.snapshot();
  expect(heartbeat).toEqual(at(3));
  expect(head.seq).toBe(0);
  expect(rawly(folder, (db) => db.prepare('SELECT count(*) AS n FROM heartbeat').get()?.['n'])).toBe(1);
});

test('bookmarks are kept by mailbox and replaced as a whole', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  const inbox = { uidValidity: '4294967295', uidNext: 7 };
  await ledger.keepBookmarks(
    'acme',
    new Map([
      ['INBOX', inbox],
      ['Junk', { uidValidity: '2', uidNext: 1 }],
    ]),
  );
  await ledger.keepBookmarks('other', new Map([['INBOX', { uidValidity: '9', uidNext: 9 }]]));
  await ledger.keepBookmarks('acme', new Map([['INBOX', { ...inbox, uidNext: 8 }]]));
  await ledger.close();
  const again = await opened(folder);
  expect(await again.bookmarks('acme')).toEqual(new Map([['INBOX', { ...inbox, uidNext: 8 }]]));
  expect((await again.bookmarks('other')).size).toBe(1);
  expect((await again.bookmarks('nobody')).size).toBe(0);
});

test('an event that cannot be encoded fails its own append and no other', async () => {
  const ledger = await opened(temporaryFolder());
  const circular: Record<string, unknown> = { ...planned('bad', 1) };
  circular['provider'] = circular;
  const calls = [
    ledger.append([planned('a', 0)]),
    ledger.append([planned('b', 1), circular as unknown as LedgerEvent]),
    ledger.append([planned('c', 2)]),
  ];
  const [first, second, third] = await Promise.allSettled(calls);
  expect(first?.status).toBe('fulfilled');
  expect(third?.status).toBe('fulfilled');
  expect(second).toMatchObject({
    status: 'rejected',
    reason: { code: 'UNENCODABLE', message: expect.stringContaining('plain data') },
  });
  expect((await ledger.recent(9)).map(({ id }) => id)).toEqual(['c', 'a']);
});

test('a reader sees what the daemon writes while it writes, and cannot append', async () => {
  const folder = temporaryFolder();
  const daemon = await opened(folder);
  await daemon.append([planned('a', 0)]);
  const reader = await opened(folder, 'reader');
  expect((await reader.snapshot()).state.open.size).toBe(1);
  await daemon.append([planned('b', 1)]);
  expect((await reader.snapshot()).state.open.size).toBe(2);
  await expect(reader.append([planned('c', 2)])).rejects.toMatchObject({
    code: 'READ_ONLY',
    message: expect.stringContaining(`cannot append to the ledger in ${folder}: it must be open for writing`),
    cause: { errcode: 8 },
  });
});

test('a visitor appends beside the daemon, and each sees the other', async () => {
  const folder = temporaryFolder();
  const daemon = await opened(folder);
  const visitor = await opened(folder, 'visitor');
  await daemon.append([planned('a', 0)]);
  await visitor.append([planned('b', 1), handedOver('a', 2)]);
  await daemon.append([captured('a', 9)]);
  expect([...(await visitor.snapshot()).state.open.keys()]).toEqual(['b']);
  expect((await daemon.snapshot()).head).toEqual((await visitor.snapshot()).head);
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 4 });
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 2 });
});

test.each(['visitor', 'reader'] as const)('a %s does not create a ledger where there is none', async (role) => {
  const folder = temporaryFolder();
  await expect(openLedger(folder, { role, log: quiet })).rejects.toMatchObject({
    code: 'MISSING',
    message: expect.stringContaining(folder),
  });
});

test('folder and files are for their owner only', async () => {
  const folder = join(temporaryFolder(), 'data');
  const ledger = await opened(folder);
  await ledger.append([planned('a', 0)]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'])
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
});

test('after close every call rejects, and closing again is no error', async () => {
  const ledger = await opened(temporaryFolder());
  const last = ledger.append([planned('a', 0)]);
  await ledger.close();
  await ledger.close();
  expect(await last).toHaveLength(1);
  await expect(ledger.append([planned('b', 1)])).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(ledger.snapshot()).rejects.toMatchObject({ code: 'CLOSED' });
});

test('when the worker dies, calls under way and later ones reject, and it is logged', async () => {
  const folder = temporaryFolder();
  const logged: string[] = [];
  const worker = startWorker({ folder, role: 'daemon' });
  const ledger = await connectLedger(worker, folder, { ...quiet, error: (message) => void logged.push(message) });
  await ledger.append([planned('a', 0)]);
  const pending = ledger.append([planned('b', 1)]);
  const outcome = pending.then(
    () => 'done',
    (error: unknown) => error,
  );
  await worker.terminate();
  expect(['done', expect.objectContaining({ code: 'WORKER_DIED' })]).toContainEqual(await outcome);
  await expect(ledger.append([planned('c', 2)])).rejects.toMatchObject({
    code: 'WORKER_DIED',
    message: expect.stringContaining(folder),
  });
  await ledger.close();
  expect(logged).toEqual(['the ledger has stopped']);
  expect(await verifyLedger(folder)).toMatchObject({ ok: true });
});
