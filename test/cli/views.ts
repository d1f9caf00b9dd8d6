/** Made-up results of spot checks. */
import type { ProbeView } from '../../src/domain/probe-view.ts';

/** Delivered on `send` in 0.4 to 0.5 s, with what a test changes of it. */
export function view(change: Partial<ProbeView> = {}): ProbeView {
  return {
    id: 'abcdefghijklmnop',
    provider: 'acme',
    path: 'send',
    kind: 'spot',
    outcome: 'delivered',
    flags: [],
    delaySeconds: { lo: 0.4, hi: 0.5 },
    plannedAt: '2026-11-03T08:00:00.123Z',
    acceptedAt: '2026-11-03T08:00:01.000Z',
    capturedAt: '2026-11-03T08:00:01.500Z',
    folder: null,
    stages: [],
    hops: [],
    duplicates: 0,
    error: null,
    awaiting: null,
    ageSeconds: 1.5,
    ...change,
  };
}

export const inTime = view();
/** Over the limit for certain. */
export const late = view({ delaySeconds: { lo: 61.5, hi: 62 } });
/** The interval spans the limit. */
export const unproven = view({ delaySeconds: { lo: 59, hi: 61 } });
export const missing = view({
  outcome: 'pending',
  delaySeconds: { lo: 88.2, hi: null },
  capturedAt: null,
  awaiting: 'capture',
});
export const refused = view({
  outcome: 'failed',
  delaySeconds: null,
  acceptedAt: null,
  capturedAt: null,
  error: 'refused at rcpt: 550 5.1.1 no such user',
});

/** Moves the cursor, clears the screen, names the window, opens a C1 sequence, turns the text around, and forges a line. */
export const HOSTILE =
  'go\x1b[2J\x1b[1;1H\x1b]0;owned\x07 \x9b31m \u202e\rback\n  delay     between 0 ms and 1 ms\u2028end';
/** What may not reach a terminal: controls, and what turns or ends a line unseen; a line feed is looked for by each test itself. */
export const DRIVING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
