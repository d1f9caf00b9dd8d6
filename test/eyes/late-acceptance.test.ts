/** A message that was turned away for days is the provider's only once it is accepted: its 120 h begin then. */
import { expect, it } from 'vitest';
import { isOver } from '../../src/domain/expiry.ts';
import { outcomeOf } from '../../src/domain/record.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { accepted, at, HOUR, probe } from '../domain/month-case.ts';

it('receive: turned away with 450 for 119.9 h, accepted, there 20 min later: truth delivered in 1200 s, claimed lost', () => {
  const record = probe('p', 0, { path: 'receive', handover: accepted(at(119.9 * HOUR)) });
  const state = emptyTimeline();
  state.open.set('p', record);
  const now = 120 * HOUR + 400;
  foldEvent(state, { type: 'absence.proven', at: at(now), channel: 'mailbox:acme', until: at(now) });
  // What the chores do every 10 s (engine/engine.ts, doChores).
  if (isOver(record, state.absence, at(now + 10)))
    foldEvent(state, { type: 'probe.expired', at: at(now + 10), probe: 'p' });
  const seen = at(119.9 * HOUR + 1200);
  const { changed } = foldEvent(
    state,
    {
      ...{ type: 'message.seen', at: seen, probe: 'p', absent: at(now), seen, folder: 'INBOX', role: 'inbox' },
      ...{ uidValidity: '1', uid: 1, hops: [] },
    },
    () => ({ ...record, expired: true }),
  );
  expect(changed.map(outcomeOf)).toEqual(['delivered']);
});
