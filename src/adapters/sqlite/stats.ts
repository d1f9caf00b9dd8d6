/** Figures about a ledger: how much it holds, of what, from when to when. */
import { statSync } from 'node:fs';
import type { SQLOutputValue } from 'node:sqlite';
import type { Path, ProbeKind } from '../../domain/probe.ts';
import type { Outcome } from '../../domain/record.ts';
import { inTransaction, ledgerFile, openReadOnly, type WallRange, wallBounds } from './database.ts';
import { ledgerError } from './failure.ts';

export interface LedgerStats {
  /** Entries in the range; all other figures but `bytes` are of these too. */
  readonly entries: number;
  /** Wall time of the earliest and the latest entry, milliseconds since the epoch; null where there is none. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** On the disk, the whole ledger with its log, whatever the range. */
  readonly bytes: number;
  readonly types: readonly { readonly type: string; readonly count: number }[];
  /** Probes by when they were planned. */
  readonly probes: readonly ProbeCount[];
}
export interface ProbeCount {
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly outcome: Outcome;
  readonly count: number;
  /** How many of them exceeded the maximum. */
  readonly breaches: number;
}

/** Of a data folder's ledger, or of a copy. Rejects with LedgerError. */
export async function ledgerStats(place: string, range: WallRange = {}): Promise<LedgerStats> {
  const { from, to } = wallBounds(range);
  const db = openReadOnly(place);
  try {
    return inTransaction(db, 'DEFERRED', () => {
      const query = (sql: string) => db.prepare(sql).all(from, to);
      const span = query(
        'SELECT count(*) AS entries, min(wall_ms) AS first, max(wall_ms) AS last FROM events WHERE wall_ms >= ? AND wall_ms < ?',
      )[0];
      return {
        entries: Number(span?.['entries'] ?? 0),
        firstMs: numberOrNull(span?.['first']),
        lastMs: numberOrNull(span?.['last']),
        bytes: bytesOf(place),
        types: query(TYPES).map((row) => ({ type: String(row['type']), count: Number(row['count']) })),
        probes: query(PROBES).map((row) => ({ ...row }) as unknown as ProbeCount),
      };
    });
  } catch (error) {
    throw ledgerError('count the ledger', place, error);
  } finally {
    db.close();
  }
}

const TYPES = `SELECT json_extract(text, '$.type') AS type, count(*) AS count FROM events
  WHERE wall_ms >= ? AND wall_ms < ? GROUP BY type ORDER BY type`;
const PROBES = `SELECT provider, path, kind, outcome, count(*) AS count, sum(breached) AS breaches FROM probes
  WHERE planned_ms >= ? AND planned_ms < ? GROUP BY provider, path, kind, outcome ORDER BY provider, path, kind, outcome`;

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function bytesOf(place: string): number {
  const file = ledgerFile(place);
  return [file, `${file}-wal`].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
