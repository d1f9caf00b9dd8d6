/** The tables of the ledger, and the steps from each version of them to the next. */
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from './failure.ts';

/** `MFPL`, in the file's header: this SQLite file is a ledger. */
const APPLICATION_ID = 0x4d46504c;

/** Raised when the fold gives other rows for the same events: the daemon then rebuilds them when it opens the ledger. */
export const PROJECTION_VERSION = 14;

/**
 * What is derived from the events. Columns that repeat the record are virtual: they cost no bytes and cannot disagree with it.
 * `planned_seq` is the seq of the event that planned the probe, so rows lie in the order of planning.
 */
const FIRST_PROJECTION = `
  CREATE TABLE probes (
    planned_seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    outcome TEXT NOT NULL,
    breached INTEGER NOT NULL CHECK (breached IN (0, 1)),
    record TEXT NOT NULL,
    provider TEXT GENERATED ALWAYS AS (json_extract(record, '$.provider')) VIRTUAL,
    path TEXT GENERATED ALWAYS AS (json_extract(record, '$.path')) VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (json_extract(record, '$.kind')) VIRTUAL,
    planned_ms INTEGER GENERATED ALWAYS AS (json_extract(record, '$.planned[1]')) VIRTUAL
  ) STRICT;
  CREATE INDEX probes_open ON probes (planned_seq) WHERE open = 1;
  CREATE INDEX probes_planned_ms ON probes (planned_ms);
  CREATE TABLE tallies (
    provider TEXT NOT NULL,
    path TEXT NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    breaches INTEGER NOT NULL,
    PRIMARY KEY (provider, path, outcome)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE timeline (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
`;

/** `month_ms` is `monthInstantMs` of domain/delay/month-facts; a slot's `due_ms` is when it was found to have passed. */
const MONTH_PROJECTION = `
  ALTER TABLE probes ADD COLUMN month_ms INTEGER GENERATED ALWAYS AS (coalesce(
    json_extract(record, '$.handover.acknowledged[1]'),
    json_extract(record, '$.handover.handedOver[1]'),
    json_extract(record, '$.planned[1]')
  )) VIRTUAL;
  CREATE INDEX probes_month ON probes (provider, path, month_ms);
  CREATE TABLE slots (
    seq INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    path TEXT NOT NULL,
    due_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX slots_month ON slots (provider, path, due_ms);
`;

/**
 * A run under way is one row, updated in place. `probes_ended` finds the failures among scheduled probes, and the delivered one
 * next to each, `probes_spot` what was checked by hand between; a missed check's `due_ms` is when it was found to have been missed.
 */
const AVAILABILITY_PROJECTION = `
  CREATE TABLE runs (
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    checks INTEGER NOT NULL,
    cell_ms INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (provider, endpoint, from_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE missed_checks (
    seq INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    due_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX missed_checks_due ON missed_checks (provider, endpoint, due_ms);
  CREATE INDEX probes_spot ON probes (provider, path, planned_ms) WHERE kind = 'spot';
  CREATE INDEX probes_ended ON probes (provider, path, outcome, planned_ms) WHERE kind = 'scheduled';
`;

/** Few of a month's delivered probes were put off before: they are found among the others. */
const PUT_OFF_INDEX = `
  CREATE INDEX probes_put_off ON probes (provider, path, planned_ms)
    WHERE kind = 'scheduled' AND json_array_length(record, '$.deferrals') > 0;
`;

/** The derived tables as they are now. */
export const PROJECTION_TABLES = FIRST_PROJECTION + MONTH_PROJECTION + AVAILABILITY_PROJECTION + PUT_OFF_INDEX;

/** The INSERT trigger also stops INSERT OR REPLACE, which deletes without a DELETE trigger. */
const EVENT_TABLES = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    wall_ms INTEGER GENERATED ALWAYS AS (json_extract(text, '$.at[1]')) VIRTUAL
  ) STRICT;
  CREATE INDEX events_wall_ms ON events (wall_ms);
  CREATE TRIGGER events_keep_order BEFORE INSERT ON events
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
    BEGIN SELECT raise(ABORT, 'events is append-only: seq must follow the last one'); END;
  CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT raise(ABORT, 'events is append-only: no UPDATE'); END;
  CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT raise(ABORT, 'events is append-only: no DELETE'); END;
