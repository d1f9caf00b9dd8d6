/** Where the agent's processor time goes for each probe: by thread as the kernel counts it, and within a thread as V8's profiler samples it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from '../../src/domain/probe.ts';
import { demand, MAIL_SERVERS } from '../servers/available.ts';
import { startProvider } from '../servers/provider.ts';
import { threadSecondsOf } from '../servers/vitals.ts';
import { startAgent } from './agent-process.ts';
import { type Bench, type Row, row } from './bench-row.ts';
import { orderPaced, type Pace, untilSettled, writePlainConfiguration } from './plain-agent.ts';
import { type Share, sharesOf, type Thread } from './profile-shares.ts';

const USER = 'corp';
/** Fewer than one route takes at once, so that what is turned away costs nothing. */
const OFFERED: Pace = { perSecond: 60, seconds: 20 };
/** Long enough for V8 to compile what is hot. */
const WARMING: Pace = { perSecond: 40, seconds: 10 };

/** As the kernel knows them: Node names the first, the ledger's is named in `startWorker`. */
const THREAD_NAMES: Readonly<Record<Thread, string>> = { measuring: 'MainThread', ledger: 'ledger' };
/** V8's, which compile and collect garbage beside both. The profiler's own are left out. */
const HELPERS = 'V8Worker';
/** Shares that are told of each thread. */
const TOLD: Readonly<Record<Thread, { readonly causes: number; readonly parts: number }>> = {
  measuring: { causes: 12, parts: 8 },
  ledger: { causes: 6, parts: 0 },
};

export const PROFILE: Bench = {
  name: 'profile',
  about: `processor time for each probe at ${OFFERED.perSecond} a second on three paths, and what it went to while the profiler ran`,
  async run(tell) {
    demand(MAIL_SERVERS);
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const provider = stack.adopt(await startProvider({ users: [USER] }), (started) => started.stop());
    const config = writePlainConfiguration(folder, provider, [USER]);
    const profiles = join(folder, 'profiles');
    const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const agent = stack.adopt(await startAgent('source', config, flags), (started) => started.end());
    const lines = PATHS.map((path) => ({ provider: USER, path }));
    const load = async (pace: Pace): Promise<number> => {
      const { ids, turnedAway } = await orderPaced(agent.url, lines, pace);
      const pending = await untilSettled(join(folder, 'data'));
      tell(`${ids.length} probes were taken, ${turnedAway} turned away, ${pending} are pending`);
      return ids.length;
    };
    await load(WARMING);
    const before = await threadSecondsOf(agent.pid);
    const fromUs = monotonicUs();
    const probes = await load(OFFERED);
    const window = { fromUs, toUs: monotonicUs() };
    const after = await threadSecondsOf(agent.pid);
    await agent.end();
    const each = (name: string): number => (((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1000) / probes;
    const threads = Object.keys(THREAD_NAMES) as Thread[];
    return [
      ...threads.map((thread) => row(`the ${thread} thread, for each probe`, 'ms', [each(THREAD_NAMES[thread])])),
      row("V8's threads beside them, for each probe", 'ms', [each(HELPERS)]),
      ...threads.flatMap((thread) => {
        const { causes, parts } = sharesOf(profiles, thread, window);
        const told = TOLD[thread];
        return [
          ...rowsOf(`${thread}, for`, parts.slice(0, told.parts)),
          ...rowsOf(`${thread}:`, causes.slice(0, told.causes)),
        ];
      }),
    ];
  },
};

function rowsOf(head: string, shares: readonly Share[]): readonly Row[] {
  return shares.map(([name, share]) => row(`${head} ${name}`, '%', [share * 100]));
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
