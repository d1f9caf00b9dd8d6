/** What every Ledger must keep of its calls: their order, those that the disk refuses, and what is there after its end. */
import { expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/domain/event.ts';
import { closingOf } from '../../src/domain/report/closing.ts';
import type { Matter } from '../../src/domain/report/report.ts';
import { summariseReport } from '../../src/domain/report/standing.ts';
import { storeTimeline } from '../../src/domain/timeline.ts';
import type { Bookmark, Ledger } from '../../src/ports.ts';
import { at, delivered, handedOver, planned } from '../adapters/sqlite/support.ts';
import { CONTRACT } from '../fakes/contract.ts';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** The disk refuses every write, or takes them again. */
  readonly refuse: (isRefusing: boolean) => void;
  /** Opens it anew, as the next process does once this one was closed; null where nothing outlives the process: it is in memory. */
  readonly reopen: (() => Promise<Ledger>) | null;
}

const MATTER: Matter = { provider: 'acme', contract: CONTRACT, month: '2026-11', nowMs: at(8000).wallMs };
const MARKS: ReadonlyMap<string, Bookmark> = new Map([['INBOX', { uidValidity: '1', uidNext: 5 }]]);

/** All that can be asked of it, as plain data. */
async function everythingIn(ledger: Ledger): Promise<object> {
  const { state, ...rest } = await ledger.snapshot();
  return {
    ...rest,
    state: { ...storeTimeline(state), open: [...state.open] },
    recent: await ledger.recent(100),
    bookmarks: await ledger.bookmarks('acme'),
    marked: await ledger.marked(['ledger.checkpoint', 'agent.started']),
    firstMs: await ledger.firstMs(),
    archive: await ledger.archive(),
    judgement: await ledger.judge(MATTER),
  };
}

