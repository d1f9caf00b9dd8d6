/** One kind of evidence against the other: what was seen to work in between takes the proof from what failed. */
import { describe, expect, test } from 'vitest';
import type { EndpointChecked, LedgerEvent } from '../../../src/domain/event.ts';
import type { Refusal } from '../../../src/domain/probe.ts';
import {
  accepted,
  at,
  check,
  clause,
  DAY,
  delivered,
  END,
  FROM_MS,
  HOUR,
  judged,
  ledgerOf,
  MINUTE,
  refused,
} from '../november.ts';

const T = 10 * DAY;
const LATE = { kind: 'refused', stage: 'data', code: 554, enhanced: '5.6.0', text: 'no' } satisfies Refusal;
const FULL = { kind: 'refused', stage: 'rcpt', code: 552, enhanced: '5.2.2', text: 'mailbox full' } satisfies Refusal;

/** Checks of the MX every minute, named recipients all; those of `failing` are refused. */
function mx(failing: (seconds: number) => boolean = () => false): EndpointChecked[] {
  const down = { result: { kind: 'down', stage: 'rcpt', code: '550', text: 'no' }, control: 'healthy' } as const;
  return Array.from({ length: (END + 2 * HOUR) / MINUTE }, (_, minute) => {
    const seconds = minute * MINUTE - HOUR;
    return check(seconds, { endpoint: 'mx', depth: 'recipient', ...(failing(seconds) ? down : {}) });
  });
}

async function monthOf(...events: readonly LedgerEvent[]) {
  const ledger = await ledgerOf(...events.toSorted((one, other) => one.at.monoUs - other.at.monoUs));
  const judgement = await judged(ledger);
  const { verdict, figures, outages } = clause(judgement, '1', 'connectivity');
  return { verdict, down: figures.downSeconds, outages, availability: clause(judgement, '3', 'operations').verdict };
}

describe('an hour in which every check of the MX was refused', () => {
  const checks = mx((seconds) => seconds >= T && seconds < T + HOUR);

  test('is proven where no probe came through', async () => {
    const month = await monthOf(...checks, ...delivered('before', T - HOUR), ...delivered('after', T + 2 * HOUR));
    expect(month).toMatchObject({ verdict: 'BREACH', down: { lo: HOUR - MINUTE } });
  });

  test('is no fault where a probe came through every minute', async () => {
    const probes = Array.from({ length: 60 }, (_, each) => delivered(`p${each}`, T + 30 + each * MINUTE)).flat();
    const month = await monthOf(...checks, ...probes);
    expect(month).toMatchObject({ verdict: 'INCONCLUSIVE', down: { lo: 0 } });
    expect(month.down.hi).toBeGreaterThanOrEqual(HOUR);
    expect(month.outages).toMatchObject([{ certainty: 'possible' }]);
  });

  test('is none either while what it took is still on its way', async () => {
    const month = await monthOf(...checks, ...accepted('taken', T + 30 * MINUTE));
    expect(month.down.lo).toBe(HOUR - MINUTE - 4 * MINUTE);
  });

  test('is proven but for two cells on either side of the one that came through', async () => {
    const month = await monthOf(...checks, ...delivered('one', T + HOUR / 2));
    expect(month.down.lo).toBe(HOUR - MINUTE - 4 * MINUTE);
  });

  test('is proven though a probe came through that needs another endpoint', async () => {
    const sent = delivered('sent', T + HOUR / 2).map((event) =>
      event.type === 'probe.planned' ? { ...event, path: 'internal' as const } : event,
    );
    expect((await monthOf(...checks, ...sent)).down.lo).toBe(HOUR - MINUTE);
  });
});

