/** A probe's page points at the place where its month's report speaks of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/domain/delay/delay.ts';
import { sampleOf } from '../../src/domain/delay/delay-sample.ts';
import { viewProbe } from '../../src/domain/probe-view.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { breachOf } from '../../src/domain/report/report-evidence.ts';
import { reportPlace } from '../../src/page/report-place.ts';
import { at, bounced, delivered, HOUR, lost, probe, refused, T0 } from '../domain/month-case.ts';

const NOW = 8 * HOUR;
const ABSENCE = new Map([['sink', at(NOW - 60)]]);
const view = (record: ProbeRecord, ageSeconds = NOW) =>
  viewProbe({ record, assessment: assess(record, ABSENCE), doing: null, ageSeconds, obstacle: null });
const TERMS = { maximumSeconds: HOUR, exclusions: [] };

const anyRecord: fc.Arbitrary<ProbeRecord> = fc.oneof(
  fc.integer({ min: 0, max: 2 * HOUR }).map((delay) => delivered('p', 0, delay)),
  fc.integer({ min: 0, max: 2 * HOUR }).map((delay) => delivered('p', 0, delay, { unseenSince: at(10) })),
  fc.integer({ min: 0, max: 2 * HOUR }).map((proven) => lost('p', 0, proven)),
  fc.integer({ min: 0, max: 2 * HOUR }).map((proven) => bounced('p', 0, proven)),
  fc.integer({ min: 0, max: NOW }).map((seconds) => probe('p', seconds)),
  fc.constant(probe('p', 0, { handover: refused(550, '5.1.1') })),
);
const anySpan = fc
  .tuple(fc.integer({ min: -HOUR, max: NOW }), fc.integer({ min: 1, max: HOUR }))
  .map(([from, length]) => ({ fromMs: T0 + from * 1000, toMs: T0 + (from + length) * 1000 }));

describe('the place of a probe in the report', () => {
  it('is its own entry where the report surely lists it, and nowhere it may not', () => {
    fc.assert(
      fc.property(anyRecord, fc.option(anySpan, { nil: null }), (record, span) => {
        const ageSeconds = (T0 + NOW * 1000 - record.planned.wallMs) / 1000;
        const exclusions = span === null ? [] : [span];
        const sample = sampleOf(record, ABSENCE, exclusions);
        const terms = { absence: ABSENCE, limitSeconds: HOUR, nowMs: T0 + NOW * 1000 };
        const isListed = sample !== null && breachOf(record, sample, terms) !== null;
        const place = reportPlace(view(record, ageSeconds), { ...TERMS, exclusions });
        const possible = isListed ? ['#probe-p', ...(span === null ? [] : ['#send-acme'])] : ['#send-acme'];
        expect(possible).toContain(place);
      }),
      { numRuns: 1000 },
    );
  });

  it('is that of its path for a spot check, which no report lists, and none where no clause is about the path', () => {
    const late = delivered('p', 0, 2 * HOUR);
    expect(reportPlace(view({ ...late, kind: 'spot' }), TERMS)).toBe('#send-acme');
    expect(reportPlace(view(late), { ...TERMS, maximumSeconds: null })).toBe('');
  });

  it('is text in an address, whatever a provider is called', () => {
    const named = { ...delivered('p', 0, 1), provider: '"><img src=x>&#' };
    expect(reportPlace(view(named), TERMS)).toBe('#send-%22%3E%3Cimg%20src%3Dx%3E%26%23');
  });
});