/* oxlint-disable vitest/no-conditional-tests -- registers the test where something outlives the process */
/** `make` opens an empty ledger, and sees to it that it is closed. `outlives` says whether it can be opened anew. */
export function describeLedgerLife(make: () => Promise<LedgerUnderTest>, outlives: boolean): void {
  it('acknowledges what it takes in the order of the calls, checkpoints among them', async () => {
    const { ledger } = await make();
    const acknowledged: number[] = [];
    const note = (...[{ seq }]: readonly [LedgerEntry]): number => acknowledged.push(seq);
    const calls = Array.from({ length: 24 }, (_, index) =>
      index % 5 === 4
        ? ledger.checkpoint(at(index)).then(note)
        : ledger.append([planned(`probe-${index}`, index)]).then(([entry]) => note(entry as LedgerEntry)),
    );
    await Promise.all(calls);
    expect(acknowledged).toEqual(acknowledged.toSorted((one, other) => one - other));
    expect(acknowledged).toHaveLength(24);
  });

  it('acknowledges in order also what is called while others are acknowledged', async () => {
    const { ledger } = await make();
    const acknowledged: number[] = [];
    const append = async (name: string, then: number): Promise<void> => {
      const [entry] = await ledger.append([planned(name, 1)]);
      acknowledged.push((entry as LedgerEntry).seq);
      await Promise.all(Array.from({ length: then }, (_, index) => append(`${name}-${index}`, then - 1)));
    };
    await Promise.all([append('a', 3), append('b', 2), append('c', 3)]);
    expect(acknowledged).toEqual(Array.from({ length: acknowledged.length }, (_, index) => index + 1));
  });

  it('takes what it was given as it was at the call', async () => {
    const { ledger } = await make();
    const events = [planned('first', 1)];
    const marks = new Map(MARKS);
    const done = [ledger.append(events), ledger.keepBookmarks('acme', marks)];
    events.push(planned('later', 2));
    marks.set('Junk', { uidValidity: '2', uidNext: 2 });
    await Promise.all(done);
    expect((await ledger.snapshot()).head.seq).toBe(1);
    expect(await ledger.bookmarks('acme')).toEqual(MARKS);
  });

  it('keeps nothing of what the disk refuses, says why, and goes on where it was', async () => {
    const { ledger, refuse } = await make();
    await ledger.append(delivered('before', 1));
    await ledger.keepBookmarks('acme', MARKS);
    await ledger.beat(at(30));
    const before = await everythingIn(ledger);
    refuse(true);
    const refused = await Promise.allSettled([
      ledger.append(delivered('refused', 40)),
      ledger.checkpoint(at(50)),
      ledger.beat(at(60)),
      ledger.keepBookmarks('acme', new Map()),
      ledger.append([planned('refused too', 70)]),
    ]);
    for (const each of refused) {
      if (each.status === 'fulfilled') throw new Error(`was not refused: ${JSON.stringify(each.value)}`);
      expect(each.reason).toBeInstanceOf(Error);
      expect((each.reason as Error).cause).toBeInstanceOf(Error);
    }
    expect(await everythingIn(ledger)).toEqual(before);
    refuse(false);
    const entries = await ledger.append(delivered('refused', 40));
    expect(entries.map(({ seq }) => seq)).toEqual([4, 5, 6]);
    expect((await ledger.recent(9)).map(({ id }) => id)).toEqual(['refused', 'before']);
  });

  it('does all that was called before its close, and nothing after', async () => {
    const { ledger } = await make();
    const before = [ledger.append([planned('one', 1)]), ledger.append([planned('two', 2)])];
    const closing = ledger.close();
    expect((await Promise.all(before)).flat().map(({ seq }) => seq)).toEqual([1, 2]);
    await closing;
    await ledger.close();
    const calls = [
      () => ledger.append([planned('three', 3)]),
      () => ledger.checkpoint(at(3)),
      () => ledger.beat(at(3)),
      () => ledger.keepBookmarks('acme', MARKS),
      () => ledger.snapshot(),
      () => ledger.probe('one'),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow('closed');
  });

  it('tells how a month stands, and what to keep of it, as its judgement does, also after a later entry', async () => {
    const { ledger } = await make();
    await ledger.append([...delivered('one', 1), planned('two', 100), handedOver('two', 102)]);
    for (const nowMs of [MATTER.nowMs, MATTER.nowMs + 3_600_000]) {
      const matter = { ...MATTER, nowMs };
      const { head } = await ledger.snapshot();
      const judgement = await ledger.judge(matter);
      expect(await ledger.standing(matter)).toEqual({ clauses: summariseReport(judgement.report), head });
      expect(await ledger.closing(matter)).toEqual(closingOf(judgement, head));
      await ledger.append(delivered('three', 200));
    }
  });

  it('counts the probes of a month that entries after one name, each once, and knows when it begins', async () => {
    const { ledger } = await make();
    expect([await ledger.firstMs(), await ledger.archive()]).toEqual([null, null]);
    await ledger.append([...delivered('one', 50), planned('two', 10), handedOver('two', 12)]);
    const late = (afterSeq: number, over = {}) =>
      ledger.lateProbes({ provider: 'acme', fromMs: at(0).wallMs, toMs: at(100).wallMs, afterSeq, ...over });
    expect([await late(0), await late(1), await late(3), await late(5)]).toEqual([2, 2, 1, 0]);
    expect(await late(0, { provider: 'other' })).toBe(0);
    expect(await late(0, { fromMs: at(52).wallMs })).toBe(1);
    expect(await late(0, { toMs: at(52).wallMs })).toBe(1);
    expect(await ledger.firstMs()).toBe(at(10).wallMs);
  });

  it('counts the entries after one whose wall time is of a time, whoever they concern', async () => {
    const { ledger } = await make();
    await ledger.append([...delivered('one', 50), planned('two', 10, { provider: 'other' }), planned('three', 90)]);
    const rewound = (from: number, to: number, afterSeq: number) =>
      ledger.rewound({ fromMs: at(from).wallMs, toMs: at(to).wallMs, afterSeq });
    expect([await rewound(0, 50, 3), await rewound(10, 11, 3), await rewound(0, 10, 3)]).toEqual([1, 1, 0]);
    expect([await rewound(0, 91, 3), await rewound(0, 91, 4), await rewound(0, 90, 4)]).toEqual([2, 1, 0]);
  });

  if (outlives)
    it('has all that it acknowledged when it is opened anew, and goes on from there', async () => {
      const { ledger, reopen } = await make();
      await ledger.append([...delivered('one', 1), planned('two', 100)]);
      await ledger.keepBookmarks('acme', MARKS);
      await ledger.checkpoint(at(105));
      await ledger.beat(at(110));
      const before = await everythingIn(ledger);
      await ledger.beat(at(115));
      await ledger.close();
      const next = await reopen?.();
      if (next === undefined) throw new Error('what outlives the process must be opened anew');
      expect(await everythingIn(next)).toEqual({ ...before, heartbeat: at(115) });
      const [entry] = await next.append([handedOver('two', 120)]);
      expect(entry?.seq).toBe(6);
      expect((await next.probe('two'))?.handover).toMatchObject({ kind: 'accepted' });
    });
}
