/** Up to when the bounce of a message on its way to a mailbox would have been heard. */
import { expect, test } from 'vitest';
import { bouncesHeardUntil, widenGap } from '../../src/domain/bounce-gap.ts';
import { at, HOUR } from './month-case.ts';

/** Seconds: eight hours and what the clock may be wrong by in them. */
const MADE_UP = 8 * HOUR + 15;

test('a sink that was never away hears every bounce', () => {
  expect(bouncesHeardUntil(undefined, at(100))).toEqual(at(100));
});

test.each(['closed', 'unproven'] as const)('one that is %s has heard them up to then', (until) => {
  const gap = { since: at(100), until };
  expect(bouncesHeardUntil(gap, at(90))).toEqual(at(90));
  expect(bouncesHeardUntil(gap, at(1000 * HOUR))).toEqual(at(100));
});

test('one that is back has heard all of them once each has been tried again', () => {
  const gap = { since: at(100), until: at(200) };
  expect(bouncesHeardUntil(gap, at(200 + 8 * HOUR))).toEqual(at(100));
  expect(bouncesHeardUntil(gap, at(200 + MADE_UP))).toEqual(at(200 + MADE_UP));
});

test('another time away begins anew only if what was turned away before has been tried again', () => {
  expect(widenGap(undefined, at(100), 'closed')).toEqual({ since: at(100), until: 'closed' });
  const before = { since: at(100), until: at(200) };
  expect(widenGap(before, at(300), 'closed')).toEqual({ since: at(100), until: 'closed' });
  expect(widenGap(before, at(50), 'unproven')).toEqual({ since: at(50), until: 'unproven' });
  const later = at(200 + MADE_UP);
  expect(widenGap(before, later, 'closed')).toEqual({ since: later, until: 'closed' });
});

test('one that is closed while nothing shows that it can be reached is not known to be reachable when it opens', () => {
  expect(widenGap({ since: at(100), until: 'unproven' }, at(300), 'closed').until).toBe('unproven');
  expect(widenGap({ since: at(100), until: 'closed' }, at(300), 'unproven').until).toBe('unproven');
});
