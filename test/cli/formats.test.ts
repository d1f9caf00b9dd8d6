/** How results of spot checks read, and which exit code they come to. */
import { describe, expect, it, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/check.ts';
import { formatNagios, nagiosUnknown } from '../../src/cli/format-nagios.ts';
import { formatPretty } from '../../src/cli/format-pretty.ts';
import { formatSeconds } from '../../src/cli/format-seconds.ts';
import { jsonText } from '../../src/cli/output.ts';
import { judgeSpot } from '../../src/domain/probe-view.ts';
import { DRIVING, HOSTILE, inTime, late, missing, refused, unproven, view } from './views.ts';

test.each([
  ['in-time', 0, inTime],
  ['in-time', 0, view({ delaySeconds: { lo: 59.9, hi: 60 } })],
  ['late', 1, unproven],
  ['late', 1, late],
  ['missing', 2, missing],
  ['failed', 2, refused],
  ['failed', 2, view({ outcome: 'lost', delaySeconds: { lo: 432_000, hi: null }, capturedAt: null })],
  ['failed', 2, view({ outcome: 'unmeasured', delaySeconds: null, acceptedAt: null, capturedAt: null })],
] as const)('a probe that is %s ends the check with %i', (verdict, code, probe) => {
  expect(judgeSpot(probe)).toBe(verdict);
  expect(exitCodeOf([probe])).toBe(code);
});

test('the worst of several probes decides', () => {
  expect(exitCodeOf([inTime, late, inTime])).toBe(1);
  expect(exitCodeOf([late, refused, inTime])).toBe(2);
});

describe('formatSeconds', () => {
  it.each([
    [0, '0 ms'],
    [0.000412, '0.412 ms'],
    [0.00412, '4.12 ms'],
    [0.04123, '41.2 ms'],
    [0.4126, '413 ms'],
    [0.9996, '1.000 s'],
    [5.0123, '5.012 s'],
    [60, '60.000 s'],
    [119.9996, '2 min 0 s'],
    [125.4, '2 min 5 s'],
    [3599.6, '1 h 0 min'],
    [3720, '1 h 2 min'],
    [432_000, '120 h 0 min'],
  ])('%d reads %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

  it('rounds outwards where a bound is wanted, so that 60.0004 s is not shown as kept', () => {
    expect(formatSeconds(60.0004, Math.ceil)).toBe('60.001 s');
    expect(formatSeconds(3600.5, Math.ceil)).toBe('1 h 1 min');
    expect(formatSeconds(3599.9, Math.floor)).toBe('59 min 59 s');
    expect(formatSeconds(0.41299, Math.floor)).toBe('412 ms');
    expect(formatSeconds(0.412, Math.ceil)).toBe('412 ms');
  });
});

describe('for Nagios', () => {
  it('prints one line with a value for each probe', () => {
    expect(formatNagios([inTime, view({ path: 'receive', delaySeconds: { lo: 0, hi: 0.000001 } })])).toBe(
      "MAILFLOW OK - 2 of 2 probes delivered in time | 'acme send'=0.5s;60;3600;0 'acme receive'=0.000001s;60;3600;0\n",
    );
  });

  it('says U for what is missing or failed, and names the trouble', () => {
    expect(formatNagios([late, missing, refused])).toBe(
      'MAILFLOW CRITICAL - 0 of 3 probes delivered in time; acme/send late; acme/send missing; ' +
        "acme/send refused at rcpt: 550 5.1.1 no such user | 'acme send'=62s;60;3600;0 'acme send'=U;60;3600;0 'acme send'=U;60;3600;0\n",
    );
    expect(formatNagios([inTime, unproven])).toMatch(/^MAILFLOW WARNING - 1 of 2 /);
  });

  it('keeps what the provider says from the performance data, from the terminal, and short', () => {
    const text = formatNagios([
      view({ ...refused, provider: "a'b=c|d", error: `550 busy | 'x'=1 ${HOSTILE}${'z'.repeat(9000)}` }),
    ]);
    expect(text.slice(0, -1)).not.toMatch(DRIVING);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(text.match(/\|/g)).toHaveLength(1);
    expect(text).toMatch(/ \| 'a_b_c d send'=U;60;3600;0\n$/);
    expect(text.length).toBeLessThan(500);
  });

  it('has a line for a check that could not be made', () => {
    expect(nagiosUnknown('the daemon|\ndied')).toBe('MAILFLOW UNKNOWN - the daemon  died\n');
  });
});

describe('for people', () => {
  it('shows verdict, interval, stages and hops', () => {
    const text = formatPretty([
      view({
        path: 'receive',
        folder: 'Junk',
        flags: ['junk'],
        delaySeconds: { lo: 1.00049, hi: 1.00051 },
        stages: [
          { name: 'connect', seconds: 0.0123 },
          { name: 'data', seconds: 0.2 },
        ],
        hops: [
          { by: 'mx.acme.example', from: 'agent.example', at: '2026-11-03T08:00:01.000Z', seconds: null },
          { by: null, from: null, at: null, seconds: -1 },
        ],
      }),
    ]);
    expect(text).toBe(`acme/receive  within the limit of 60 s
  delay     between 1.000 s and 1.001 s
  flags     junk
  accepted  2026-11-03T08:00:01.000Z
  captured  2026-11-03T08:00:01.500Z in Junk
  stages    connect 12.3 ms  data 200 ms
  probe     abcdefghijklmnop
  hops, as the servers on the way wrote them (their clocks; diagnosis, not the measurement):
              2026-11-03T08:00:01.000Z  by mx.acme.example from agent.example
        -1 s  no time  by unknown
`);
  });

  it.each([
    [late, 'late: over the limit of 60 s', 'between 61.500 s and 62.000 s'],
    [unproven, 'late: not proven to be within 60 s', 'between 59.000 s and 61.000 s'],
    [missing, 'not delivered in time; the ledger keeps waiting for it', 'over 88.200 s, still missing'],
    [view({ ...missing, delaySeconds: null, acceptedAt: null, awaiting: 'auth' }), 'not delivered', 'none yet'],
    [refused, 'failed', 'none, it was not accepted'],
    [view({ ...missing, outcome: 'failed', error: 'bounced: 5.1.1' }), 'failed', 'over 88.200 s, never seen'],
    [view({ ...refused, outcome: 'unmeasured' }), 'not measured, by our own doing', 'none'],
  ])('says what became of it: case %#', (probe, verdict, delay) => {
    const [first, second] = formatPretty([probe]).split('\n');
    expect(first).toContain(`acme/send  ${verdict}`);
    expect(second).toContain(`delay     ${delay}`);
  });

  it('lets nothing from the network drive the terminal, forge a line, or fill the screen', () => {
    const hostile = view({
      folder: HOSTILE,
      error: `${HOSTILE}${'z'.repeat(100_000)}`,
      hops: [{ by: HOSTILE, from: HOSTILE, at: HOSTILE, seconds: 1 }],
    });
    const harmless = view({ folder: 'x', error: 'x', hops: [{ by: 'x', from: 'x', at: 'x', seconds: 1 }] });
    const text = formatPretty([hostile]);
    expect(text).not.toMatch(DRIVING);
    expect(text.split('\n')).toHaveLength(formatPretty([harmless]).split('\n').length);
    expect(text.length).toBeLessThan(4000);
  });
});

test('JSON escapes what drives a terminal, and reads back as it was', () => {
  const value = { error: `${HOSTILE} \u{e0041}` };
  expect(jsonText(value)).not.toMatch(DRIVING);
  expect(jsonText(value)).toMatch(/^[\n -~]*$/);
  expect(JSON.parse(jsonText(value))).toEqual(value);
});
