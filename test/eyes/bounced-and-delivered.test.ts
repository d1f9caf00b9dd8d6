/** A provider splits a message in two: one copy bounces at once, the other one comes hours later. Or it bounces what it is slow with, and sends it all the same. */
import { expect, it } from 'vitest';
import { sampleOf } from '../../src/domain/delay/delay-sample.ts';
import { judge, summarise } from '../../src/domain/delay/delay-verdict.ts';
import { at, bounced, CLAUSE, capture, delivered } from '../domain/month-case.ts';

it('three messages that bounced after 30 s and were transferred after 3 h: truth three delays of 3 h, claimed 0 breaches, so met', () => {
  const records = [
    delivered('prompt', 0, 5),
    ...[100, 200, 300].map((seconds) => ({
      ...bounced(`late${seconds}`, seconds, 20, 30),
      capture: capture(at(seconds + 10_800), at(seconds + 10_800)),
    })),
  ];
  const samples = records.flatMap((record) => sampleOf(record, new Map(), []) ?? []);
  const summary = summarise(samples, CLAUSE);
  expect(judge(summary, CLAUSE).maximum).not.toBe('MET');
});
