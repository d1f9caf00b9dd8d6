/** Up to when the bounce of a message on its way to a mailbox would have been heard. */
import { expect, test } from 'vitest';
import { bouncesHeardUntil, isMadeUp, widenGap } from '../../src/domain/bounce-gap.ts';
import { at, HOUR } from './month-case.ts';

/** Seconds: eight hours and what the clock may be wrong by in them. */
const MADE_UP = 8 * HOUR + 15;

test('a sink that was never away hears every bounce', () => {
  expect(bouncesHeardUntil(undefined, at(0), at(100))).toEqual(at(100));
});

test('one that is closed has heard them up to then', () => {
  const gap = { since: at(100), until: null };
  expect(bouncesHeardUntil(gap, at(0), at(90))).toEqual(at(90));
  expect(bouncesHeardUntil(gap, at(0), at(1000 * HOUR))).toEqual(at(100));
  expect(isMadeUp(gap, at(1000 * HOUR))).toBe(false);
});

test('one that is back has heard all of them once each has been tried again', () => {
  const gap = { since: at(100), until: at(200) };
  expect(bouncesHeardUntil(gap, at(0), at(200 + 8 * HOUR))).toEqual(at(100));
  expect(bouncesHeardUntil(gap, at(0), at(200 + MADE_UP))).toEqual(at(200 + MADE_UP));
});

test('another time away begins anew only if what was turned away before has been tried again', () => {
  const closed = (seconds: number) => ({ since: at(seconds), until: null });
  expect(widenGap(undefined, closed(100), [])).toEqual(closed(100));
  const before = { since: at(100), until: at(200) };
  expect(widenGap(before, closed(300), [])).toEqual(closed(100));
  expect(widenGap(before, { since: at(50), until: at(300) }, [])).toEqual({ since: at(50), until: at(300) });
  const later = 200 + MADE_UP;
  expect(widenGap(before, closed(later), [])).toEqual(closed(later));
});

test('one that is closed stays so until it is open, however silent it was', () => {
  expect(widenGap({ since: at(100), until: null }, { since: at(200), until: at(900) }, []).until).toBeNull();
});

test('what was before a boot is earlier, whatever the wall clock showed then', () => {
  // A clock that was half an hour ahead until it was set, before the message was sent.
  const before = at(2000, { monoUs: 20e6 });
  const sent = at(400, { monoUs: 216e6 });
  const later = at(1000, { boot: 'later', monoUs: 64e6 });
  expect(bouncesHeardUntil({ since: before, until: null }, sent, later)).toEqual(before);
  expect(bouncesHeardUntil({ since: later, until: null }, sent, before)).toEqual(before);
  const gap = widenGap({ since: before, until: null }, { since: later, until: null }, [before.boot, 'later']);
  expect(gap.since).toEqual(before);
});

test('is not made up where a clock that was not set yet tells which of two boots came first', () => {
  const before = at(0);
  // The later boot's clock is ten hours behind: the gap's end looks long past at a moment that came before it.
  const unset = at(-10 * HOUR, { boot: 'later', monoUs: 20e6 });
  expect(isMadeUp({ since: before, until: unset }, before)).toBe(false);
  const settled = at(0, { boot: 'later', monoUs: HOUR * 1e6 });
  expect(isMadeUp({ since: before, until: settled }, at(10 * HOUR, { boot: 'last', monoUs: HOUR * 1e6 }))).toBe(true);
});
