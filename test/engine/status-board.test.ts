/** What the status page is shown: the running month, servers, probes, and when something of it changes. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import type { LedgerEntry } from '../../src/domain/event.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Standing } from '../../src/domain/report/standing.ts';
import { toIso } from '../../src/domain/time/instant.ts';
import { broadcast } from '../../src/engine/broadcast.ts';
import type { Engine } from '../../src/engine/engine.ts';
import {
  createStatusBoard,
  EXCLUSIONS_MAX,
  IN_FLIGHT_MAX,
  type KeptStatus,
  RECENT_MAX,
} from '../../src/engine/status-board.ts';
import { delivered, exclusion, probe } from '../domain/month-case.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const UNJUDGED = CONTRACT.clauses.map((terms) => ({ terms, verdict: null, figures: {} }));
const FOLDER = '/home/li/probe data';

let clock: VirtualClock;
let board: KeptStatus;
let open: Map<string, ProbeRecord>;
let exclusions: Exclusion[];

function make(contract: ContractTerms | null = CONTRACT, recent: readonly ProbeRecord[] = []): void {
  const paths = ['send', 'receive'] as const;
  const providers = [{ name: 'acme', paths, endpoints: ['submission', 'mx'] as const, contract }];
  board = createStatusBoard({ version: '1.2.3', dataFolder: FOLDER, providers, checkEverySeconds: 60, clock });
  const see: Engine['see'] = (record) => ({
    ...{ record, assessment: { outcome: 'pending', delay: null, flags: [] } },
    ...{ doing: null, ageSeconds: 1, obstacle: null },
  });
  const ledger = `cannot append to the ledger in ${FOLDER}: the disk must have room (ENOSPC, ${FOLDER}/ledger.db)`;
  const health = () => ({ ready: false, parts: { sink: null, line: 'down', ledger } });

  const desk = { known: () => exclusions, inForce: async () => exclusions };
  board.attach({ engine: { see, health, recorder: { state: { open } } }, exclusions: desk, recent });
}

beforeEach(() => {
  clock = new VirtualClock();
  open = new Map();
  exclusions = [];
  make();
});

const planned = (...ids: string[]): [LedgerEntry[], ProbeRecord[]] => [
  ids.map((id) => ({ seq: 1, hash: '', event: { type: 'probe.planned', probe: id } as LedgerEntry['event'] })),
  ids.map((id) => probe(id, 0)),
];
const month = () => board.view().providers[0]!.month!;
const standing = (...ids: string[]): Standing => ({
  clauses: ids.map((id) => ({ id, verdict: 'MET', figures: { averageSeconds: [1, 2] } })),
  head: { seq: 1, hash: '' },
});

describe('the running month', () => {
  it('is that of the contract’s zone, and null where nothing is judged', () => {
    expect(month()).toEqual({
      month: '2026-11',
      fromMs: Date.parse('2026-10-31T16:00:00Z'),
      toMs: Date.parse('2026-11-30T16:00:00Z'),
      timeZone: 'Asia/Shanghai',
      contract: CONTRACT.title,
      judgedAt: null,
      clauses: UNJUDGED,
      exclusions: [],
      exclusionCount: 0,
    });
    make(null);
    expect(board.view().providers[0]?.month).toBeNull();
  });

  it('shows each judged clause with its terms', () => {
    board.judged('acme', standing('2a', 'unknown'), clock.now());
    expect(month()).toMatchObject({ judgedAt: '2026-11-10T00:00:00.000Z' });
    const judged = { verdict: 'MET', figures: { averageSeconds: [1, 2] } };
    expect(month().clauses).toEqual(UNJUDGED.map((each) => (each.terms.id === '2a' ? { ...each, ...judged } : each)));
  });

  it('shows nothing of before once it cannot be judged, half an hour after the last time, or in the next month', async () => {
    const judge = () => board.judged('acme', standing('2a'), clock.now());
    judge();
    board.judged('acme', null, clock.now());
    expect(month(), 'when it was judged stays known').toMatchObject({
      judgedAt: toIso(clock.now()),
      clauses: UNJUDGED,
    });
    judge();
    const judgedAt = toIso(clock.now());
    await clock.advance(1795);
    expect(month().clauses).not.toEqual(UNJUDGED);
    await clock.advance(10);
    expect(month()).toMatchObject({ judgedAt, clauses: UNJUDGED });
    await clock.advance((month().toMs - clock.now().wallMs) / 1000 - 1);
    judge();
    await clock.advance(2);
    expect(month()).toMatchObject({ month: '2026-12', judgedAt: null, clauses: UNJUDGED });
  });

  it('shows the provider’s exclusions that touch it', () => {
    const HOUR = 3600;
    const [before, within, after] = [-10 * 24, 1, 25 * 24].map((hour) => exclusion(hour * HOUR, (hour + 1) * HOUR));
    exclusions = [before!, within!, { ...within!, id: 'other', provider: 'other' }, after!];
    expect(month().exclusions).toEqual([within]);
  });

  it('shows the last exclusions where there are many, and how many there are', () => {
    exclusions = Array.from({ length: EXCLUSIONS_MAX + 5 }, (_, index) => exclusion(index, index + 1));
    expect(month().exclusions).toEqual(exclusions.slice(5));
    expect(month().exclusionCount).toBe(EXCLUSIONS_MAX + 5);
  });

  it('asks for those that were entered beside the agent when it is judged', async () => {
    const heard = vi.fn<() => void>();
    board.subscribe(heard);
    board.judged('acme', standing('2a'), clock.now());
    expect(heard).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
  });
});

describe('a server', () => {
  const endpoint = () => board.view().providers[0]!.endpoints[1]!;
  const check = { provider: 'acme', endpoint: 'mx', certificateExpiresMs: Date.UTC(2027, 0, 1) } as const;

  it('is unknown until it is checked', () => {
    const unknown = { up: null, seconds: null, checkedAt: null, certificateExpiresAt: null };
    expect(board.view().providers[0]?.endpoints).toEqual([
      { endpoint: 'submission', ...unknown },
      { endpoint: 'mx', ...unknown },
    ]);
  });

  it('is as the last check showed it, with the time that was measured last', () => {
    board.endpointChecked({ ...check, up: true, seconds: 0.25 });
    board.endpointChecked({ ...check, up: true, seconds: null });
    expect(endpoint()).toEqual({
      ...{ endpoint: 'mx', up: true, seconds: 0.25 },
      checkedAt: '2026-11-10T00:00:00.000Z',
      certificateExpiresAt: '2027-01-01T00:00:00.000Z',
    });
    board.endpointChecked({ ...check, up: false, seconds: 3, certificateExpiresMs: null });
    expect(endpoint()).toMatchObject({ up: false, seconds: null, certificateExpiresAt: null });
  });

  it('is unknown again after three cells without a check, and when it was checked stays known', async () => {
    board.endpointChecked({ ...check, up: true, seconds: 0.25 });
    await clock.advance(200);
    expect(endpoint().up).toBe(true);
    await clock.advance(10);
    expect(endpoint()).toMatchObject({ up: null, seconds: null, certificateExpiresAt: null });
    expect(endpoint().checkedAt).toBe('2026-11-10T00:00:00.000Z');
  });
});

describe('probes', () => {
  it('are the last ones, newest first, as they were last changed', () => {
    make(CONTRACT, [probe('second', 1), probe('first', 0)]);
    board.recorded(...planned('third'));
    board.recorded([], [delivered('first', 0, 5), delivered('unheard of', 0, 5)]);
    const { recent } = board.view();
    expect(recent.map(({ id }) => id)).toEqual(['third', 'second', 'first']);
    expect(recent[2]?.capturedAt).not.toBeNull();
  });

  it('that were recorded before the ledger had told of the last ones are among them, once', () => {
    const early = createStatusBoard({ version: '0', dataFolder: FOLDER, providers: [], checkEverySeconds: 60, clock });
    early.recorded(...planned('now'));
    early.recorded([], [delivered('now', 0, 5)]);
    const see: Engine['see'] = (record) => ({
      ...{ record, assessment: { outcome: 'pending', delay: null, flags: [] } },
      ...{ doing: null, ageSeconds: 1, obstacle: null },
    });
    early.attach({
      engine: { see, health: () => ({ ready: true, parts: {} }), recorder: { state: { open } } },
      exclusions: { known: () => [], inForce: async () => [] },
      recent: [probe('now', 0), probe('before', -1)],
    });
    const { recent } = early.view();
    expect(recent.map(({ id }) => id)).toEqual(['now', 'before']);
    expect(recent[0]?.capturedAt, 'as it was changed since').not.toBeNull();
  });

  it('are bounded: so many of the last, so many of those under way, and how many there are', () => {
    const ids = Array.from({ length: IN_FLIGHT_MAX + 20 }, (_, index) => `p${index}`);
    for (const id of ids) {
      open.set(id, probe(id, 0));
      board.recorded(...planned(id));
    }
    const { recent, inFlight, inFlightCount } = board.view();
    expect(recent.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, RECENT_MAX));
    expect(inFlight.map(({ id }) => id)).toEqual(ids.slice(0, IN_FLIGHT_MAX));
    expect(inFlightCount).toBe(ids.length);
  });

  it('that are under way are counted on each path of each provider, all of them', async () => {
    const plan = (id: string, change: Partial<ProbeRecord> = {}) =>
      open.set(id, probe(id, 0, { planned: clock.now(), ...change }));
    for (let index = 0; index < IN_FLIGHT_MAX; index += 1) plan(`other ${index}`, { provider: 'other' });
    plan('oldest');
    await clock.advance(60);
    plan('newer');
    plan('coming in', { path: 'receive' });
    await clock.advance(640);
    expect(board.view().providers[0]?.waiting).toEqual([
      { path: 'send', count: 2, oldestSeconds: expect.closeTo(700, 0) },
      { path: 'receive', count: 1, oldestSeconds: expect.closeTo(640, 0) },
    ]);
    open.clear();
    expect(board.view().providers[0]?.waiting).toEqual([]);
  });

  it('are shown without what makes them long', () => {
    const text = 'x'.repeat(16_000);
    const refusal = { kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text } as const;
    const handover = { ...refusal, stages: [], peer: null, certificateExpiresMs: null };
    const hop = { by: text, from: text, at: null, seconds: null };
    const capture = { ...delivered('p', 0, 1).capture!, hops: [hop] };
    const { error, hops } = board.probe(probe('p', 0, { handover, capture }));
    expect(error).toMatch(/^refused at rcpt: 550 x+$/);
    expect(error).toHaveLength(500);
    expect(hops).toEqual([]);
  });
});

describe('a change', () => {
  it('is told with its probes until nobody listens any more', () => {
    const heard = vi.fn<(changed: readonly ProbeRecord[]) => void>();
    const stop = board.subscribe(heard);
    const [entries, records] = planned('p');
    board.recorded(entries, records);
    expect(heard).toHaveBeenLastCalledWith(records);
    board.exclusionsChanged();
    board.partStands('sink', null, false);
    board.partFailed('sink', null);
    board.endpointChecked({ provider: 'acme', endpoint: 'mx', up: true, seconds: 1, certificateExpiresMs: null });
    expect(heard).toHaveBeenCalledTimes(5);
    board.tokenRefused('foreign');
    board.sinkConnected();
    board.sinkRefused('size');
    stop();
    board.recorded(entries, records);
    expect(heard).toHaveBeenCalledTimes(5);
  });

  it('is told of the parts that have something wrong with them', () => {
    expect(board.view()).toMatchObject({ version: '1.2.3', ready: false, problems: { line: 'down' } });
    expect(board.view().problems['ledger'], 'without paths of the host').toBe(
      'cannot append to the ledger in the data folder: the disk must have room (ENOSPC, the data folder/ledger.db)',
    );
    expect(board.view().problems).not.toHaveProperty('sink');
  });
});

describe('a broadcast', () => {
  it('tells everybody everything', () => {
    const methods = Object.keys(broadcast([])) as (keyof ReturnType<typeof broadcast>)[];
    const listener = () => Object.fromEntries(methods.map((name) => [name, vi.fn<() => void>()])) as never;
    const both: Record<string, ReturnType<typeof vi.fn>>[] = [listener(), listener()];
    const told = broadcast(both as never) as unknown as Record<string, (...told: unknown[]) => void>;
    for (const name of methods) told[name]?.(name, 1, 2);
    for (const each of both)
      for (const name of methods)
        expect(each[name]?.mock.calls, name).toEqual([name === 'sinkConnected' ? [] : [name, 1, 2]]);
  });
});
