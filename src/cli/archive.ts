/** `ledger archive`: writes old months as signed bundles, proves them, and takes them out of the ledger. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type ArchivePlan,
  acquireArchive,
  archivedBundles,
  archivedMonth,
  configurationDigest,
  cutArchive,
  differenceNow,
  hasEntry,
  logOf,
  openLedger,
  planArchive,
  readManifest,
  readSigner,
  resumeArchive,
  systemClock,
  unfinishedArchive,
  VERSION,
  verifyDerived,
  verifyLedger,
  writeBundle,
} from '../app.ts';
import type { ArchivedBundle, ArchivedMonth, LedgerArchived } from '../domain/event.ts';
import { termsHash } from '../domain/report/closing.ts';
import type { Matter } from '../domain/report/report.ts';
import type { Settings } from '../domain/settings.ts';
import type { Month } from '../domain/time/calendar.ts';
import { checkBundle } from './bundle.ts';
import { ExitWith } from './exit.ts';
import { readMonth } from './month.ts';
import { print, writeNewFile } from './output.ts';
import { mattersOf } from './report.ts';
import { loadSettings } from './settings.ts';

export interface ArchiveArguments {
  readonly config: string;
  /** The first month that stays. */
  readonly before: string;
  /** The folder that the bundles go into. */
  readonly to: string;
}

/** What is in the ledger, or would be left of it, does not hold. */
const EXIT_BROKEN = 2;
/** Milliseconds between two transactions, each of which takes about as long: a daemon writes in between. */
const TURN_MS = 100;

type Clock = ReturnType<typeof systemClock>;

export async function archiveLedger({ config, before, to }: ArchiveArguments): Promise<void> {
  const month = readMonth(before, '--before');
  const { settings } = await loadSettings(config, 'write-nothing');
  const { dataFolder } = settings;
  await mustHold(dataFolder, 'nothing more was archived');
  const clock = systemClock();
  const release = await acquireArchive(dataFolder);
  try {
    const unfinished = await unfinishedArchive(dataFolder);
    if (unfinished !== null) {
      for (const bundle of unfinished.bundles) await mustBeThere(to, bundle);
      await keepOnDisk(to, unfinished.bundles);
      await resumeArchive(dataFolder, turnsOf(clock));
      await print(goneLine(unfinished));
    }
    if (unfinished?.month !== month) await archiveBefore(month, settings, { config, before, to }, clock);
  } finally {
    release();
    clock.close();
  }
  await mustHold(dataFolder, 'the bundles are whole: keep them, and a copy of the ledger');
}

async function archiveBefore(
  month: Month,
  settings: Settings,
  { config, to }: ArchiveArguments,
  clock: Clock,
): Promise<void> {
  const matters = await mattersOf(settings, month, clock.now().wallMs, { config }, '--before');
  const { bundles: spans, months: going, ...plan } = await planArchive(settings.dataFolder, month, matters);
  const created = (await mkdir(to, { recursive: true, mode: 0o700 })) ?? to;
  const bundles: ArchivedBundle[] = [];
  for (const span of spans) bundles.push(await archiveMonth(settings, matters, to, span));
  const months = await monthsOf(settings, going);
  await keepOnDisk(to, bundles, dirname(resolve(created)));
  const archive = { month, ...plan, bundles, months };
  await cutArchive(settings.dataFolder, archive, () => clock.now(), turnsOf(clock));
  await print(goneLine(archive));
}

function turnsOf(clock: Clock): () => Promise<void> {
  return () => clock.sleep(TURN_MS);
}

/** What their years say of the months that go. A bundle is judged by the terms of now, which may be others than it was closed by. */
async function monthsOf(settings: Settings, going: readonly Matter[]): Promise<readonly ArchivedMonth[]> {
  const ledger = await openLedger(settings.dataFolder, { role: 'reader', log: logOf(settings, 'error') });
  try {
    const months: ArchivedMonth[] = [];
    for (const matter of going) {
      const found = await archivedMonth(ledger, matter, VERSION);
      if (found.contract !== termsHash(matter.contract))
        await print(
          `${matter.month} of ${matter.provider}: closed by other terms, which the year keeps; its bundle is judged by those of now\n`,
        );
      months.push(found);
    }
    return months;
  } finally {
    await ledger.close();
  }
}

function goneLine({ month, upTo }: Pick<LedgerArchived, 'month' | 'upTo'>): string {
  return `entries up to ${upTo.seq} are archived and gone, the ledger begins in time for ${month}; its file keeps its size and fills again\n`;
}

