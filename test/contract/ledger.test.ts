/** Ledger: the one in memory, and SQLite on real files. */
import { describe } from 'vitest';
import { opened, temporaryFolder } from '../adapters/sqlite/support.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { describeLedger } from './ledger.ts';

describe('the ledger in memory', () => {
  describeLedger(async () => new MemoryLedger());
});
describe('the ledger on SQLite', () => {
  describeLedger(() => opened(temporaryFolder()));
});
