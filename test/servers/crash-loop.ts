/** Kills the daemon again and again while it sends through real servers, and counts what that did to its books. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compareProjection, verifyLedger } from '../../src/adapters/sqlite/verify.ts';
import { decodeEvent } from '../../src/domain/codec.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { seededUniform } from '../../src/domain/pseudo-random.ts';
import { OUTCOMES, type Outcome, outcomeOf } from '../../src/domain/record.ts';
import { temporaryFolder, writeConfiguration } from './agent-settings.ts';
import { run, type Spawned, spawnDaemon, startDaemon } from './command.ts';
import { audit, type CrashFacts, foldExport, isAwaited, type LedgerBooks, probesIn, readBooks } from './crash-audit.ts';
import { maildirFiles } from './maildir.ts';
import type { Provider } from './provider.ts';

export interface CrashOptions {
  readonly kills: number;
  readonly seed: string;
  /** Minutes after which no further kill comes. */
  readonly minutes?: number;
  /** Told of each kill. */
  readonly onKill?: (line: string) => void;
}

/** Where in its life a daemon is killed. */
const MOMENTS = ['starting', 'running', 'stopping'] as const;
type Moment = (typeof MOMENTS)[number];

export interface CrashReport {
  readonly kills: Readonly<Record<Moment, number>>;
  readonly probes: Readonly<Record<Outcome, number>>;
  readonly entries: number;
  /** Probes of which the sink got a second copy, since it died before its 250. */
  readonly duplicated: number;
  readonly interrupted: number;
  readonly seconds: number;
  /** What is wrong; nothing if all holds. */
  readonly findings: readonly string[];
}

/** As fast as the configuration lets a route be. */
const ROUTES = PATHS.map((path) => `  - {provider: corp, path: ${path}, every: 10s, min_gap: 1s}`).join('\n');
/** Milliseconds. A start takes about a second on a machine with nothing else to do. */
const START_MS = 1200;
const RUN_MS = 1500;
const STOP_MS = 300;
/** Milliseconds between two orders. */
const ORDER_EVERY = 40;
/** Milliseconds. A message that Postfix finds locked by an attempt under way waits 300 s for the next. */
const SETTLE_MAX = 400_000;
const SETTLE_EVERY = 1000;
/** Milliseconds until the watcher finds that nothing presses and deletes what is ours. */
const CLEAN_UP_MAX = 60_000;

const OTHERS = Array.from(
  { length: 20 },
  (_, index) =>
    `From: other@else.example\r\nSubject: mail ${index}\r\nMessage-ID: <${index}@else.example>\r\n\r\nhello ${index}\r\n`,
);

/** Ends with every daemon stopped. `provider` must be fresh, with its queue empty. */
export async function crashLoop(provider: Provider, options: CrashOptions): Promise<CrashReport> {
  const folder = await temporaryFolder();
  const config = await writeConfiguration(provider, folder.path, (text) => `${text}routes:\n${ROUTES}\n`);
  await provider.dropMessages('alice', OTHERS);
  const from = performance.now();
  const orders = orderAlways(options.seed);
  const started: Spawned[] = [];
  try {
    const { kills, killsUs } = await killAlways(config, options, orders, (daemon) => void started.push(daemon));
    orders.aim(null);
    // Without routes: else something is always on its way.
    await writeConfiguration(provider, folder.path);
    const daemon = await startDaemon(config);
    started.push(daemon);
    await settle(provider, config);
    const stored = await cleanedUp(provider);
    await daemon.end('SIGTERM');
    const ledger = await exported(config);
    const books = readBooks(await maillogOf(provider));
    const facts: CrashFacts = { ledger, books, stored, promised: orders.promised, killsUs };
    const findings = [...audit(facts), ...(await brokenLedger(config, folder.path)), ...(await touched(provider))];
    return { ...summary(ledger), kills, findings, seconds: (performance.now() - from) / 1000 };
  } finally {
    await orders.close();
    await started.at(-1)?.end('SIGKILL');
    await folder.remove();
  }
}

async function killAlways(
  config: string,
  { kills, seed, minutes = Number.POSITIVE_INFINITY, onKill = () => {} }: CrashOptions,
  orders: Orders,
  onStart: (daemon: Spawned) => void,
): Promise<{ readonly kills: Readonly<Record<Moment, number>>; readonly killsUs: readonly number[] }> {
  const uniform = seededUniform(seed);
  const done: Record<Moment, number> = { starting: 0, running: 0, stopping: 0 };
  const killsUs: number[] = [];
  const until = performance.now() + minutes * 60_000;
  for (let count = 1; count <= kills && performance.now() < until; count += 1) {
    const drawn = uniform();
    const moment: Moment = drawn < 0.25 ? 'starting' : drawn < 0.8 ? 'running' : 'stopping';
    const [first, second] = [uniform(), uniform()];
    const daemon = spawnDaemon(config);
    onStart(daemon);
    if (moment === 'starting') await sleep(first * START_MS);
    else {
      orders.aim(await daemon.serving);
      await sleep(first * RUN_MS);
      if (moment === 'stopping') {
        daemon.process.kill('SIGTERM');
        // Squared: a daemon with nothing under way has stopped within some milliseconds.
        await sleep(second ** 2 * STOP_MS);
      }
    }
    killsUs.push(Number(process.hrtime.bigint() / 1000n));
    const { signal } = await daemon.end('SIGKILL');
    orders.aim(null);
    done[moment] += 1;
    onKill(`${count}/${kills} ${moment}${signal === null ? ', had stopped by itself' : ''}`);
  }
  return { kills: done, killsUs };
}

