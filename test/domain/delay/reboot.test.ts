/** A host whose clock is wrong in the first minutes after a boot (no battery, or set to local time), until NTP sets it: what was on its way meanwhile. */
import { expect, test } from 'vitest';
import { isOver } from '../../../src/domain/expiry.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';
import { accepted, at, CLAUSE, capture, HOUR, probe, verdictOn } from '../month-case.ts';

const judge = (records: readonly ProbeRecord[], absence: ReadonlyMap<string, Instant> = new Map()) =>
  verdictOn(records, { clause: { ...CLAUSE, path: 'receive' }, absence: new Map(absence) });

/** The host came up 60 s after T0; its wall clock is wrong by so many seconds. */
const afterBoot = (seconds: number, wrongBy: number): Instant =>
  at(seconds + wrongBy, { boot: 'b', monoUs: (seconds - 60) * 1e6 });
const taken = (id: string, seconds: number, change: Partial<ProbeRecord>) =>
  probe(id, seconds, { path: 'receive', planned: at(seconds), handover: accepted(at(seconds)), ...change });

test('two messages that took three minutes are no breach of the hour because the clock was 8 h ahead for the minutes after a boot', () => {
  const wrong = 8 * HOUR;
  // Not there at the first look after the boot, there at the next: by a clock that is 8 h ahead at both.
  const late = capture(afterBoot(120, wrong), afterBoot(180, wrong));
  const { maximum, figures } = judge([taken('one', 0, { capture: late }), taken('two', 5, { capture: late })]);
  expect(figures.excluded.maximum?.lo).toBeLessThanOrEqual(180);
  expect(maximum).not.toBe('BREACH');
});

test('two messages that are pending for two minutes are no breach because the clock is 8 h ahead since the boot a minute ago', () => {
  const absence = new Map([['mailbox:acme', afterBoot(120, 8 * HOUR)]]);
  expect(judge([taken('one', 0, {}), taken('two', 5, {})], absence).maximum).not.toBe('BREACH');
});

test('two messages that took two hours do not MEET the hour because the clock was 8 h behind for the minutes after a boot', () => {
  const wrong = -8 * HOUR;
  const reboot = (seconds: number): Instant =>
    at(seconds + wrong, { boot: 'b', monoUs: (seconds - 2 * HOUR + 120) * 1e6 });
  const late = capture(null, reboot(2 * HOUR));
  const { maximum, figures } = judge([taken('one', 0, { capture: late }), taken('two', 5, { capture: late })]);
  expect(figures.excluded.maximum?.hi).toBeGreaterThanOrEqual(2 * HOUR);
  expect(maximum).not.toBe('MET');
});

test('a message that was sent two minutes ago is not lost for good because the clock is six days ahead since the boot a minute ago', () => {
  expect(isOver(probe('p', 0), new Map(), afterBoot(120, 6 * 24 * HOUR))).toBe(false);
});

test('nor because it was six days behind, and not yet set, when it was sent', () => {
  const planned = at(-6 * 24 * HOUR, { monoUs: 60e6 });
  const sent = probe('p', 0, { planned, handover: accepted(planned) });
  expect(isOver(sent, new Map(), afterBoot(2 * HOUR, 0))).toBe(false);
  expect(isOver(sent, new Map(), afterBoot(121 * HOUR, 0))).toBe(true);
  // A clock that was set knew of it, be it that the host has booted again since.
  const dated = { ...sent, clockSet: at(0) };
  expect([119, 121].map((hours) => isOver(dated, new Map(), afterBoot(hours * HOUR, 0)))).toEqual([false, true]);
  // It was missing still when the clock was set.
  const missing = { ...sent, absentUntil: at(0) };
  expect(isOver(missing, new Map(), afterBoot(119 * HOUR, 0))).toBe(false);
  expect(isOver(missing, new Map(), afterBoot(121 * HOUR, 0))).toBe(true);
});

test('nor because nothing had come for five days when it was sent', () => {
  const sent = probe('p', 130 * HOUR, { planned: at(130 * HOUR), absentUntil: at(0) });
  expect(isOver(sent, new Map(), at(140 * HOUR))).toBe(false);
});
