/** What is archived goes, and what is left is a whole ledger: by any history, wherever it is cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Archive, cutArchive, resumeArchive, unfinishedArchive } from '../../../src/adapters/sqlite/archive.ts';
import { exportLedger } from '../../../src/adapters/sqlite/export.ts';
import { compareProjection, rebuildProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { ChainHead } from '../../../src/domain/evidence/chain.ts';
import { canBegin, checkpointOf } from '../../../src/domain/evidence/checkpoint.ts';
import { emptyTimeline } from '../../../src/domain/timeline.ts';
import { historyOf, step } from './any-history.ts';
import { at, checked, delivered, opened, rawly, tamper, temporaryFolder } from './support.ts';

/** As the engine keeps to it: a probe is planned once, and handed over once, so that none that ended is open again. */
function sensibly(events: readonly LedgerEvent[]): readonly LedgerEvent[] {
  const known = new Set<string>();
  return events.filter((event) => {
    if (event.type !== 'probe.planned' && event.type !== 'probe.handed-over') return true;
    const key = `${event.type} ${event.probe}`;
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

/** After all there is. */
const NOW: ChainHead = { seq: Number.MAX_SAFE_INTEGER, hash: '' };
/** As if bundles had been written of all that goes. */
function archiveOf(upTo: ChainHead, fromMs = Number.MAX_SAFE_INTEGER): Archive {
  const bundle = { month: '2026-10', sha256: 'ab'.repeat(32), firstSeq: 1, lastSeq: upTo.seq + 1 };
  return { month: '2026-11', fromMs, asOf: NOW, finalMs: fromMs, upTo, bundles: [bundle], months: [] };
}

const turn = async (): Promise<void> => {};

describe('any history', () => {
  it('is a whole ledger still once any of its checkpoints is the beginning, with the same totals and open probes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 80 }),
        fc.integer({ min: 2, max: 9 }),
        fc.nat(),
        async (steps, every, chosen) => {
          const folder = temporaryFolder();
          const ledger = await opened(folder);
          const events = sensibly(historyOf(steps));
          const checkpoints: ChainHead[] = [];
          let before: ChainHead = { seq: 0, hash: '' };
          for (const [index, event] of events.slice(0, -events.length / 3).entries()) {
            before = (await ledger.append([event])).at(-1)!;
            if (index % every !== every - 1) continue;
            checkpoints.push(before);
            before = await ledger.checkpoint(event.at);
          }
          const later = events.slice(-events.length / 3);
          const told = await ledger.snapshot();
          fc.pre(checkpoints.length > 0);
          const upTo = checkpoints[chosen % checkpoints.length]!;
          await cutArchive(folder, archiveOf(upTo), () => at(0), turn);
          expect(await compareProjection(folder)).toEqual({ ok: true, probes: expect.any(Number) });
          expect(await verifyLedger(folder)).toMatchObject({ ok: true, firstSeq: upTo.seq + 1 });
          const left = await ledger.snapshot();
          expect(left).toEqual({ ...told, head: { seq: told.head.seq + 1, hash: left.head.hash } });
          await ledger.append(later);
          expect(await compareProjection(folder)).toEqual({ ok: true, probes: expect.any(Number) });
          const { tallies } = await ledger.snapshot();
          await ledger.close();
          await rebuildProjection(folder);
          const again = await opened(folder);
          expect((await again.snapshot()).tallies).toEqual(tallies);
          await again.close();
        },
      ),
      { numRuns: 40, endOnFailure: true },
    );
  }, 180_000);
});

/**
 * Four days, each begun by a start of the agent and ended by a checkpoint; what `upTo` names goes. The checkpoint of one of the days may
 * be written by a clock that is ahead.
 */
async function fourDays(ahead: number | null = null) {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  let upTo: ChainHead = { seq: 0, hash: '' };
  for (let day = 0; day < 4; day += 1) {
    const started = { type: 'agent.started', at: at(day * 1000), version: '1', unwatchedSince: null } as const;
    // With a gap up to the next day's, which makes them a run.
    const checks = Array.from({ length: 6 }, (_, cell) => checked(day * 1000 + 60 * cell));
    upTo = (await ledger.append([started, ...delivered(`probe-${day}`, day * 1000 + 1), ...checks])).at(-1)!;
    await ledger.checkpoint(at(day === ahead ? 30_000 : day * 1000 + 500));
  }
  await ledger.close();
  return { folder, archive: archiveOf(upTo, at(4000).wallMs) };
}

