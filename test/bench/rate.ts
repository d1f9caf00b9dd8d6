/** How many probes a second one agent takes through all its parts, the ledger durable, and what each costs it, with one provider and with many. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from '../../src/domain/probe.ts';
import { demand, MAIL_SERVERS } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { vitalsOf } from '../servers/vitals.ts';
import { startAgent } from './agent-process.ts';
import { atLeast, type Bench, type Row, row } from './bench-row.ts';
import { orderPaced, type Pace, recordsOf, untilSettled, writePlainConfiguration } from './plain-agent.ts';

const PROVIDERS = [1, 10, 100];
/** More than the servers beside it leave room for on two cores. */
const OFFERED: Pace = { perSecond: 200, seconds: 8 };
const WARMING: Pace = { perSecond: 20, seconds: 3 };

export const RATE: Bench = {
  name: 'rate',
  about: `probes a second on three paths through Postfix and Dovecot on the same machine, ${OFFERED.perSecond} a second offered`,
  async run(tell) {
    demand(MAIL_SERVERS);
    const users = Array.from({ length: Math.max(...PROVIDERS) }, (_, index) => `corp-${index}`);
    await using stack = new AsyncDisposableStack();
    const dovecot = 'service imap {\n  process_limit = 2000\n}\nservice imap-login {\n  process_limit = 1000\n}\n';
    const provider = stack.adopt(await startProvider({ users, dovecot }), (started) => started.stop());
    const rows: Row[] = [];
    for (const count of PROVIDERS) rows.push(...(await measured(provider, users.slice(0, count), tell)));
    return rows;
  },
};

async function measured(
  provider: Provider,
  users: readonly string[],
  tell: (line: string) => void,
): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const dataFolder = join(folder, 'data');
  const config = writePlainConfiguration(folder, provider, users);
  const agent = stack.adopt(await startAgent('source', config), (started) => started.end());
  const lines = users.flatMap((user) => PATHS.map((path) => ({ provider: user, path })));
  await orderPaced(agent.url, lines, WARMING);
  await untilSettled(dataFolder);
  const before = await vitalsOf(agent.pid);
  const { ids, turnedAway } = await orderPaced(agent.url, lines, OFFERED);
  const pending = await untilSettled(dataFolder);
  const after = await vitalsOf(agent.pid);
  await agent.end();
  const wanted = new Set(ids);
  const came = (await recordsOf(dataFolder)).flatMap(({ id, planned, capture }) =>
    wanted.has(id) && capture !== null ? [{ from: planned.monoUs / 1e6, to: capture.latest.monoUs / 1e6 }] : [],
  );
  const seconds = Math.max(...came.map(({ to }) => to)) - Math.min(...came.map(({ from }) => from));
  const cpuSeconds = (after.cpuSeconds - before.cpuSeconds) / came.length;
  const name = `${users.length} ${users.length === 1 ? 'provider' : 'providers'}`;
  tell(`${name}: ${came.length} probes came out, ${turnedAway} were turned away, ${pending} are pending`);
  return [
    row(`${name}: probes`, '1/s', [came.length / seconds]),
    row(`${name}: processor for each`, 'ms', [cpuSeconds * 1000]),
    row(`${name}: probes a core would take at that`, '1/s', [1 / cpuSeconds], atLeast(200)),
    row(`${name}: memory after it`, 'MiB', [after.residentBytes / 2 ** 20]),
    row(`${name}: memory that came with it`, 'MiB', [(after.residentBytes - before.residentBytes) / 2 ** 20]),
  ];
}