/** Those of the ledger's bundles that the folder does not have, byte for byte. */
export async function missingBundles(dataFolder: string, folder: string): Promise<Missing> {
  const bundles = await archivedBundles(dataFolder);
  const lines: string[] = [];
  for (const bundle of bundles)
    if (!(await isThere(folder, bundle)))
      lines.push(`${fileOf(folder, bundle)} must be the bundle with sha256 ${bundle.sha256}, is not`);
  return { bundles: bundles.length, missing: lines };
}

export interface Missing {
  readonly bundles: number;
  /** A line for each that is not there. */
  readonly missing: readonly string[];
}

function fileOf(folder: string, { month }: Pick<ArchivedBundle, 'month'>): string {
  return join(folder, `${month}.bundle`);
}

async function isThere(folder: string, bundle: ArchivedBundle): Promise<boolean> {
  const file = fileOf(folder, bundle);
  return existsSync(file) && (await sha256Of(file)) === bundle.sha256;
}

/** Exits 2 unless the folder has the bundle: what goes is nowhere else. */
async function mustBeThere(to: string, bundle: ArchivedBundle): Promise<void> {
  if (await isThere(to, bundle)) return;
  const [file, { sha256 }] = [fileOf(to, bundle), bundle];
  throw new ExitWith(EXIT_BROKEN, [
    `an archive was broken off, and ${file} must be its bundle with sha256 ${sha256} before it goes on, is not: nothing more was deleted`,
  ]);
}

/** Chain and all that is derived: what does not hold is not cut, and was not cut wrongly. Exits 2. */
async function mustHold(folder: string, otherwise: string): Promise<void> {
  const chain = await verifyLedger(folder);
  if (!chain.ok) throw new ExitWith(EXIT_BROKEN, [`event ${chain.seq}: ${chain.reason}: ${otherwise}`]);
  const derived = await verifyDerived(folder);
  if (!derived.ok)
    throw new ExitWith(EXIT_BROKEN, [`derived tables do not hold: ${otherwise}; ledger verify says what differs`]);
}

/** Writes the month's bundle and proves it; one that an earlier try left there will do if it has all that it must, and says the same. */
async function archiveMonth(
  settings: Settings,
  held: readonly Matter[],
  to: string,
  { month, ...span }: ArchivePlan['bundles'][number],
): Promise<ArchivedBundle> {
  const { dataFolder } = settings;
  const file = fileOf(to, { month });
  const signer = await readSigner(dataFolder);
  const matters = held.map((matter) => ({ ...matter, month }));
  if (!existsSync(file)) {
    const request = {
      ...{ agent: settings.agent, version: VERSION, month, span },
      ...{ matters, configuration: configurationDigest(settings) },
    };
    const part = `${file}.part`;
    await rm(part, { force: true });
    await writeNewFile(part, async (line) => void (await writeBundle(dataFolder, request, signer, line)), '--to');
    await rename(part, file);
  }
  const { ok, bundle } = await checkBundle(file, signer.publicKey);
  const { firstSeq = 0, lastSeq = 0, head = '' } = bundle?.chain ?? {};
  const isWhole = bundle?.month === month && firstSeq <= span.firstSeq && lastSeq >= (span.lastSeqs[0] ?? 0);
  if (!ok || !isWhole || !(await hasEntry(dataFolder, { seq: lastSeq, hash: head })))
    throw unfit(file, `a bundle of this ledger's ${month} that holds, with entries from ${span.firstSeq} on, is not`);
  const manifest = await readManifest(file);
  const difference = manifest === null ? 'format' : await differenceNow(dataFolder, manifest, matters);
  if (difference !== null) throw unfit(file, `what the ledger says of ${month} now, differs in ${difference}`);
  const sha256 = await sha256Of(file);
  await print(`${file}: ${month}, entries ${firstSeq} to ${lastSeq}, sha256 ${sha256}\n`);
  return { month, sha256, firstSeq, lastSeq };
}

function unfit(file: string, rule: string): ExitWith {
  return new ExitWith(EXIT_BROKEN, [
    `${file} must be ${rule}: nothing more was archived; ledger verify says more, and without that file it is written anew`,
  ]);
}

/** Files, and all names on the way to them from that folder on, are on the disk before anything is deleted: an earlier try may have been cut off. */
async function keepOnDisk(to: string, bundles: readonly ArchivedBundle[], from = dirname(resolve(to))): Promise<void> {
  for (const bundle of bundles) await sync(fileOf(to, bundle));
  for (let folder = resolve(to); ; folder = dirname(folder)) {
    await sync(folder);
    if (folder === from || folder === dirname(folder)) return;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
