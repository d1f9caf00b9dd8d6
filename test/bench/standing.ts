/**
 * How long a running month takes to be judged: from scratch, and again after some events.
 * As a program: `node test/bench/standing.ts [PROBES [EVENTS]]`, by default 50,000 probes of one path and 100 events.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { CLAUSE } from '../domain/month-case.ts';
import { fill } from './generate-ledger.ts';

const [probes = '50000', events = '100'] = process.argv.slice(2);
const MONTH = '2026-10';
const range = monthRange(MONTH, 'Asia/Shanghai');
const log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'mailflow-bench-'));
try {
  const daemon = await openLedger(folder, { role: 'daemon', log });
  const everySeconds = (range.toMs - range.fromMs) / 1000 / Number(probes);
  await fill(daemon, {
    ...{ provider: 'acme', paths: ['send'], ...range, everySeconds, seed: 1 },
    perMille: { late: 0.02, lost: 0.01, bounced: 0.1, refused: 0.2, unmeasured: 0.5 },
    knownUntilMs: range.toMs - 3_600_000,
  });
  const reader = await openLedger(folder, { role: 'reader', log });
  const contract = {
    ...{ name: 'bench', title: CLAUSE.title, timeZone: 'Asia/Shanghai', finalAfterSeconds: 432_000 },
    clauses: [CLAUSE],
  };
  const matter = { provider: 'acme', contract, month: MONTH, nowMs: range.toMs };
  const timed = async (what: string): Promise<void> => {
    const from = performance.now();
    await reader.standing(matter);
    process.stdout.write(`${what}: ${(performance.now() - from).toFixed(0)} ms\n`);
  };
  await timed('from scratch');
  for (let round = 0; round < 5; round += 1) {
    await daemon.append(Array.from({ length: Number(events) / 2 }, (_, index) => refused(round, index)).flat());
    await timed(`after ${events} events`);
  }
  await timed('after none');
  await Promise.all([reader.close(), daemon.close()]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function refused(round: number, index: number): readonly LedgerEvent[] {
  const wallMs = range.toMs - 3_000_000 + round * 60_000 + index;
  const at: Instant = { wallMs, monoUs: wallMs * 1000, suspendedMs: 0, errorUs: 0, boot: 'bench' };
  const probe = `${round}-${index}`;
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