const seqsIn = (folder: string) =>
  rawly(folder, (db) => db.prepare('SELECT seq FROM events ORDER BY seq').all()).map(({ seq }) => Number(seq));

describe('one that is broken off', () => {
  it('leaves a whole ledger, and goes on where it was', async () => {
    const { folder, archive } = await fourDays();
    let turns = 0;
    const stopped = async (): Promise<void> => {
      turns += 1;
      if (turns === 2) throw new Error('killed');
    };
    await expect(cutArchive(folder, archive, () => at(9000), stopped)).rejects.toThrow('killed');
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, firstSeq: 22 });
    expect(await compareProjection(folder)).toEqual({ ok: true, probes: 2 });
    expect(await unfinishedArchive(folder)).toMatchObject({ upTo: archive.upTo });
    expect(await resumeArchive(folder, turn)).toBe(20);
    expect(await unfinishedArchive(folder)).toBeNull();
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, firstSeq: 44 });
    expect(await compareProjection(folder)).toEqual({ ok: true, probes: 0 });
    expect(await resumeArchive(folder, turn)).toBe(0);
    // The starts are kept; the last two are the checkpoint that it begins with, and what says that it was archived.
    expect(seqsIn(folder)).toEqual([1, 12, 23, 34, 44, 45]);
  });
});

describe('a checkpoint', () => {
  it('written by a clock that was ahead is passed over, so that a ledger broken off there would be whole', async () => {
    const { folder, archive } = await fourDays(1);
    const begun: number[] = [];
    const look = async (): Promise<void> => {
      const verified = await verifyLedger(folder);
      expect(verified).toMatchObject({ ok: true });
      begun.push(verified.ok ? (verified.firstSeq ?? 1) : 0);
    };
    await cutArchive(folder, archive, () => at(9000), look);
    expect(begun).toEqual([11, 33, 44]);
  });

  it('that does not say which boots came first is none to begin with: what is left would be another ledger', () => {
    const [state, ms] = [emptyTimeline(), at(1).wallMs];
    const checkpoint = checkpointOf(state, at(0));
    expect(canBegin(checkpoint, ms)).toBe(true);
    const { boots: _, ...older } = checkpoint.timeline;
    expect(canBegin({ ...checkpoint, timeline: older }, ms)).toBe(false);
    expect(canBegin(checkpoint, at(0).wallMs)).toBe(false);
  });
});

