/** Judging while the agent measures: running months are shown as they change, final ones are closed once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LedgerEvent, MonthClosed } from '../../src/domain/event.ts';
import { compareClosing, termsHash } from '../../src/domain/report/closing.ts';
import { finalAtMs } from '../../src/domain/report/report.ts';
import type { Standing } from '../../src/domain/report/standing.ts';
import { monthOf } from '../../src/domain/time/calendar.ts';
import { type Referee, startReferee } from '../../src/engine/referee.ts';
import { reportMonth } from '../../src/engine/reports.ts';
import type { Log } from '../../src/ports.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const HELD = [{ provider: 'acme', contract: CONTRACT }];
const DAY = 86_400;

let clock: VirtualClock;
let ledger: MemoryLedger;
let referee: Referee | null;
let shown: { readonly provider: string; readonly standing: Standing | null }[];
let errors: string[];
/** How often the ledger was asked, by what. */
let asked: Record<'standing' | 'judge' | 'closing', number>;

beforeEach(() => {
  clock = new VirtualClock();
  ledger = new MemoryLedger();
  referee = null;
  [shown, errors] = [[], []];
  asked = { standing: 0, judge: 0, closing: 0 };
  for (const name of ['standing', 'judge', 'closing'] as const) {
    const original = ledger[name].bind(ledger) as (matter: never) => Promise<never>;
    ledger[name] = (matter: never) => {
      asked[name] += 1;
      return original(matter);
    };
  }
});
afterEach(stop);

async function stop(): Promise<void> {
  const stopped = referee?.stop();
  await clock.advance(1);
  await stopped;
  referee = null;
  expect(clock.sleeping, 'sleeps left running').toBe(0);
}

async function start(version = '1.0.0'): Promise<Referee> {
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const { recorder, health } = await startRecorder(ledger, { log, clock });
  const scoreboard = {
    judged: (provider: string, standing: Standing | null) => void shown.push({ provider, standing }),
  };
  referee = startReferee({ version, held: HELD }, { ledger, recorder, health, scoreboard, clock, log });
  await clock.advance(0.1);
  return referee;
}

/** A probe that is planned and refused now: it fails, and says something of the month. */
function refused(probe: string): readonly LedgerEvent[] {
  const at = clock.now();
  return [
    {
      ...{ type: 'probe.planned', at, probe, provider: 'acme', path: 'send', kind: 'scheduled' },
      ...{ sender: 's@acme.example', recipient: 'probe-0@sink.example' },
    },
    {
      ...{ type: 'probe.handed-over', at, probe },
      handover: {
        ...{ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no' },
        ...{ stages: [], peer: null, certificateExpiresMs: null },
      },
    },
  ];
}
const closed = (): readonly MonthClosed[] => ledger.events('month.closed');
const failures = (standing: Standing | null | undefined) =>
  standing?.clauses.find(({ id }) => id === '2a')?.figures['failed'];

test('a running month is judged at once, and again within 30 s of something new, and not otherwise', async () => {
  await ledger.append(refused('a'));
  await start();
  expect(asked.standing).toBe(1);
  expect(failures(shown.at(-1)?.standing)).toEqual([1, 1]);
  await clock.advance(300);
  expect(asked.standing).toBe(1);
});

test('what is recorded while it runs is shown within 30 s', async () => {
  const running = await startRecording();
  await running.record(refused('a'));
  await clock.advance(30);
  expect(failures(shown.at(-1)?.standing)).toEqual([1, 1]);
  expect(asked.standing).toBe(2);
});

async function startRecording(): Promise<{ record(events: readonly LedgerEvent[]): Promise<void> }> {
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const { recorder, health } = await startRecorder(ledger, { log, clock });
  const scoreboard = {
    judged: (provider: string, standing: Standing | null) => void shown.push({ provider, standing }),
  };
  referee = startReferee({ version: '1.0.0', held: HELD }, { ledger, recorder, health, scoreboard, clock, log });
  await clock.advance(0.1);
  return recorder;
}

test('without anything new it is judged anew every ten minutes, for its coverage shrinks all the same', async () => {
  await start();
  await clock.advance(601);
  expect(asked.standing).toBe(2);
});

test('a month that cannot be judged is not shown any more, is told once, and comes back by itself', async () => {
  const standing = ledger.standing.bind(ledger);
  ledger.standing = async () => {
    throw new Error('disk I/O error');
  };
  await start();
  await clock.advance(100);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.every((each) => each.standing === null)).toBe(true);
  expect(errors).toEqual(['the running month cannot be judged']);
  ledger.standing = standing;
  await clock.advance(30);
  expect(shown.at(-1)?.standing).not.toBeNull();
});