describe('two refused probes 28 minutes apart', () => {
  const around = [...delivered('before', T - HOUR), ...delivered('after', T + HOUR)];
  const pair = (refusal?: Refusal) => [
    ...refused('one', T + 5, 'receive', 0, refusal),
    ...refused('other', T + 28 * MINUTE + 5, 'receive', 0, refusal),
  ];

  test('prove nothing where checks that go as far were good in between', async () => {
    const month = await monthOf(...mx(), ...around, ...pair());
    expect(month).toMatchObject({ availability: 'INCONCLUSIVE', down: { lo: 0 } });
  });

  test('nor where a single one was', async () => {
    const within = (seconds: number) => seconds > T - 10 * MINUTE && seconds < T + HOUR;
    const others = mx().filter(({ began }) => !within((began.wallMs - FROM_MS) / 1000));
    const single = check(T + 10 * MINUTE, { endpoint: 'mx', depth: 'recipient' });
    expect((await monthOf(...others, ...around, ...pair())).down.lo).toBe(28 * MINUTE);
    expect((await monthOf(...others, single, ...around, ...pair())).down.lo).toBe(0);
  });

  test('prove nothing across the month’s end, beyond which not every check is looked at', async () => {
    const events = [...refused('one', END - 20 * MINUTE), ...refused('other', END + 8 * MINUTE)];
    const month = await monthOf(
      ...mx((seconds) => seconds > END - 21 * MINUTE && seconds < END + 4 * MINUTE && seconds % 120 === 0),
      ...around,
      ...events,
    );
    expect(month.down.lo).toBe(0);
  });

  test('prove an outage that checks do not go as far as', async () => {
    const month = await monthOf(...mx(), ...around, ...pair(LATE));
    expect(month).toMatchObject({ availability: 'BREACH', down: { lo: 28 * MINUTE } });
  });

  test('prove nothing where one between them came as far as our own full mailbox', async () => {
    const full = refused('full', T + 14 * MINUTE, 'receive', 0, FULL);
    const month = await monthOf(...mx(), ...around, ...pair(LATE), ...full);
    expect(month).toMatchObject({ availability: 'INCONCLUSIVE', down: { lo: 0 } });
  });

  test.each([
    ['the first', -HOUR, MINUTE],
    ['the second', 28 * MINUTE, HOUR],
  ])('prove nothing where %s is not held against the provider', async (_, from, to) => {
    const excluded: LedgerEvent = {
      type: 'exclusion.added',
      at: at(12 * DAY),
      exclusion: {
        ...{ id: 'aaaaaaaaaaaaaaaa', kind: 'customer-mistake', provider: 'acme', path: null },
        ...{
          fromMs: FROM_MS + (T + from) * 1000,
          toMs: FROM_MS + (T + to) * 1000,
          by: 'Li Wei',
          evidence: '',
          note: '',
        },
      },
    };
    const month = await monthOf(...mx(), ...around, ...pair(LATE), excluded);
    expect(month).toMatchObject({ availability: 'INCONCLUSIVE', down: { lo: 0 } });
  });

  test('nor where each is not, and what lies between them is', async () => {
    const excluded = [0, 28].map((minute): LedgerEvent => {
      const [from, to] = [T + minute * MINUTE, T + (minute + 1) * MINUTE];
      const range = { fromMs: FROM_MS + from * 1000, toMs: FROM_MS + to * 1000 };
      const entered = {
        kind: 'customer-mistake',
        provider: 'acme',
        path: null,
        by: 'Li',
        evidence: '',
        note: '',
      } as const;
      return {
        type: 'exclusion.added',
        at: at(12 * DAY),
        exclusion: { id: `${minute}`.padStart(16, 'a'), ...entered, ...range },
      };
    });
    const month = await monthOf(...mx(), ...around, ...pair(LATE), ...excluded);
    expect(month).toMatchObject({ availability: 'INCONCLUSIVE', down: { lo: 0 } });
  });
});

test.each<[string, Refusal]>([
  ['names a list of addresses', { ...LATE, enhanced: '5.7.1', text: 'blocked using dead.rbl.example.org' }],
  ['names our SPF record', { ...LATE, enhanced: '5.7.23', text: 'SPF lookup failed' }],
])('an MX that refuses every message after DATA for ten days, and %s, did not MEET its month', async (_, refusal) => {
  const probes = Array.from({ length: 240 }, (_each, hour) =>
    refused(`p${hour}`, T + hour * HOUR, 'receive', 0, refusal),
  );
  const month = await monthOf(
    ...mx(),
    ...delivered('before', T - HOUR),
    ...probes.flat(),
    ...delivered('after', 21 * DAY),
  );
  expect(month).toMatchObject({ verdict: 'INCONCLUSIVE', availability: 'INCONCLUSIVE', down: { lo: 0 } });
  expect(month.down.hi).toBeGreaterThanOrEqual(9 * DAY);
});

test('three hours in which nobody is let into the mailbox are proven though an old session goes on seeing mail', async () => {
  const no = {
    result: { kind: 'down', stage: 'auth', code: 'UNAVAILABLE', text: 'later' },
    control: 'healthy',
  } as const;
  const checks = Array.from({ length: (END + 2 * HOUR) / MINUTE }, (_, minute) => {
    const seconds = minute * MINUTE - HOUR;
    return check(seconds, { endpoint: 'mailbox', ...(seconds >= T && seconds <= T + 3 * HOUR ? no : {}) });
  });
  const probes = Array.from({ length: 40 }, (_, each) => delivered(`p${each}`, T + each * 4 * MINUTE)).flat();
  expect(await monthOf(...checks, ...probes)).toMatchObject({ verdict: 'BREACH', down: { lo: 3 * HOUR } });
});

test('an MX that asks every recipient to come again for six hours, and greets all the while, did not MEET its month', async () => {
  const later = { result: { kind: 'inconclusive', reason: 'asked to come again: 451 4.3.0 lookup failure' } } as const;
  const checks = Array.from({ length: (END + 2 * HOUR) / MINUTE }, (_, minute) => {
    const seconds = minute * MINUTE - HOUR;
    if (minute % 10 > 0) return check(seconds, { endpoint: 'mx', depth: 'greeting' });
    const over = seconds >= T && seconds < T + 6 * HOUR ? later : {};
    return check(seconds, { endpoint: 'mx', depth: 'recipient', ...over });
  });
  const month = await monthOf(...checks);
  expect(month).toMatchObject({ verdict: 'INCONCLUSIVE', availability: 'INCONCLUSIVE', down: { lo: 0 } });
  expect(month.down.hi).toBeGreaterThanOrEqual(6 * HOUR);
});
