/** A small world made by hand, to see what an oracle says of it: a real ledger of given events beside given books. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../src/adapters/sqlite/database.ts';
import { openStore } from '../../src/adapters/sqlite/store.ts';
import { decode, encodeEvent } from '../../src/domain/codec.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import { at } from '../adapters/sqlite/support.ts';
import { CONTRACT } from '../fakes/contract.ts';
import type { WorldView } from './simulation.ts';
import type { Books, MessageTruth, Outage } from './truth.ts';

export const MONTH = '2026-11';
/** Days: by then the month is over and final. */
const FINAL_DAYS = 40;

export interface HandMade {
  readonly events: readonly LedgerEvent[];
  readonly messages?: readonly MessageTruth[];
  readonly outages?: readonly Outage[];
  readonly wall?: Books['wall'];
  readonly peaks?: Partial<WorldView['peaks']>;
  /** What the ledger says of a month, in place of what it has found. */
  readonly judged?: (judgement: Judgement) => Judgement;
}

/** As it happened unless told otherwise: `begun`, received, ready and here, in seconds of the test's time. */
export function message(
  id: string,
  seconds: number,
  delaySeconds: number,
  over: Partial<MessageTruth> = {},
): MessageTruth {
  const receivedMs = (seconds + 1.5) * 1000;
  const readyMs = receivedMs + delaySeconds * 1000;
  return {
    ...{ id, provider: 'acme', path: 'send', begunMs: seconds * 1000, receivedMs },
    ...{ readyMs, accessibleMs: readyMs, reachedMs: readyMs, bouncedMs: null, failure: null, ours: false },
    message: { sender: 'probe@agent.example', recipient: 'probe-0@sink.example', text: '', envelopeId: id },
    ...over,
  };
}

/** As of the day on which the month's report is final; seconds of the test's time are those that passed. */
export function handMade({
  events,
  messages = [],
  outages = [],
  wall,
  peaks,
  judged = (same) => same,
}: HandMade): WorldView {
  const folder = mkdtempSync(join(tmpdir(), 'mailflow-oracle-'));
  const store = openStore(folder, 'daemon');
  const db = openDatabase(folder, 'reader');
  onTestFinished(() => {
    db.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const read = (...[request]: Parameters<typeof store.read>): unknown => {
    const outcome = store.read(request);
    if (outcome.kind === 'failed') throw new Error(outcome.failure.message);
    return outcome.output;
  };
  store.write([{ id: 0, op: 'append', input: events.map(encodeEvent) }]);
  const nowMs = FINAL_DAYS * 86_400_000;
  const wallMs = at(0).wallMs + nowMs;
  const books: Books = {
    messages: new Map(messages.map((each) => [each.id, each])),
    outages: [...outages],
    faults: [],
    wall: wall ?? [{ fromMs: 0, aheadMs: at(0).wallMs }],
    runs: [],
  };
  const state = (): WorldView['ledger'] extends { state(): infer S } ? S : never =>
    (read({ id: 0, op: 'snapshot', input: null }) as { state: ReturnType<WorldView['ledger']['state']> }).state;
  return {
    books,
    contracts: new Map([['acme', CONTRACT]]),
    faults: [],
    checkEverySeconds: 60,
    outagesCannotBeMissed: true,
    nowMs: () => nowMs,
    wallMs: () => wallMs,
    ledger: {
      db,
      state,
      record: (id) => read({ id: 0, op: 'probe', input: id }) as ProbeRecord | null,
      records: () =>
        db
          .prepare('SELECT record FROM probes ORDER BY planned_seq')
          .all()
          .map((row) => decode<ProbeRecord>(String(row['record']))),
      judge: (provider, month) =>
        judged(
          read({ id: 0, op: 'judge', input: { provider, contract: CONTRACT, month, nowMs: wallMs } }) as Judgement,
        ),
    },
    peaks: { openProbes: 0, sleepers: 0, sinkSessions: 0, ...peaks },
  };
}
