/** A route's month out of a ledger of many: what belongs to it, by what index, and beside a daemon that writes. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIGRATIONS, migrate, RARE_TYPES_SQL } from '../../../src/adapters/sqlite/schema.ts';
import { KEPT_HEADER, MARKED, MONTH_RECORDS, MONTH_SLOTS, SERIES_RECORDS } from '../../../src/adapters/sqlite/store.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { encodeEvent } from '../../../src/domain/codec.ts';
import { type MonthFacts, type MonthQuery, monthInstantMs } from '../../../src/domain/delay/month-facts.ts';
import { type LedgerEvent, RARE_TYPES } from '../../../src/domain/event.ts';
import { chainHash, GENESIS } from '../../../src/domain/evidence/chain.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { Handover } from '../../../src/domain/probe.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import {
  accepted,
  at,
  captured,
  delivered,
  factsOf,
  handedOver,
  opened,
  planned,
  rawly,
  temporaryFolder,
} from './support.ts';

const ROUTE = { provider: 'acme', path: 'send' } as const;
/** From one second of the test's time to another. */
const between = (from: number, to: number, route: Partial<MonthQuery> = {}): MonthQuery => {
  return { ...ROUTE, fromMs: at(from).wallMs, toMs: at(to).wallMs, ...route };
};
const ids = ({ records }: MonthFacts): string[] => [...records].map(({ id }) => id);
const slot = (seconds: number, route: Partial<Pick<MonthQuery, 'provider' | 'path'>> = {}): LedgerEvent => {
  return { type: 'slot.unmeasured', at: at(seconds), reason: 'too late', ...ROUTE, ...route };
};

const exclusion = (id: string, over: Partial<Exclusion> = {}): Exclusion => ({
  id,
  kind: 'carrier',
  provider: 'acme',
  path: null,
  fromMs: 0,
  toMs: 1000,
  by: 'Li Wei',
  evidence: '',
  note: '',
  ...over,
});
const entered = (seconds: number, added: Exclusion): LedgerEvent => {
  return { type: 'exclusion.added', at: at(seconds), exclusion: added };
};

test('a probe belongs to the month of its 250, at the very millisecond, and to no other', async () => {
  const ledger = await opened(temporaryFolder());
  // Planned at 0 and accepted at 2.
  await ledger.append(delivered('a', 0));
  expect(ids(factsOf(ledger).month(between(2, 3)))).toEqual(['a']);
  expect(ids(factsOf(ledger).month(between(0, 2)))).toEqual([]);
  expect(ids(factsOf(ledger).month({ ...between(0, 2), toMs: at(2).wallMs + 1 }))).toEqual(['a']);
  expect(ids(factsOf(ledger).month({ ...between(2, 9), fromMs: at(2).wallMs + 1 }))).toEqual([]);
});

test('one whose reply was never read belongs to when it was handed over, one that was refused or not yet handed over to its plan', async () => {
  const ledger = await opened(temporaryFolder());
  const ended = (probe: string, handover: Handover): LedgerEvent[] => [
    planned(probe, 0),
    { type: 'probe.handed-over', at: at(9), probe, handover },
  ];
  await ledger.append([
    ...ended('uncertain', handoverOf('uncertain', 5)),
    ...ended('refused', handoverOf('refused', 5)),
    planned('waiting', 0),
  ]);
  expect(ids(factsOf(ledger).month(between(5, 6)))).toEqual(['uncertain']);
  expect(ids(factsOf(ledger).month(between(0, 1)))).toEqual(['refused', 'waiting']);
});

test('other providers and paths are left out, spot checks are not, and acceptance is the order', async () => {
  const ledger = await opened(temporaryFolder());
  await ledger.append([
    planned('slow', 0),
    planned('quick', 1),
    handedOver('quick', 2),
    handedOver('slow', 30),
    planned('elsewhere', 1, { provider: 'other' }),
    planned('back', 1, { path: 'receive' }),
    planned('spot', 40, { kind: 'spot' }),
  ]);
  expect(ids(factsOf(ledger).month(between(0, 60)))).toEqual(['quick', 'slow', 'spot']);
  expect(ids(factsOf(ledger).month(between(0, 60, { path: 'receive' })))).toEqual(['back']);
  expect(ids(factsOf(ledger).month(between(0, 60, { path: 'internal' })))).toEqual([]);
  expect(ids(factsOf(ledger).month(between(0, 60, { provider: 'nobody' })))).toEqual([]);
});

