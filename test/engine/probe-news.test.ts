/** What the log is told of scheduled probes: that they do not get through, once, and that they do again. */
import { beforeEach, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { ABORTED, type Handover } from '../../src/domain/probe.ts';
import { emptyTimeline, foldEvent, type TimelineState } from '../../src/domain/timeline.ts';
import { probeNews } from '../../src/engine/probe-news.ts';
import type { RecorderListener } from '../../src/engine/recorder.ts';
import type { Log } from '../../src/ports.ts';
import { at, delivered, handedOver, planned } from '../domain/events.ts';

let state: TimelineState;
let told: (readonly [level: string, message: string, fields: unknown])[];
let listener: RecorderListener;

beforeEach(() => {
  state = emptyTimeline();
  told = [];
  const tell =
    (level: string): Log['info'] =>
    (message, fields) =>
      void told.push([level, message, fields]);
  listener = probeNews(state, { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') });
});

/** Neither at the sink nor, as a bounce, in the mailbox. */
function absent(until: number): void {
  for (const channel of ['sink', 'mailbox:acme'])
    record({ type: 'absence.proven', at: at(until), channel, until: at(until) });
}

function record(...events: readonly LedgerEvent[]): void {
  for (const event of events) {
    const { changed } = foldEvent(state, event);
    listener([{ seq: 1, hash: '', event }], changed);
  }
}

const connection = { stages: [], peer: '192.0.2.7:587', certificateExpiresMs: null };
function refusal(code: number, enhanced: string, text: string): Handover {
  return { kind: 'refused', stage: 'rcpt', code, enhanced, text, ...connection };
}
const ended = (probe: string, seconds: number, handover: Handover): LedgerEvent[] => [
  planned(probe, seconds),
  { type: 'probe.handed-over', at: at(seconds + 1), probe, handover },
];
const messages = (): string[] => told.map(([level, message]) => `${level}: ${message}`);

it('says nothing of probes that get through in time', () => {
  record(...delivered('a', 0), ...delivered('b', 60));
  expect(told).toEqual([]);
});

it('tells of the first refusal of a route with the reply, and then of the first that gets through', () => {
  record(
    ...ended('a', 0, refusal(550, '5.1.1', 'no such user')),
    ...ended('b', 60, refusal(550, '5.1.1', 'no such user')),
  );
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject([
    'warn',
    'a probe did not get through',
    {
      provider: 'acme',
      path: 'send',
      probe: 'a',
      outcome: 'failed',
      handover: { kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'no such user' },
    },
  ]);
  record(...delivered('c', 120), ...delivered('d', 180));
  expect(messages().slice(1)).toEqual(['info: probes get through again']);
  record(...ended('e', 240, refusal(550, '5.1.1', 'no such user')));
  expect(told).toHaveLength(3);
});

it('tells that we were too many for a server, though that counts for nobody', () => {
  record(...ended('a', 0, refusal(450, '4.7.1', 'too many messages')));
  expect(told[0]).toMatchObject(['warn', 'a probe did not get through', { outcome: 'unmeasured' }]);
});

it('says nothing of what our own stop cut off, nor of spot checks', () => {
  const aborted: Handover = { kind: 'unreachable', stage: 'connect', code: ABORTED, text: '', ...connection };
  record(...ended('a', 0, aborted));
  const [, refused] = ended('b', 0, refusal(550, '5.1.1', 'no such user'));
  record(planned('b', 0, { kind: 'spot' }), refused!);
  expect(told).toEqual([]);
});

it('tells of a delay past the maximum at the moment that proves it, once, and of the next that is in time', () => {
  record(planned('a', 0), handedOver('a', 2), planned('b', 10), handedOver('b', 12));
  absent(1800);
  expect(told).toEqual([]);
  absent(3700);
  absent(3760);
  expect(told).toMatchObject([['warn', 'a probe has exceeded the maximum delay', { probe: 'a', outcome: 'pending' }]]);
  record(...delivered('c', 3800));
  expect(messages()).toContain('info: probes get through again');
});
