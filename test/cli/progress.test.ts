/** What a terminal shows while something is under way. */
import { describe, expect, it, test } from 'vitest';
import { describeRow } from '../../src/cli/demo-table.ts';
import { liveLines } from '../../src/cli/live.ts';
import { fitColumns, plain } from '../../src/cli/plain.ts';
import { createProgress, describeProgress } from '../../src/cli/progress.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { DRIVING, HOSTILE, inTime, missing, refused, view } from './views.ts';

function terminal(size: { columns?: number; rows?: number; isTTY?: boolean } = {}) {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
  return { out: { isTTY: true, columns: 80, rows: 24, write, ...size }, written };
}

describe('progress', () => {
  const waiting = (change: Partial<ProbeView>): ProbeView => view({ ...missing, ageSeconds: 12.34, ...change });

  it.each([
    [waiting({ acceptedAt: null, awaiting: 'auth' }), 'handing over: auth'],
    [
      waiting({ acceptedAt: null, awaiting: 'retry', error: 'deferred at rcpt: 450 4.2.0 later' }),
      'waiting for the next attempt (deferred at rcpt: 450 4.2.0 later)',
    ],
    [waiting({}), 'accepted; waiting for the message at the sink'],
    [waiting({ acceptedAt: null }), 'perhaps accepted; waiting for the message at the sink'],
    [waiting({ path: 'internal' }), 'accepted; waiting for the message in the mailbox'],
    [inTime, 'delivered'],
    [refused, 'failed: refused at rcpt: 550 5.1.1 no such user'],
  ])('says which stage is under way and what is awaited: case %#', (probe, text) => {
    expect(describeProgress(probe)).toBe(
      `${`acme/${probe.path}`.padEnd(24)} ${probe.ageSeconds.toFixed(1).padStart(7)} s  ${text}`,
    );
  });

  it('is silent where standard error is no terminal', () => {
    const { out, written } = terminal({ isTTY: false });
    const progress = createProgress(out);
    progress.show(inTime);
    progress.clear();
    expect(written).toEqual([]);
  });

  it('redraws each probe in its line and takes the lines away', () => {
    const { out, written } = terminal();
    const progress = createProgress(out);
    progress.show(missing);
    progress.show(view({ ...missing, id: 'other', path: 'receive' }));
    progress.show(inTime);
    progress.clear();
    progress.clear();
    expect(written.map((text) => text.split('\n').length - 1)).toEqual([1, 2, 2, 0]);
    const [, , third, last] = written;
    expect(third!.startsWith(`${last}acme/send `)).toBe(true);
    expect(third).toMatch(/ delivered\nacme\/receive /);
    expect(last).toBe('\x1b[2A\x1b[J');
  });

  it('lets a provider drive nothing', () => {
    const { out, written } = terminal();
    createProgress(out).show(view({ ...refused, error: HOSTILE.repeat(50) }));
    expect(written.join('').trimEnd()).not.toMatch(DRIVING);
    expect(written.join('').trimEnd()).not.toContain('\n');
  });
});

describe('lines on a terminal', () => {
  it('are cut so that none wraps, wide letters included', () => {
    const { out, written } = terminal({ columns: 20 });
    liveLines(out).draw(['x'.repeat(50), '用户不存在用户不存在用户不存在']);
    expect(written).toEqual([`${'x'.repeat(19)}\n用户不存在用户不存\n`]);
  });

  it('never scroll what has to be taken back: the last ones are shown', () => {
    const { out, written } = terminal({ rows: 4 });
    const live = liveLines(out);
    live.draw(['1', '2', '3', '4', '5']);
    live.clear();
    expect(written).toEqual(['3\n4\n5\n', '\x1b[3A\x1b[J']);
  });

  it('are for 80 columns where the terminal does not say', () => {
    const { out, written } = terminal({ columns: 0, rows: 0 });
    liveLines(out).draw(['x'.repeat(200)]);
    expect(written).toEqual([`${'x'.repeat(79)}\n`]);
  });
});

test('plain text is one bounded line', () => {
  expect(plain('550 5.1.1\r\nno\tsuch user \x1b[31mred\x1b[0m')).toBe('550 5.1.1 no such user red');
  expect(plain(HOSTILE)).not.toMatch(DRIVING);
  expect(plain('x'.repeat(500), 10)).toBe('xxxxxxxxx…');
  expect(plain('x'.repeat(10), 10)).toBe('xxxxxxxxxx');
  expect(fitColumns('日本', 3)).toBe('日');
});

test('sequences without an end are read in no time', () => {
  expect(plain('\x1b]'.repeat(1_000_000)).length).toBeLessThanOrEqual(1000);
});

test('a row of the demo shows the measured delay beside the injected one', () => {
  expect(describeRow(inTime, 0.45)).toBe('08:00:00.123  send      delivered   0.400 to 0.500          0.450');
  expect(describeRow(missing, null)).toBe('08:00:00.123  send      1.5 s …     over 88.200');
  expect(describeRow(refused, 0)).toBe(`08:00:00.123  send      failed${' '.repeat(30)}0.000`);
});
