/** A mailbox of ours that is full: told apart from a provider's own failures, and never counted against it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess, exceedsMaximum } from '../../src/domain/delay/delay.ts';
import {
  isMailboxFull,
  isMailboxFullNotice,
  isOurDoing,
  isOurDoingNoticed,
  PATHS,
  type Refusal,
} from '../../src/domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../../src/domain/record.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { accepted, at, planned } from './events.ts';

const refusal = (code: number, enhanced: string | null, text = 'no'): Refusal => ({
  ...{ kind: 'refused', stage: 'rcpt', code, enhanced, text },
});
const notice = (status: string | null, diagnostic: string | null = null, action: 'failed' | 'delayed' = 'failed') => ({
  ...{ action, status, recipient: null, diagnostic },
});

describe('a refusal', () => {
  test.each([
    [452, '4.2.2', 'anything'],
    [552, '5.2.2', 'anything'],
    [552, null, 'Mailbox full'],
    [550, null, 'mail box is full'],
    [452, null, 'user is over quota'],
    [552, null, 'The recipient has exceeded their mailbox quota'],
    [550, null, 'Quota exceeded'],
  ])('%d %s %s says that the mailbox is full', (code, enhanced, text) => {
    expect(isMailboxFull({ code, enhanced, text })).toBe(true);
  });

  test.each([
    [550, '5.1.1', 'mailbox full of nothing, no such user'],
    [452, '4.3.1', 'mailbox full'],
    [552, '5.3.4', 'quota exceeded'],
    [550, '5.2.1', 'mailbox disabled'],
    [552, '5.2.20', 'no'],
    [552, '15.2.2', 'no'],
    [250, null, 'mailbox full'],
    [450, null, 'greylisted, your mailbox is fine'],
    [250, '2.2.2', 'mailbox full'],
  ])('%d %s %s does not', (code, enhanced, text) => {
    expect(isMailboxFull({ code, enhanced, text })).toBe(false);
  });

  test('is our doing on the paths that end in our mailbox and on no other', () => {
    expect(PATHS.filter((path) => isOurDoing(refusal(552, '5.2.2'), path))).toEqual(['receive', 'internal']);
    expect(PATHS.filter((path) => isOurDoing(refusal(550, '5.1.1'), path))).toEqual([]);
    expect(PATHS.filter((path) => isOurDoing(refusal(421, '4.7.0'), path))).toEqual([...PATHS]);
  });

  test('with an enhanced code is judged by it alone, whatever it says', () => {
    const code = fc.integer({ min: 400, max: 599 });
    const digits = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 30 }));
    fc.assert(
      fc.property(code, digits, fc.string(), (reply, [subject, detail], text) => {
        const enhanced = `${Math.floor(reply / 100)}.${subject}.${detail}`;
        expect(isMailboxFull({ code: reply, enhanced, text: `mailbox full ${text}` })).toBe(
          subject === 2 && detail === 2,
        );
      }),
    );
  });
});

describe('a notice of failure', () => {
  test.each([
    ['5.2.2', null],
    ['4.2.2', null],
    ['4.4.7', '452 4.2.2 mailbox full'],
    ['5.0.0', '552 mailbox full'],
    [null, 'user over quota'],
  ])('%s %s says that the mailbox is full', (status, diagnostic) => {
    expect(isMailboxFullNotice(notice(status, diagnostic))).toBe(true);
  });

  test.each([
    ['5.1.1', null],
    ['5.7.1', 'mailbox full'],
    ['4.4.7', '451 4.3.0 mailbox full of errors'],
    ['5.0.0', null],
    [null, null],
    [null, 'no'],
    ['5.2.20', null],
    ['15.2.2', null],
    ['4.4.70', 'mailbox full'],
    ['14.4.7', 'mailbox full'],
    ['4.4.7', '552 5.2.20 mailbox full'],
    ['4.4.7', '552 5.12.2 mailbox full'],
  ])('%s %s does not', (status, diagnostic) => {
    expect(isMailboxFullNotice(notice(status, diagnostic))).toBe(false);
  });

  test('is our doing where it ends in our mailbox, or says that our records are wrong, of what we sent ourselves', () => {
    const paths = (...said: Parameters<typeof notice>) =>
      PATHS.filter((path) => isOurDoingNoticed(notice(...said), path));
    expect(paths('5.2.2', null)).toEqual(['receive', 'internal']);
    expect(paths('5.7.23', 'SPF validation failed')).toEqual(['receive']);
    expect(paths('5.0.0', '550 5.7.25 no PTR')).toEqual(['receive']);
    expect(paths('5.7.1', 'blocked using zen.spamhaus.org')).toEqual(['receive']);
    expect(paths('5.7.23', 'SPF validation failed', 'delayed')).toEqual([]);
    expect(paths('5.1.1', 'no such user')).toEqual([]);
  });

  test('is none while delivery is only delayed', () => {
    expect(isMailboxFullNotice(notice('4.2.2', null, 'delayed'))).toBe(false);
  });
});

describe('a probe', () => {
  const rest = { stages: [], peer: null, certificateExpiresMs: null };
  const refused = (path: ProbeRecord['path']) => {
    const state = emptyTimeline();
    foldEvent(state, planned('p', 0, { path }));
    const handover = { ...refusal(552, '5.2.2'), ...rest };
    return foldEvent(state, { type: 'probe.handed-over', at: at(1), probe: 'p', handover }).changed[0]!;
  };
  const bounced = (path: ProbeRecord['path'], status: string) => {
    const state = emptyTimeline();
    foldEvent(state, planned('p', 0, { path }));
    foldEvent(state, { type: 'probe.handed-over', at: at(1), probe: 'p', handover: accepted(1) });
    foldEvent(state, { type: 'absence.proven', at: at(8000), channel: 'mailbox:acme', until: at(8000) });
    foldEvent(state, { type: 'absence.proven', at: at(8000), channel: 'sink', until: at(8000) });
    const event = { type: 'probe.notified', at: at(9000), probe: 'p', where: 'sink', status: notice(status) } as const;
    return foldEvent(state, event).changed[0]!;
  };

  test('that a full mailbox of ours refused or sent back is unmeasured', () => {
    expect(outcomeOf(refused('receive'))).toBe('unmeasured');
    expect(outcomeOf(refused('internal'))).toBe('unmeasured');
    expect(outcomeOf(bounced('receive', '5.2.2'))).toBe('unmeasured');
  });

  test('is no breach and has no delay, however long it was on its way', () => {
    const record = bounced('receive', '5.2.2');
    expect(exceedsMaximum(record, new Map())).toBe(false);
    expect(assess(record, new Map()).delay).toBeNull();
    expect(exceedsMaximum(bounced('receive', '5.1.1'), new Map())).toBe(true);
  });

  test('on the way to our sink fails by the same words: there is no mailbox of ours', () => {
    expect(outcomeOf(refused('send'))).toBe('failed');
    expect(outcomeOf(bounced('send', '5.2.2'))).toBe('failed');
  });
});
