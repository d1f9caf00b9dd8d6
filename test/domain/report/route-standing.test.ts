/** The month as it runs: however a history is cut, what is kept and brought up to date says what all of it read anew says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContractTerms, DelayClause } from '../../../src/domain/contract-terms.ts';
import {
  exclusionsOf,
  type MonthFacts,
  type MonthQuery,
  monthInstantMs,
} from '../../../src/domain/delay/month-facts.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { type FactSource, judgeAgain, judgeProvider } from '../../../src/domain/report/judge.ts';
import { type ChangeSource, RouteStandings } from '../../../src/domain/report/route-standing.ts';
import { emptyTimeline, foldEvent } from '../../../src/domain/timeline.ts';
import { anyHistory, at } from '../any-history.ts';
import { CLAUSE } from '../month-case.ts';

const clause = (id: string, change: Partial<DelayClause>): DelayClause => ({ ...CLAUSE, id, ...change });
const CONTRACT: ContractTerms = {
  name: 'test',
  title: { en: 'Test', zh: '测试' },
  timeZone: 'Asia/Shanghai',
  finalAfterSeconds: 432_000,
  clauses: [clause('2a', {}), clause('2b', { path: 'receive', maximumSeconds: 600, lossesInAverage: true })],
};
const matter = (seconds: number, month = '2026-11') => {
  return { provider: 'acme', contract: CONTRACT, month, nowMs: at(seconds).wallMs };
};

/** All that a ledger says, in memory; counts what is read. */
class Facts implements FactSource, ChangeSource {
  readonly records = new Map<string, ProbeRecord>();
  readonly #events: LedgerEvent[] = [];
  readonly #state = emptyTimeline();
  monthsRead = 0;
  recordsRead = 0;
  /** More changes than this are too many. */
  changesMax = Number.POSITIVE_INFINITY;

