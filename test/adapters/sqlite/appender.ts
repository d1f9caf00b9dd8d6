/** A process of its own that appends to a ledger: `appender.ts <folder> <role> <name> <probes>`. Waits for a line on stdin before it begins. */
import { once } from 'node:events';
import type { Role } from '../../../src/adapters/sqlite/database.ts';
import { openLedger } from '../../../src/adapters/sqlite/ledger.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';

const [folder = '', role = '', name = '', probes = '0'] = process.argv.slice(2);
const instant = { wallMs: 1_793_692_800_000, monoUs: 1_000_000, suspendedMs: 0, errorUs: 0, boot: 'boot-one' };
const log = { debug() {}, info() {}, warn() {}, error() {} };

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const ledger = await openLedger(folder, { role: role as Role, log });
for (let index = 0; index < Number(probes); index += 1) {
  const id = `${name}-${index}`;
  const route = {
    provider: name,
    path: 'internal',
    kind: 'scheduled',
    sender: 's@a.example',
    recipient: 'r@a.example',
  } as const;
  const events: LedgerEvent[] = [{ type: 'probe.planned', at: instant, probe: id, ...route }];
  if (index % 2 === 1)
    events.push(
      { type: 'probe.interrupted', at: instant, probe: id },
      { type: 'probe.expired', at: instant, probe: id },
    );
  await ledger.append(events);
  await ledger.beat(instant);
}
const { state, head } = await ledger.snapshot();
process.stdout.write(
  `${JSON.stringify({ seq: head.seq, own: [...state.open.keys()].filter((id) => id.startsWith(`${name}-`)).length })}\n`,
);
await ledger.close();
process.stdin.destroy();
