/** Figures, exports and copies of a ledger, taken while its daemon has it open. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupLedger } from '../../../src/adapters/sqlite/backup.ts';
import { exportLedger } from '../../../src/adapters/sqlite/export.ts';
import { ledgerStats } from '../../../src/adapters/sqlite/stats.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { decodeEvent } from '../../../src/domain/codec.ts';
import { chainHash, GENESIS } from '../../../src/domain/evidence/chain.ts';
import { at, delivered, opened, planned, rawly, tamper, temporaryFolder } from './support.ts';

const DAY = 86_400;

async function linesOf(place: string): Promise<string[]> {
  const lines: string[] = [];
  expect(await exportLedger(place, async (line) => void lines.push(line))).toBe(lines.length);
  return lines;
}

test('an export can be checked line by line with nothing but SHA-256', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  const events = [...delivered('a', 0), ...delivered('b', 60)];
  await ledger.append(events);
  const lines = await linesOf(folder);
  let hash = GENESIS;
  for (const [index, line] of lines.entries()) {
    const [, seq, stated, text = ''] = /^\{"seq":(\d+),"hash":"([0-9a-f]{64})","event":(.*)\}\n$/.exec(line) ?? [];
    hash = chainHash(hash, text);
    expect([Number(seq), stated]).toEqual([index + 1, hash]);
    expect(decodeEvent(text)).toEqual(events[index]);
    expect(JSON.parse(line).event.type).toBe(events[index]?.type);
  }
  expect(lines).toHaveLength(events.length);
});

test('a range takes entries by wall time, from its start to just before its end, even where the clock went back', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([
    planned('a', 0),
    planned('b', DAY),
    planned('c', 2 * DAY),
    planned('late', 1.5 * DAY),
    planned('d', 3 * DAY),
  ]);
  const range = { fromMs: at(DAY).wallMs, toMs: at(2 * DAY).wallMs };
  expect(await ledgerStats(folder, range)).toMatchObject({
    entries: 2,
    firstMs: at(DAY).wallMs,
    lastMs: at(1.5 * DAY).wallMs,
  });
});

test('an export ends with what its writer rejects with', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).append(delivered('a', 0));
  const broken = new Error('EPIPE');
  await expect(exportLedger(folder, () => Promise.reject(broken))).rejects.toBe(broken);
});

test('figures count entries by type and probes by route and outcome', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  expect(await ledgerStats(folder)).toMatchObject({ entries: 0, firstMs: null, lastMs: null, types: [], probes: [] });
  await ledger.append([
    ...delivered('a', 0),
    ...delivered('b', 60),
    planned('c', 90, { kind: 'spot', path: 'internal' }),
  ]);
  const { bytes, ...stats } = await ledgerStats(folder);
  expect(bytes).toBeGreaterThan(4096);
  expect(stats).toEqual({
    entries: 7,
    firstMs: at(0).wallMs,
    lastMs: at(90).wallMs,
    types: [
      { type: 'probe.handed-over', count: 2 },
      { type: 'probe.planned', count: 3 },
      { type: 'transfer.captured', count: 2 },
    ],
    probes: [
      { provider: 'acme', path: 'internal', kind: 'spot', outcome: 'pending', count: 1, breaches: 0 },
      { provider: 'acme', path: 'send', kind: 'scheduled', outcome: 'delivered', count: 2, breaches: 0 },
    ],
  });
});

test('a backup of a running ledger is one file that verifies, and is a ledger itself', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append(delivered('a', 0));
  const file = join(temporaryFolder(), 'copy.db');
  const { head } = await ledger.snapshot();
  expect(await backupLedger(folder, file)).toEqual({ ok: true, entries: 3, head });
  await ledger.append(delivered('b', 60));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(file, '..'))).toEqual(['copy.db']);
  expect(await verifyLedger(file)).toEqual({ ok: true, entries: 3, head });
  expect(await compareProjection(file)).toEqual({ ok: true, probes: 1 });

  const restored = temporaryFolder();
  await backupLedger(file, join(restored, 'ledger.db'));
  const again = await opened(restored);
  expect(await again.append([planned('c', 99)])).toMatchObject([{ seq: 4 }]);
  expect(() => rawly(restored, (db) => db.exec('DELETE FROM events'))).toThrow('append-only');
});

test('a backup never overwrites', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).append(delivered('a', 0));
  const file = join(temporaryFolder(), 'copy.db');
  writeFileSync(file, 'mine');
  await expect(backupLedger(folder, file)).rejects.toMatchObject({
    code: 'EXISTS',
    message: expect.stringContaining(file),
  });
  expect(statSync(file).size).toBe(4);
});

test('a backup of a ledger that was tampered with says so, and is kept as it is', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append(delivered('a', 0));
  await ledger.close();
  tamper(folder, (db) => db.exec("UPDATE events SET text = replace(text, 'acme', 'acmf') WHERE seq = 2"));
  const file = join(temporaryFolder(), 'copy.db');
  tamper(folder, (db) => db.exec("UPDATE events SET text = replace(text, 'queued', 'queueD') WHERE seq = 2"));
  expect(await backupLedger(folder, file)).toMatchObject({ ok: false, seq: 2 });
  expect(await verifyLedger(file)).toMatchObject({ ok: false, seq: 2 });
});

test.each(['verify', 'stats', 'export', 'backup', 'compare'] as const)(
  '%s of a folder without a ledger names the missing file and creates none',
  async (what) => {
    const folder = temporaryFolder();
    const calls = {
      verify: () => verifyLedger(folder),
      stats: () => ledgerStats(folder),
      export: () => exportLedger(folder, () => {}),
      backup: () => backupLedger(folder, join(folder, 'copy.db')),
      compare: () => compareProjection(folder),
    };
    await expect(calls[what]()).rejects.toMatchObject({ code: 'MISSING' });
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(join(folder, 'copy.db'))).toBe(false);
  },
);