describe('what is left', () => {
  it('lets nothing go that was not archived', async () => {
    const { folder, archive } = await fourDays();
    await cutArchive(folder, archive, () => at(9000), turn);
    rawly(folder, (db) => {
      expect(() => db.exec('DELETE FROM events WHERE seq = 44')).toThrow('append-only');
      expect(() => db.exec("UPDATE events SET text = '{}' WHERE seq = 1")).toThrow('append-only');
    });
  });

  it('has what it begins with in a bundle, and all before it', async () => {
    const { folder, archive } = await fourDays();
    const short = { ...archive.bundles[0]!, lastSeq: archive.upTo.seq };
    const holed = [
      { ...short, lastSeq: 9 },
      { ...short, firstSeq: 11, lastSeq: 99 },
    ];
    const cut = (bundles: Archive['bundles']) => cutArchive(folder, { ...archive, bundles }, () => at(9000), turn);
    await expect(cut([short])).rejects.toThrow('entry 44 must be in a bundle before it goes');
    await expect(cut(holed)).rejects.toThrow('entry 10 must be in a bundle before it goes');
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 44 });
  });

  it('begins with nothing of the first month that is left, whoever says so', async () => {
    const { folder, archive } = await fourDays();
    const within = { ...archive, fromMs: at(3400).wallMs };
    await expect(cutArchive(folder, within, () => at(9000), turn)).rejects.toThrow(
      'entry 44 must be from before the month that it begins, is not',
    );
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 44 });
    await cutArchive(folder, archive, () => at(9000), turn);
    const { asOf: _, ...said } = within;
    const ledger = await opened(folder);
    const kept = { entries: 4, sha256: '' };
    const [forged] = await ledger.append([{ type: 'ledger.archived', at: at(9001), ...said, kept, previous: 45 }]);
    await ledger.close();
    tamper(folder, (db) => db.prepare('UPDATE beginning SET archived_seq = ?').run(forged!.seq));
    expect(await verifyLedger(folder)).toMatchObject({
      ...{ ok: false, seq: 44 },
      reason: expect.stringMatching(/must be a checkpoint from before/),
    });
  });

  it('loses nothing that came while bundles were written and bears on what goes', async () => {
    const { folder, archive } = await fourDays();
    const ledger = await opened(folder);
    const asOf = (await ledger.snapshot()).head;
    const cut = () => cutArchive(folder, { ...archive, asOf }, () => at(9000), turn);
    // A probe of later bears on nothing that goes.
    await ledger.append(delivered('later', 20_000));
    await ledger.append(delivered('set-back', 3000));
    await expect(cut()).rejects.toThrow(/entry 48 came meanwhile: nothing was deleted, run it again/);
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 50 });
    await ledger.close();
  });

  it.each([
    ['exclusion.added', { exclusion: { id: 'x', provider: 'acme', path: null, fromMs: 0, toMs: 1 } }],
    ['exclusion.retracted', { id: 'x', by: 'Li Wei', note: '' }],
  ])('has no year that does not know of an %s of meanwhile', async (type, said) => {
    const { folder, archive } = await fourDays();
    const ledger = await opened(folder);
    const asOf = (await ledger.snapshot()).head;
    await ledger.append([{ type, at: at(20_000), ...said } as LedgerEvent]);
    await ledger.close();
    await expect(cutArchive(folder, { ...archive, asOf }, () => at(9000), turn)).rejects.toThrow(
      'entry 45 came meanwhile',
    );
  });

  it('is read as a whole or not at all by whoever began before', async () => {
    const { folder, archive } = await fourDays();
    let lines = 0;
    const reading = exportLedger(folder, async () => {
      lines += 1;
      if (lines === 1) await cutArchive(folder, archive, () => at(9000), turn);
    });
    // What was read by then is one chunk, which was all.
    await expect(reading).rejects.toThrow('entry 1 must stay until it is read, it was archived meanwhile');
    expect(await verifyLedger(folder)).toMatchObject({ ok: true });
  });

  it.each([
    ['a kept entry is altered', 'UPDATE events SET text = replace(text, \'"1"\', \'"2"\') WHERE seq = 12', /were kept/],
    ['a kept entry is gone', 'DELETE FROM events WHERE seq = 23', /were kept/],
    [
      'one is put before it',
      `INSERT INTO events (seq, text, hash) SELECT 13, text, hash FROM events WHERE seq = 44`,
      /not kept/,
    ],
    ['it follows something else', "UPDATE beginning SET previous_hash = 'x'", /must follow entry 43/],
    ['more is gone', 'DELETE FROM events WHERE seq = 44; UPDATE beginning SET seq = 45', /must follow entry 43/],
    ['nothing says what was archived', 'UPDATE beginning SET archived_seq = 44', /entry 44 must say that the months/],
  ])('does not hold where %s', async (_, sql, says) => {
    const { folder, archive } = await fourDays();
    await cutArchive(folder, archive, () => at(9000), turn);
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 2 });
    tamper(folder, (db) => db.exec(sql));
    expect(await verifyLedger(folder)).toMatchObject({ ok: false, reason: expect.stringMatching(says) });
  });

  it('goes on beside a daemon that writes all the while', async () => {
    const { folder, archive } = await fourDays();
    const daemon = await opened(folder);
    let written = 0;
    const writing = async (): Promise<void> => {
      await daemon.append(delivered(`later-${written}`, 20_000 + written * 10));
      written += 1;
    };
    await cutArchive(folder, archive, () => at(9000), writing);
    expect(written).toBe(4);
    expect(await verifyLedger(folder)).toMatchObject({ ok: true, firstSeq: 44 });
    expect(await compareProjection(folder)).toEqual({ ok: true, probes: 4 });
    expect((await daemon.snapshot()).tallies).toMatchObject([{ outcome: 'delivered', count: 8 }]);
  });
});
