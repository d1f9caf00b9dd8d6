/** Our password has expired, or somebody changed it: nobody but us is to blame, and a server cannot be told from one that lost its accounts. */
import { expect, it } from 'vitest';
import { roundTripOf } from '../../src/domain/availability/round-trip.ts';
import { tripTime } from '../../src/domain/availability/round-trips.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { at, probe, refused } from '../domain/month-case.ts';

const REFUSED = { ...refused(535, '5.7.8'), stage: 'auth', text: 'Authentication credentials invalid' } as const;

it('checks for an hour: truth our password expired, claimed the provider proven down for 3540 s, a breach of the 44 minutes', () => {
  const state = emptyTimeline();
  const kinds = new Set<string>();
  for (let seconds = 0; seconds < 3600; seconds += 60) {
    const { runs } = foldEvent(state, {
      ...{ type: 'endpoint.checked', at: at(seconds + 1), began: at(seconds), seconds: 0.3, provider: 'acme' },
      ...{ endpoint: 'submission', depth: 'login', kind: 'scheduled', control: 'healthy', everySeconds: 60 },
      result: { kind: 'down', stage: 'auth', code: '535', text: '5.7.8 Authentication credentials invalid' },
    });
    for (const run of runs.flatMap((change) => change.runs)) kinds.add(run.kind);
  }
  expect([...kinds]).not.toContain('down');
});

it('probes 20 min apart: truth our password expired, claimed the provider proven down for 1200 s', () => {
  const trips = [0, 1200].map((seconds) =>
    roundTripOf(probe(`p${seconds}`, seconds, { path: 'internal', handover: REFUSED })),
  );
  expect(tripTime(trips, 'internal')?.proven).toEqual([]);
});
