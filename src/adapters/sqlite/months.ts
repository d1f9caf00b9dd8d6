/** Months as the worker keeps them while they run, and what is asked about those that are over. */
import type { DatabaseSync } from 'node:sqlite';
import { decode } from '../../domain/codec.ts';
import type { ProbeRecord } from '../../domain/record.ts';
import { type Closing, closingOf } from '../../domain/report/closing.ts';
import { type FactSource, judgeAgain, judgeProvider } from '../../domain/report/judge.ts';
import type { Matter } from '../../domain/report/report.ts';
import { type ChangeSource, RouteStandings } from '../../domain/report/route-standing.ts';
import { type Standing, summariseReport } from '../../domain/report/standing.ts';
import type { LateQuery, RewoundQuery } from '../../ports.ts';
import { readBeginning } from './beginning.ts';
import { prepared, readHead } from './database.ts';

/** To look through more entries than this, or more probes one by one, takes as long as to read the month anew. */
const CHANGES_MAX = 50_000;

/** Every method within a transaction. */
export class Months {
  readonly #db: DatabaseSync;
  readonly #facts: FactSource & Pick<ChangeSource, 'bearings'>;
  readonly #kept = new RouteStandings();

  constructor(db: DatabaseSync, facts: FactSource & Pick<ChangeSource, 'bearings'>) {
    this.#db = db;
    this.#facts = facts;
  }

  standing(matter: Matter): Standing {
    const source: FactSource & ChangeSource = {
      month: (query) => this.#facts.month(query),
      availability: (query) => this.#facts.availability(query),
      bearings: (query) => this.#facts.bearings(query),
      changed: (afterSeq, ids) => this.#changed(afterSeq, ids),
    };
    return { clauses: summariseReport(judgeAgain(matter, source, this.#kept)), head: readHead(this.#db) };
  }

  closing(matter: Matter): Closing {
    return closingOf(judgeProvider(matter, this.#facts), readHead(this.#db));
  }

  lateProbes({ provider, fromMs, toMs, afterSeq }: LateQuery): number {
    const row = prepared(this.#db, LATE_PROBES).get(afterSeq, provider, fromMs, toMs);
    return Number(row?.['count']);
  }

  rewound({ fromMs, toMs, afterSeq }: RewoundQuery): number {
    return Number(prepared(this.#db, REWOUND).get(fromMs, toMs, afterSeq)?.['count']);
  }

  firstMs(): number | null {
    // By its index, past the few that were kept from before. The first entry may have been written by a clock ahead of time.
    const first = prepared(this.#db, FIRST_MS).get(readBeginning(this.#db).seq)?.['first'];
    return typeof first === 'number' ? first : null;
  }

  #changed(afterSeq: number, ids: Iterable<string>): readonly ProbeRecord[] | null {
    if (readHead(this.#db).seq - afterSeq > CHANGES_MAX) return null;
    const named = prepared(this.#db, NAMED).all(afterSeq);
    const all = new Set([...ids, ...named.map((row) => String(row['probe']))]);
    if (all.size > CHANGES_MAX) return null;
    const select = prepared(this.#db, 'SELECT record FROM probes WHERE id = ?');
    return [...all].flatMap((id) => {
      const row = select.get(id);
      return row === undefined ? [] : [decode<ProbeRecord>(String(row['record']))];
    });
  }
}

const FIRST_MS = `SELECT wall_ms AS first FROM events INDEXED BY events_wall_ms
  WHERE wall_ms IS NOT NULL AND seq >= ? ORDER BY wall_ms LIMIT 1`;
const NAMED = `SELECT DISTINCT json_extract(text, '$.probe') AS probe FROM events
  WHERE seq > ? AND json_extract(text, '$.probe') IS NOT NULL`;
/** By the index on wall time alone: seq is the rowid. */
const REWOUND = 'SELECT count(*) AS count FROM events WHERE wall_ms >= ? AND wall_ms < ? AND seq > ?';
const LATE_PROBES = `SELECT count(*) AS count FROM probes
  WHERE id IN (SELECT json_extract(text, '$.probe') FROM events WHERE seq > ?)
  AND provider = ? AND month_ms >= ? AND month_ms < ?`;