interface Orders {
  /** Where to order from now on; null pauses. */
  aim(url: string | null): void;
  /** Ids that a daemon gave out. */
  readonly promised: readonly string[];
  close(): Promise<void>;
}

/** Orders spot checks one after another, on a path by chance, from whatever daemon there is. */
function orderAlways(seed: string): Orders {
  const uniform = seededUniform(`${seed} orders`);
  const promised: string[] = [];
  let target: string | null = null;
  let closed = false;
  const order = async (url: string): Promise<void> => {
    const path = PATHS[Math.floor(uniform() * PATHS.length)];
    const response = await fetch(`${url}/api/v1/probes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'corp', path }),
    });
    if (response.status === 202) promised.push(((await response.json()) as { id: string }).id);
  };
  const loop = (async () => {
    while (!closed) {
      // A daemon that dies under an order has promised nothing.
      if (target !== null) await order(target).catch(() => undefined);
      await sleep(ORDER_EVERY);
    }
  })();
  return {
    promised,
    aim: (url) => {
      target = url;
    },
    async close() {
      closed = true;
      await loop;
    },
  };
}

/** Waits until nothing is on its way any more. */
async function settle(provider: Provider, config: string): Promise<void> {
  const until = performance.now() + SETTLE_MAX;
  while (performance.now() < until) {
    await sleep(SETTLE_EVERY);
    const { records } = await exported(config);
    const books = readBooks(await maillogOf(provider));
    if (![...records.values()].some((record) => isAwaited(record, books))) return;
  }
}

/** The probes left in the mailbox, once there is one or none, or patience ends. */
async function cleanedUp(provider: Provider): Promise<readonly string[]> {
  const until = performance.now() + CLEAN_UP_MAX;
  for (;;) {
    const stored = await probesIn(await provider.maildirFiles('alice'));
    if (stored.length <= 1 || performance.now() > until) return stored;
    await sleep(SETTLE_EVERY);
  }
}

async function exported(config: string): Promise<LedgerBooks> {
  const { code, stdout, stderr } = await run(['ledger', 'export', '-c', config]);
  if (code !== 0) throw new Error(`ledger export failed: ${stderr}`);
  return foldExport(stdout, decodeEvent);
}

function maillogOf(provider: Provider): Promise<string> {
  return readFile(join(provider.root, 'maillog'), 'utf8');
}

async function brokenLedger(config: string, folder: string): Promise<readonly string[]> {
  const { code, stderr } = await run(['ledger', 'verify', '-c', config]);
  const data = join(folder, 'data');
  const [chain, projection] = [await verifyLedger(data), await compareProjection(data)];
  return [
    code === 0 ? [] : `ledger: verify ends with ${code}: ${stderr}`,
    chain.ok ? [] : `ledger: entry ${chain.seq}: ${chain.reason}`,
    projection.ok ? [] : `ledger: ${projection.difference}`,
  ].flat();
}

/** Other people's mail is where it was, as it was, and unread. */
async function touched(provider: Provider): Promise<readonly string[]> {
  const files = await maildirFiles(join(provider.root, 'mail', provider.user('alice').username, 'Maildir'));
  const texts = new Map(
    await Promise.all(files.map(async (file) => [await readFile(file.path, 'latin1'), file] as const)),
  );
  return OTHERS.flatMap((text, index) => {
    const file = texts.get(text);
    if (file === undefined) return [`others: mail ${index} is gone or was changed`];
    return file.folder !== 'INBOX' || /:2,[A-Z]/.test(file.path) ? [`others: mail ${index} is now ${file.path}`] : [];
  });
}

function summary({
  entries,
  records,
}: LedgerBooks): Pick<CrashReport, 'probes' | 'entries' | 'duplicated' | 'interrupted'> {
  const all = [...records.values()];
  const count = (outcome: Outcome) => all.filter((record) => outcomeOf(record) === outcome).length;
  return {
    probes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)])) as Record<Outcome, number>,
    entries: entries.length,
    duplicated: all.filter(({ duplicates }) => duplicates.length > 0).length,
    interrupted: all.filter(({ interrupted }) => interrupted).length,
  };
}
