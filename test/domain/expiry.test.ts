/** When a probe is given up: 120 h after the provider had it, and in a mailbox only once somebody has looked. */
import { describe, expect, it } from 'vitest';
import { isOver } from '../../src/domain/expiry.ts';
import type { Path } from '../../src/domain/probe.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { accepted, at } from './month-case.ts';

/** Seconds. 120 h, and as long again, by a clock that may be 500.5 ppm fast: 432,216.33 s and 864,432.65 s of its time. */
const [LOST, UNSEEN] = [432_216, 864_432];
const over = (path: Path, seconds: number, absence: Readonly<Record<string, Instant>> = {}) =>
  isOver(
    { planned: at(0), handover: null, path, provider: 'acme', absentUntil: null },
    new Map(Object.entries(absence)),
    at(seconds),
  );

describe('a probe', () => {
  it('to our sink is over when 120 h have passed for sure, whatever was seen', () => {
    expect([over('send', LOST), over('send', LOST + 1)]).toEqual([false, true]);
    expect(over('send', LOST, { sink: at(LOST + 1) })).toBe(false);
    expect(over('send', LOST + 1, { sink: at(5) })).toBe(true);
  });

  it.each(['receive', 'internal'] as const)('on the path %s waits for a look after the 120 h', (path) => {
    const looked = (seconds: number) => ({ 'mailbox:acme': at(seconds) });
    expect(over(path, LOST + 1)).toBe(false);
    expect(over(path, UNSEEN, looked(LOST))).toBe(false);
    expect(over(path, LOST + 1, looked(LOST + 1))).toBe(true);
    expect(over(path, LOST, looked(LOST + 1))).toBe(false);
    expect(over(path, UNSEEN, { 'mailbox:other': at(UNSEEN), sink: at(UNSEEN) })).toBe(false);
  });

  it('that was turned away for days is given the 120 h from its acceptance', () => {
    const late = {
      planned: at(0),
      handover: accepted(at(LOST)),
      path: 'receive',
      provider: 'acme',
      absentUntil: null,
    } as const;
    const over120h = (seconds: number) => isOver(late, new Map([['mailbox:acme', at(seconds)]]), at(seconds));
    expect([over120h(LOST + 1), over120h(2 * LOST), over120h(2 * LOST + 1)]).toEqual([false, false, true]);
  });

  it('that nobody could look for is over after twice as long', () => {
    expect([over('receive', UNSEEN), over('receive', UNSEEN + 1)]).toEqual([false, true]);
    expect(over('receive', UNSEEN + 1, { 'mailbox:acme': at(5) })).toBe(true);
  });
});