test('records can be gone through again, and are those of `probe`', async () => {
  const ledger = await opened(temporaryFolder());
  await ledger.append([...delivered('a', 0), ...delivered('b', 60)]);
  const { records, head } = factsOf(ledger).month(between(0, 100));
  expect([...records]).toEqual([await ledger.probe('a'), await ledger.probe('b')]);
  expect([...records]).toHaveLength(2);
  expect(head).toEqual((await ledger.snapshot()).head);
});

test('slots that passed unmeasured are counted by when they were found to have passed', async () => {
  const ledger = await opened(temporaryFolder());
  await ledger.append([slot(0), slot(1), slot(2), slot(1, { provider: 'other' }), slot(1, { path: 'receive' })]);
  expect(factsOf(ledger).month(between(1, 3)).unmeasured).toBe(2);
  expect(factsOf(ledger).month(between(3, 4)).unmeasured).toBe(0);
});

test('exclusions come whatever their time, but for other routes and the retracted ones', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([
    entered(0, exclusion('later', { fromMs: 5000, toMs: 9000 })),
    entered(1, exclusion('all')),
    entered(2, exclusion('back', { path: 'receive' })),
    entered(3, exclusion('others', { provider: 'other' })),
    entered(4, exclusion('gone')),
    { type: 'exclusion.retracted', at: at(5), id: 'gone', by: 'Li Wei', note: 'wrong day' },
  ]);
  const of = (query: MonthQuery) =>
    factsOf(ledger)
      .month(query)
      .exclusions.map(({ id }) => id);
  expect(of(between(0, 1))).toEqual(['all', 'later']);
  expect(of(between(0, 1, { path: 'receive' }))).toEqual(['all', 'back', 'later']);
  expect(await compareProjection(folder)).toMatchObject({ ok: true });
  await ledger.close();
  const again = await opened(folder, 'reader');
  expect(
    factsOf(again)
      .month(between(0, 1))
      .exclusions.map(({ id }) => id),
  ).toEqual(['all', 'later']);
});

test('a reader has the month beside a daemon that writes, whole as of one entry', async () => {
  const folder = temporaryFolder();
  const daemon = await opened(folder);
  await daemon.append([planned('a', 0), handedOver('a', 2)]);
  const reader = await opened(folder, 'reader');
  const [before] = factsOf(reader).month(between(0, 100)).records;
  expect(before).toMatchObject({ id: 'a', capture: null });
  await daemon.append([captured('a', 20), { type: 'absence.proven', at: at(30), channel: 'sink', until: at(30) }]);
  const after = factsOf(reader).month(between(0, 100));
  expect([...after.records]).toMatchObject([{ id: 'a', capture: { latest: at(19) } }]);
  expect(after.absence.get('sink')).toEqual(at(30));
  expect(after.head.seq).toBe(4);
});

const HANDOVERS = ['accepted', 'uncertain', 'refused', 'unreachable', null] as const;

test('the column and the domain agree on the month of any probe, and so do the ledger in memory and on the disk', async () => {
  const probe = fc.record({ plannedAt: fc.nat(500), after: fc.nat(300), handover: fc.constantFrom(...HANDOVERS) });
  await fc.assert(
    fc.asyncProperty(fc.array(probe, { maxLength: 30 }), fc.nat(600), fc.nat(400), async (probes, from, length) => {
      const events = probes.flatMap(({ plannedAt, after, handover: kind }, index): LedgerEvent[] => {
        const [id, end] = [`p${index}`, plannedAt + after];
        const plan = planned(id, plannedAt);
        if (kind === null) return [plan];
        return [plan, { type: 'probe.handed-over', at: at(end), probe: id, handover: handoverOf(kind, end) }];
      });
      const [disk, memory] = [await opened(temporaryFolder()), new MemoryLedger()];
      await disk.append(events);
      await memory.append(events);
      const query = between(from, from + length);
      const expected = memory.month(query);
      const found = factsOf(disk).month(query);
      expect({ ...found, records: [...found.records] }).toEqual(expected);
      const inside = [...memory.records.values()].filter((record) => {
        const ms = monthInstantMs(record);
        return ms >= query.fromMs && ms < query.toMs;
      });
      expect(ids(found).toSorted()).toEqual(inside.map(({ id }) => id).toSorted());
      await disk.close();
    }),
    { numRuns: 20 },
  );
}, 180_000);