`;

const NOTE_TABLES = `
  CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), at TEXT NOT NULL) STRICT;
  CREATE TABLE bookmarks (
    mailbox TEXT NOT NULL,
    folder TEXT NOT NULL,
    uid_validity TEXT NOT NULL,
    uid_next INTEGER NOT NULL,
    PRIMARY KEY (mailbox, folder)
  ) STRICT, WITHOUT ROWID;
`;

/** As of version 3, for good: an index's list must not change with the program's. */
export const RARE_TYPES_SQL = [
  'agent.started',
  'exclusion.added',
  'exclusion.retracted',
  'month.closed',
  'ledger.checkpoint',
  'anchor.signed',
  'dkim.key-seen',
]
  .map((type) => `'${type}'`)
  .join(', ');

/** Few rows, whatever the ledger's length, and nothing derived that could disagree with the events. */
const TYPE_INDEX = `
  ALTER TABLE events ADD COLUMN type TEXT GENERATED ALWAYS AS (json_extract(text, '$.type')) VIRTUAL;
  CREATE INDEX events_rare ON events (type, seq) WHERE type IN (${RARE_TYPES_SQL});
`;

/** Of breaches and spot checks alone, so that one is found without a walk. */
const KEPT_HEADERS = `
  CREATE INDEX events_kept_header ON events (json_extract(text, '$.probe'), seq)
    WHERE json_type(text, '$.keptHeader') IS NOT NULL;
`;

/** One row once something was archived (beginning.ts): what lies before it, and that alone, may go. */
const BEGINNING = `
  CREATE TABLE beginning (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    previous_hash TEXT NOT NULL,
    month TEXT NOT NULL,
    archived_seq INTEGER NOT NULL,
    tallies TEXT NOT NULL
  ) STRICT;
  DROP TRIGGER events_no_delete;
  CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    WHEN OLD.seq >= coalesce((SELECT seq FROM beginning), 0)
    BEGIN SELECT raise(ABORT, 'events is append-only: no DELETE'); END;
`;

/** Step `n` leads from version `n` to `n + 1`. A released step is never edited. */
export const MIGRATIONS: readonly string[] = [
  EVENT_TABLES + FIRST_PROJECTION + NOTE_TABLES,
  MONTH_PROJECTION,
  TYPE_INDEX,
  AVAILABILITY_PROJECTION,
  KEPT_HEADERS,
  PUT_OFF_INDEX,
  BEGINNING,
];

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** Throws NOT_A_LEDGER for another program's database and TOO_NEW for a ledger written by a newer version. */
export function checkSchema(db: DatabaseSync, path: string, known: number = MIGRATIONS.length): void {
  // Counted first: another process that makes the tables meanwhile commits the id with them.
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  const application = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
  if (application !== APPLICATION_ID && (application !== 0 || tables > 0)) {
    throw new LedgerError(
      'NOT_A_LEDGER',
      `${path} must be a ledger of mailflow-probe, is a database with application id ${application}`,
    );
  }
  const version = schemaVersion(db);
  if (version > known) {
    throw new LedgerError(
      'TOO_NEW',
      `${path} has schema version ${version}, this mailflow-probe knows up to ${known}: use the newer one that wrote it`,
    );
  }
}

/** Brings the tables to the newest version, each step in a transaction of its own. Safe for two processes at once. */
export function migrate(db: DatabaseSync, path: string, steps: readonly string[] = MIGRATIONS): void {
  checkSchema(db, path, steps.length);
  while (schemaVersion(db) < steps.length) {
    db.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have taken this step while we waited for the lock.
      const version = schemaVersion(db);
      const step = steps[version];
      if (step !== undefined) {
        db.exec(step);
        db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`);
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
