/** Episodes are counted in the order of acceptance: in the true one, whatever the wall clock showed. */
import { expect, test } from 'vitest';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';
import { accepted, at, CLAUSE, capture, HOUR, probe, T0, verdictOn } from '../month-case.ts';

/** Accepted then and out so much later, by a wall clock that was so many seconds ahead at the acceptance. */
function delivered(id: string, seconds: number, delay: number, ahead = 0): ProbeRecord {
  const taken: Instant = at(seconds, { wallMs: T0 + (seconds + ahead) * 1000 });
  return probe(id, seconds, {
    planned: taken,
    handover: accepted(taken),
    capture: capture(at(seconds + delay), at(seconds + delay)),
  });
}

test('two late messages in a row and one on time after them are one episode, though the clock was put back by two hours between the two', () => {
  const records = [
    delivered('late', 0, 2 * HOUR, 2 * HOUR),
    delivered('late too', 600, 2 * HOUR),
    delivered('on time', 6000, 1),
  ];
  const { maximum, figures } = verdictOn(records, { clause: { ...CLAUSE, countedPer: 'episode' } });
  expect(figures.excluded.breaches.messages).toEqual({ lo: 2, hi: 2 });
  expect(figures.excluded.breaches.episodes.lo).toBe(1);
  expect(maximum).not.toBe('BREACH');
});