function handoverOf(kind: Handover['kind'], seconds: number): Handover {
  const { stages, peer, certificateExpiresMs } = accepted(seconds);
  const connection = { stages, peer, certificateExpiresMs };
  switch (kind) {
    case 'accepted':
      return accepted(seconds);
    case 'uncertain':
      return { kind, handedOver: at(seconds), code: 'ECONNRESET', text: '', ...connection };
    case 'refused':
      return { kind, stage: 'rcpt', code: 550, enhanced: null, text: 'no', ...connection };
    case 'unreachable':
      return { kind, stage: 'connect', code: 'ECONNREFUSED', text: '', ...connection };
  }
}

test('a month is found by an index: no other month is read', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const plans = rawly(folder, (db) =>
    [MONTH_RECORDS, MONTH_SLOTS].map((sql) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all('acme', 'send', 0, 1)
        .map(({ detail }) => String(detail)),
    ),
  );
  expect(plans).toEqual([
    ['SEARCH probes USING INDEX probes_month (provider=? AND path=? AND month_ms>? AND month_ms<?)'],
    ['SEARCH slots USING COVERING INDEX slots_month (provider=? AND path=? AND due_ms>? AND due_ms<?)'],
  ]);
});

test('delays are found by an index: no other time and no other route is read', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const plan = rawly(folder, (db) => db.prepare(`EXPLAIN QUERY PLAN ${SERIES_RECORDS}`).all('acme', 'send', 0, 1));
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH probes USING INDEX probes_ended (provider=? AND path=? AND outcome=? AND planned_ms>? AND planned_ms<?)',
  ]);
});

test('rare types of events are found by an index, each of them', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const plan = rawly(folder, (db) => db.prepare(`EXPLAIN QUERY PLAN ${MARKED}`).all('month.closed', 0));
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH events USING INDEX events_rare (type=? AND seq>?)']);
  expect(RARE_TYPES_SQL).toBe(RARE_TYPES.map((type) => `'${type}'`).join(', '));
});

test('a kept header is found by an index of those that there are', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const plan = rawly(folder, (db) => db.prepare(`EXPLAIN QUERY PLAN ${KEPT_HEADER}`).all('a'));
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH events USING INDEX events_kept_header (<expr>=?)']);
});

test('a ledger from before headers were kept opens, and has none of what came out before', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'ledger.db');
  const old = new DatabaseSync(path);
  migrate(old, path, MIGRATIONS.slice(0, 4));
  old.close();
  const ledger = await opened(folder);
  await ledger.append(delivered('a', 0));
  expect(await ledger.header('a')).toBeNull();
  const late = { ...captured('b', 4000), keptHeader: { text: 'Subject: late', cut: false } } as LedgerEvent;
  await ledger.append([planned('b', 60), late]);
  expect(await ledger.header('b')).toEqual({ text: 'Subject: late', cut: false });
  await ledger.close();
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 5 });
});

test('a ledger from before there were months gets its columns and rows when the daemon opens it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'ledger.db');
  const old = new DatabaseSync(path);
  migrate(old, path, MIGRATIONS.slice(0, 1));
  let hash = GENESIS;
  for (const [index, event] of [...delivered('a', 0), slot(5)].entries()) {
    const text = encodeEvent(event);
    hash = chainHash(hash, text);
    old.prepare('INSERT INTO events (seq, text, hash) VALUES (?, ?, ?)').run(index + 1, text, Buffer.from(hash, 'hex'));
  }
  old.exec(
    `INSERT INTO timeline (id, version, seq, state) VALUES (1, 1, 4, '{"absence":[],"sinkClosedSince":null,"doubts":[]}')`,
  );
  old.close();

  await expect(opened(folder, 'reader')).rejects.toMatchObject({ code: 'TOO_OLD' });
  const ledger = await opened(folder);
  const facts = factsOf(ledger).month(between(0, 10));
  expect(ids(facts)).toEqual(['a']);
  expect(facts.unmeasured).toBe(1);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 1 });
});
