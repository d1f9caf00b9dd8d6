/** Closing months by a wall clock that is wrong, with a restart in between. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { type Referee, startReferee } from '../../src/engine/referee.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const HELD = [{ provider: 'acme', contract: CONTRACT }];
const DAY = 86_400;

let clock: VirtualClock;
let ledger: MemoryLedger;
let referee: Referee | null;

beforeEach(() => {
  clock = new VirtualClock();
  ledger = new MemoryLedger();
  referee = null;
});
afterEach(stop);

async function stop(): Promise<void> {
  const stopped = referee?.stop();
  await clock.advance(1);
  await stopped;
  referee = null;
}

async function start(): Promise<void> {
  const { recorder, health } = await startRecorder(ledger, { log: silentLog, clock });
  const parts = { ledger, recorder, health, scoreboard: { judged: () => {} }, clock, log: silentLog };
  referee = startReferee({ version: '1.0.0', held: HELD }, parts);
  await clock.advance(0.1);
}

/** A probe that is planned and refused now. */
function refused(probe: string): readonly LedgerEvent[] {
  const at = clock.now();
  return [
    {
      ...{ type: 'probe.planned', at, probe, provider: 'acme', path: 'send', kind: 'scheduled' },
      ...{ sender: 's@acme.example', recipient: 'probe-0@sink.example' },
    },
    {
      ...{ type: 'probe.handed-over', at, probe },
      handover: {
        ...{ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no' },
        ...{ stages: [], peer: null, certificateExpiresMs: null },
      },
    },
  ];
}

test('a clock that jumps 60 days ahead, is seen to, and is set right within the hour closes nothing, though the agent is restarted meanwhile', async () => {
  // The 10th of November. The host has been up for days; the heartbeat and the ledger's last entry are of this boot and in step.
  await clock.advance(DAY);
  await ledger.append(refused('a'));
  await start();
  await clock.advance(900);
  await ledger.beat(clock.now());
  clock.stepWall(60 * DAY);
  // Whatever restarts it: a deployment, the watchdog, a person who wonders.
  await stop();
  await start();
  await clock.advance(60);
  clock.stepWall(-60 * DAY);
  await clock.advance(3 * 3600);
  expect(ledger.events('month.closed').map(({ month }) => month)).toEqual([]);
});