test('the running month is that of the contract’s zone', async () => {
  await start();
  const months: string[] = [];
  const standing = ledger.standing.bind(ledger);
  ledger.standing = (matter) => {
    months.push(matter.month);
    return standing(matter);
  };
  // 23 h after the last second of a month in China.
  const now = clock.now().wallMs;
  const end = Date.parse('2100-01-31T16:00:00Z');
  clock.stepWall((end - now) / 1000 - 60);
  await clock.advance(40);
  await clock.advance(60);
  expect(new Set(months)).toEqual(new Set(['2100-01', '2100-02']));
});

test('a month is closed once it is final and not before, with the hash and the main figures of its report', async () => {
  await ledger.append(refused('a'));
  const firstMs = clock.now().wallMs;
  await start();
  const finalMs = finalAtMs({ contract: CONTRACT, month: monthOf(firstMs, 'Asia/Shanghai') });
  clock.stepWall((finalMs - firstMs) / 1000 - 4000);
  await clock.advance(3601);
  expect(closed()).toEqual([]);
  await clock.advance(3601);
  const [only, ...others] = closed();
  expect(others).toEqual([]);
  const { month, nowMs } = { month: only?.month ?? '', nowMs: clock.now().wallMs };
  expect(new Date(firstMs + 8 * 3_600_000).toISOString().slice(0, 7)).toBe(month);
  const judged = await ledger.judge({ provider: 'acme', contract: CONTRACT, month, nowMs });
  expect(judged.report.status).toBe('final');
  expect(only).toMatchObject({ provider: 'acme', version: '1.0.0', contract: termsHash(CONTRACT) });
  expect(only?.asOf.seq).toBe(2);
  const aftermath = { entries: [], lateProbes: 0, rewound: 0, version: '1.0.0' };
  expect(
    compareClosing(only!, judged, { provider: 'acme', contract: CONTRACT, month, nowMs }, aftermath),
  ).toMatchObject({
    same: true,
    changes: [],
    reasons: [],
  });
});

test('closing twice is closing once, also after a restart', async () => {
  await ledger.append(refused('a'));
  clock.stepWall(40 * DAY);
  await start();
  await clock.advance(7300);
  await stop();
  await start('2.0.0');
  await clock.advance(7300);
  expect(closed()).toHaveLength(1);
});

test('a month whose closing could not be written is closed by the next round, and another one is not held up', async () => {
  await ledger.append(refused('a'));
  clock.stepWall(40 * DAY);
  ledger.failure = new Error('disk full');
  await start();
  await clock.advance(3600);
  expect(closed()).toHaveLength(0);
  expect(errors).toContain('a month cannot be closed now');
  ledger.failure = null;
  await clock.advance(3601);
  expect(closed()).toHaveLength(1);
});

test('a month is closed only when no probe of it is pending any more, be it one that only clause 1 is judged by', async () => {
  const [planned] = refused('pending');
  if (planned?.type !== 'probe.planned') throw new Error('a probe must be planned first');
  await ledger.append([...refused('a'), { ...planned, path: 'internal' }]);
  clock.stepWall(40 * DAY);
  const recorder = await startRecording();
  await clock.advance(3601);
  expect(closed()).toEqual([]);
  await recorder.record([{ type: 'probe.expired', at: clock.now(), probe: 'pending' }]);
  await clock.advance(601);
  expect(closed()).toHaveLength(1);
});

test('a month of which nothing is known is not closed, nor judged again and again', async () => {
  await ledger.append([{ type: 'agent.stopped', at: clock.now() }]);
  clock.stepWall(40 * DAY);
  await start();
  await clock.advance(4 * 3600);
  expect(closed()).toEqual([]);
  expect(asked.closing).toBe(1);
});

test('a month that a clock ahead of time found empty is closed once it is measured and over', async () => {
  await ledger.append([{ type: 'agent.stopped', at: clock.now() }]);
  clock.stepWall(100 * DAY);
  const recorder = await startRecording();
  expect(closed()).toEqual([]);
  // Back to the middle of the month after the first: it was thought to be over.
  clock.stepWall(-70 * DAY);
  await recorder.record(refused('a'));
  clock.stepWall(45 * DAY);
  await clock.advance(2 * 3600 + 1);
  expect(closed()).toHaveLength(1);
});

test('months from before the first entry are closed too, where that one was written by a clock ahead of time', async () => {
  clock.stepWall(400 * DAY);
  await ledger.append([{ type: 'agent.stopped', at: clock.now() }]);
  clock.stepWall(-400 * DAY);
  await ledger.append(refused('a'));
  clock.stepWall(60 * DAY);
  await start();
  await clock.advance(3600);
  expect(closed()).toHaveLength(1);
});

