/** Ledger: the one in memory, SQLite on real files behind its thread, and the real store as the simulator's process meets it. */
import { describe, onTestFinished } from 'vitest';
import { factsFrom, opened, rawly, temporaryFolder } from '../adapters/sqlite/support.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { Mortal } from '../fakes/mortal.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { Disk } from '../simulation/disk.ts';
import { Host } from '../simulation/host.ts';
import { StoreLedger } from '../simulation/store-ledger.ts';
import { describeLedger } from './ledger.ts';
import { describeLedgerLife, type LedgerUnderTest } from './ledger-life.ts';
import { letTimePass } from './passing.ts';

describe('the ledger in memory', () => {
  const make = async (): Promise<LedgerUnderTest> => {
    const ledger = new MemoryLedger();
    const refuse = (isRefusing: boolean): void => {
      ledger.failure = isRefusing ? new Error('refused', { cause: new Error('the disk is full') }) : null;
    };
    return { ledger, refuse, reopen: null };
  };
  describeLedger(async () => (await make()).ledger);
  describeLedgerLife(make, false);
});

describe('the ledger on SQLite', () => {
  /** As a full disk does it, without one. */
  const TABLES = ['events', 'heartbeat', 'bookmarks'];
  describeLedger(() => opened(temporaryFolder()));
  describeLedgerLife(async () => {
    const folder = temporaryFolder();
    const refuse = (isRefusing: boolean): void =>
      rawly(folder, (db) => {
        for (const table of TABLES)
          for (const verb of ['INSERT', 'UPDATE', 'DELETE']) {
            const name = `refuses_${verb}_${table}`;
            if (isRefusing)
              db.exec(`CREATE TRIGGER ${name} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, 'full'); END`);
            else db.exec(`DROP TRIGGER ${name}`);
          }
      });
    return { ledger: await opened(folder), refuse, reopen: () => opened(folder) };
  }, true);
});

describe.each([
  ['in memory, at once', 'memory', () => 0],
  ['on a file, now slowly and now at once', 'file', (call: number) => (call % 3 === 0 ? 3 : 0)],
] as const)("the simulator's ledger %s", (_, where, commitMs) => {
  const make = async (): Promise<LedgerUnderTest> => {
    const clock = new VirtualClock();
    const disk = new Disk(where, () => {});
    onTestFinished(() => disk.close());
    letTimePass(clock);
    let calls = 0;
    const start = () => {
      const mortal = new Mortal(new Host(clock, 0, []), 5);
      const store = new StoreLedger(disk, mortal.clock, () => commitMs((calls += 1)), neverTorn, 0);
      return factsFrom(mortal.port(store), disk.facts);
    };
    const refuse = (isRefusing: boolean): void => {
      disk.full = isRefusing;
    };
    const reopen = async () => {
      disk.reopen();
      return start();
    };
    return { ledger: start(), refuse, reopen };
  };
  describeLedger(async () => (await make()).ledger);
  describeLedgerLife(make, true);
});

function neverTorn(): never {
  throw new Error('no write is torn here');
}