  append(event: LedgerEvent): void {
    this.#events.push(event);
    for (const record of foldEvent(this.#state, event, (id) => this.records.get(id) ?? null).changed)
      this.records.set(record.id, record);
  }

  month(query: MonthQuery): MonthFacts {
    this.monthsRead += 1;
    const records = [...this.records.values()].filter((record) => {
      const ms = monthInstantMs(record);
      return record.provider === query.provider && record.path === query.path && ms >= query.fromMs && ms < query.toMs;
    });
    return { ...this.bearings(query), records };
  }

  bearings({ provider, path, fromMs, toMs }: MonthQuery): Omit<MonthFacts, 'records'> {
    const slots = this.#events.filter(
      (event) =>
        event.type === 'slot.unmeasured' &&
        event.provider === provider &&
        event.path === path &&
        event.at.wallMs >= fromMs &&
        event.at.wallMs < toMs,
    );
    return {
      unmeasured: slots.length,
      exclusions: exclusionsOf(this.#state, { provider, path }),
      absence: this.#state.absence,
      head: { seq: this.#events.length, hash: '' },
    };
  }

  changed(afterSeq: number, ids: Iterable<string>): readonly ProbeRecord[] | null {
    const named = this.#events.slice(afterSeq).flatMap((event) => ('probe' in event ? (event.probe ?? []) : []));
    if (named.length > this.changesMax) return null;
    const found = [...new Set([...ids, ...named])].flatMap((id) => this.records.get(id) ?? []);
    this.recordsRead += found.length;
    return found;
  }

  availability(): never {
    throw new Error('no clause asks for it');
  }
}

test('any history asked about at any moments, and of whichever month, gives the report of all facts read anew', () => {
  const asked = fc.array(
    fc.record({ every: fc.integer({ min: 1, max: 9 }), next: fc.nat(9).map((die) => die === 0) }),
    {
      minLength: 1,
    },
  );
  fc.assert(
    fc.property(anyHistory, asked, fc.integer({ min: 0, max: 12 }), (history, questions, changesMax) => {
      const facts = new Facts();
      facts.changesMax = changesMax;
      const kept = new RouteStandings();
      let until = 0;
      for (const [index, event] of history.entries()) {
        facts.append(event);
        const question = questions[until % questions.length];
        if (index % (question?.every ?? 1) !== 0) continue;
        until += 1;
        const now = matter((event.at.wallMs - at(0).wallMs) / 1000, question?.next === true ? '2026-12' : '2026-11');
        expect(judgeAgain(now, facts, kept)).toEqual(judgeProvider(now, facts).report);
      }
    }),
    { numRuns: 300 },
  );
});

const planned = (probe: string, seconds: number): LedgerEvent => ({
  ...{ type: 'probe.planned', at: at(seconds), probe, provider: 'acme', path: 'send', kind: 'scheduled' },
  ...{ sender: 's@acme.example', recipient: 'probe-0@sink.example' },
});
const accepted = (probe: string, seconds: number): LedgerEvent => ({
  ...{ type: 'probe.handed-over', at: at(seconds), probe },
  handover: {
    ...{ kind: 'accepted', handedOver: at(seconds), acknowledged: at(seconds), reply: 'ok' },
    ...{ stages: [], peer: null, certificateExpiresMs: null },
  },
});
const refused = (probe: string, seconds: number): LedgerEvent => ({
  ...{ type: 'probe.handed-over', at: at(seconds), probe },
  handover: {
    ...{ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no' },
    ...{ stages: [], peer: null, certificateExpiresMs: null },
  },
});

/** Of clause 2a. */
function outcomes(facts: Facts, kept: RouteStandings, seconds: number, month?: string) {
  const [delay] = judgeAgain(matter(seconds, month), facts, kept).clauses;
  return delay?.kind === 'delay' ? delay.figures.outcomes : null;
}

test('only probes that an entry names since, and those still pending, are read again', () => {
  const [facts, kept] = [new Facts(), new RouteStandings()];
  for (let index = 0; index < 100; index += 1) {
    facts.append(planned(`p${index}`, index - 5000));
    facts.append(refused(`p${index}`, index - 5000));
  }
  facts.append(planned('open', -4000));
  outcomes(facts, kept, -3000);
  // Once for each of the two clauses.
  expect(facts).toMatchObject({ monthsRead: 2, recordsRead: 0 });
  facts.append(planned('new', -2000));
  expect(outcomes(facts, kept, -1000)).toMatchObject({ failed: 100, pending: 2 });
  // `open` and `new` for 2a; `new` for 2b, whose path it is not on.
  expect(facts).toMatchObject({ monthsRead: 2, recordsRead: 3 });
  outcomes(facts, kept, -900);
  expect(facts).toMatchObject({ monthsRead: 2, recordsRead: 3 });
});

test('a probe that was planned in the last second of a month and accepted in the next moves there', () => {
  const [facts, kept] = [new Facts(), new RouteStandings()];
  facts.append(planned('p', -1));
  expect(outcomes(facts, kept, 0)).toMatchObject({ pending: 1 });
  facts.append(accepted('p', 1));
  expect(outcomes(facts, kept, 2)).toMatchObject({ pending: 0 });
  expect(outcomes(facts, kept, 2, '2026-12')).toMatchObject({ pending: 1 });
});

test('what is proven of a pending probe grows without an entry that names it', () => {
  const [facts, kept] = [new Facts(), new RouteStandings()];
  for (const event of [planned('p', -9000), accepted('p', -9000)]) facts.append(event);
  const breaches = (seconds: number) => {
    const [delay] = judgeAgain(matter(seconds), facts, kept).clauses;
    return delay?.kind === 'delay' ? delay.figures.breaches.messages : null;
  };
  expect(breaches(-8000)).toEqual({ lo: 0, hi: 1 });
  for (const channel of ['sink', 'mailbox:acme'])
    facts.append({ type: 'absence.proven', at: at(-5000), channel, until: at(-5000) });
  expect(breaches(-5000)).toEqual({ lo: 1, hi: 1 });
});

test('what an entry that names no probe takes back of those pending is taken back', () => {
  const [facts, kept] = [new Facts(), new RouteStandings()];
  for (const event of [planned('p', -9000), accepted('p', -9000)]) facts.append(event);
  for (const channel of ['sink', 'mailbox:acme'])
    facts.append({ type: 'absence.proven', at: at(-5000), channel, until: at(-5000) });
  const maximum = () => {
    const [delay] = judgeAgain(matter(-4000), facts, kept).clauses;
    return delay?.kind === 'delay' ? delay.figures.maximum?.lo : null;
  };
  expect(maximum()).toBeCloseTo(4000, -1);
  // Nothing reached the sink from then on: the message may have been tried in vain.
  facts.append({ type: 'sink.unproven', at: at(-4500), since: at(-6000) });
  expect(maximum()).toBeCloseTo(3000, -1);
});
