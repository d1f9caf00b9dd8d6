/** Refusals that say that the fault is the sender's: on `receive` that is us, and too much is too much in a 5xx as well. */
import { expect, it } from 'vitest';
import type { Handover } from '../../src/domain/probe.ts';
import { outcomeOf } from '../../src/domain/record.ts';
import { probe, refused } from '../domain/month-case.ts';

const outcome = (path: 'receive' | 'send', code: number, enhanced: string, text: string): string =>
  outcomeOf(probe('p', 0, { path, handover: { ...refused(code, enhanced), text } as Handover }));

it.each([
  [550, '5.1.8', 'Sender address rejected: Domain not found', 'our domain’s DNS is down'],
  [550, '5.7.27', 'Sender address has null MX', 'our domain’s DNS'],
  [550, '5.7.23', 'SPF validation failed', 'our SPF record (RFC 7372)'],
  [550, '5.7.25', 'Reverse DNS validation failed', 'our PTR record (RFC 7372)'],
])('receive, %i %s %s: truth %s, claimed the provider failed', (code, enhanced, text) => {
  expect(outcome('receive', code, enhanced, text)).toBe('unmeasured');
});

it.each([
  [550, '5.4.5', 'Daily user sending limit exceeded'],
  [554, '5.7.1', 'too many messages from this account today'],
])('send, %i %s %s: truth we sent too much, claimed the provider failed', (code, enhanced, text) => {
  expect(outcome('send', code, enhanced, text)).toBe('unmeasured');
});

it('receive, 451 4.3.0 Too many open files: truth the provider failed, claimed our doing', () => {
  expect(outcome('receive', 451, '4.3.0', 'queue file write error: Too many open files')).toBe('failed');
});