test('a report of a closed month says what came after it', async () => {
  await ledger.append(refused('a'));
  const at = clock.now();
  clock.stepWall(40 * DAY);
  await start();
  await clock.advance(3600);
  const month = closed()[0]?.month ?? '';
  const reported = () => reportMonth(ledger, HELD, { month, nowMs: clock.now().wallMs, version: '1.0.0' });
  expect((await reported())?.report.providers[0]?.closed).toMatchObject({
    same: true,
    changes: [],
    reasons: [],
  });
  await ledger.append([
    {
      ...{ type: 'exclusion.added', at: clock.now() },
      exclusion: {
        ...{ id: 'x', kind: 'adjustment', provider: 'acme', path: null, by: 'Li Wei', evidence: '', note: 'told late' },
        ...{ fromMs: at.wallMs, toMs: at.wallMs + 1000 },
      },
    },
  ]);
  const now = (await reported())?.report.providers[0]?.closed;
  expect(now?.same).toBe(false);
  // A second of the month is an adjustment now: no fault in it, and that much less is left for others.
  expect(now?.changes.map(({ clause, what }) => `${clause} ${what}`)).toEqual([
    '3 downSeconds',
    '3 availability',
    '3 adjustmentSeconds',
    '3 adjustmentsLeftSeconds',
  ]);
  expect(now?.changes).toContainEqual({
    ...{ clause: '3', what: 'adjustmentsLeftSeconds' },
    ...{ before: { lo: 6000, hi: 6000 }, after: { lo: 5999, hi: 5999 } },
  });
  expect(now?.reasons).toMatchObject([{ kind: 'exclusion-added', id: 'x', by: 'Li Wei', note: 'told late' }]);
});

test('a host that comes up with the time of years ago once a month was closed is a reason for what changed', async () => {
  await ledger.append(refused('a'));
  clock.stepWall(40 * DAY);
  await start();
  await clock.advance(3600);
  const [{ provider, month } = { provider: '', month: '' }] = closed();
  clock.reboot();
  clock.stepWall(-10_000 * DAY);
  const lost = { type: 'agent.started', version: '1.0.0', unwatchedSince: null, at: clock.now() } as const;
  clock.stepWall(10_000 * DAY);
  const exclusion = {
    ...({ id: 'x', kind: 'adjustment', provider, path: null, by: 'Li Wei', evidence: '', note: '' } as const),
    ...{ fromMs: lost.at.wallMs + 10_000 * DAY * 1000 - 41 * DAY * 1000, toMs: clock.now().wallMs },
  } as const;
  await ledger.append([lost, { type: 'exclusion.added', at: clock.now(), exclusion }]);
  const told = await reportMonth(ledger, HELD, { month, nowMs: clock.now().wallMs, version: '1.0.0' });
  expect(told?.report.providers[0]?.closed?.reasons).toMatchObject([
    { kind: 'exclusion-added' },
    { kind: 'clock-put-back', entries: 1 },
  ]);
});

test('no month is closed by a wall clock that was stepped since the look before, and every one once it has been steady', async () => {
  await ledger.append(refused('a'));
  await start();
  await clock.advance(3600);
  clock.stepWall(60 * DAY);
  await clock.advance(3600);
  expect(closed()).toEqual([]);
  clock.stepWall(-60 * DAY);
  await clock.advance(3600);
  expect(closed()).toEqual([]);
  clock.stepWall(60 * DAY);
  await clock.advance(2 * 3600);
  expect(closed()).toHaveLength(1);
});

test('a clock that jumps ahead, is seen to, and is set right within the hour closes nothing, though the agent is restarted meanwhile', async () => {
  const started = (): LedgerEvent => ({
    type: 'agent.started',
    at: clock.now(),
    version: '1.0.0',
    unwatchedSince: null,
  });
  await clock.advance(DAY);
  await ledger.append([started(), ...refused('a')]);
  await start();
  await clock.advance(900);
  clock.stepWall(60 * DAY);
  // Whatever restarts it: a deployment, the watchdog, a person who wonders.
  await stop();
  await ledger.append([started()]);
  await start();
  await clock.advance(60);
  clock.stepWall(-60 * DAY);
  await clock.advance(3 * 3600);
  expect(closed()).toEqual([]);
});

test('a clock that is ahead when the host starts, and is set right soon after, closes nothing', async () => {
  await ledger.append(refused('a'));
  clock.reboot();
  clock.stepWall(60 * DAY);
  await start();
  await clock.advance(30);
  clock.stepWall(-60 * DAY);
  await clock.advance(6 * 3600);
  expect(closed()).toEqual([]);
});
