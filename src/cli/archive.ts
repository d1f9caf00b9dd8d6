/** `ledger archive`: writes old months as signed bundles, proves them, and takes them out of the ledger. */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import {
  type ArchivePlan,
  acquireArchive,
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
import { bundleFile, sha256Of, whyNotThere } from './archived-bundles.ts';
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
  const release = await acquireArchive(dataFolder);
  const clock = systemClock();
  try {
    const unfinished = await unfinishedArchive(dataFolder);
    if (unfinished !== null) {
      for (const bundle of unfinished.bundles) await mustBeThere(to, bundle);
      await keepOnDisk(to, unfinished.bundles, [to]);
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
  const created = await mkdir(to, { recursive: true, mode: 0o700 });
  const old = await readdir(to);
  try {
    const bundles: ArchivedBundle[] = [];
    for (const span of spans) bundles.push(await archiveMonth(settings, matters, to, span));
    const months = await monthsOf(settings, going);
    await keepOnDisk(to, bundles, foldersUpTo(to, created));
    const archive = { month, ...plan, bundles, months };
    await cutArchive(settings.dataFolder, archive, () => clock.now(), turnsOf(clock));
    await print(goneLine(archive));
  } catch (error) {
    // Nothing went, and what was written in vain would be in the way of the next try.
    if (error instanceof Error && 'code' in error && error.code === 'CHANGED')
      for (const file of spans.map((span) => bundleFile(to, span.month)))
        if (!old.includes(basename(file))) await rm(file, { force: true });
    throw error;
  }
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

/** Exits 2 unless the folder has the bundle: what goes is nowhere else. */
async function mustBeThere(to: string, bundle: ArchivedBundle): Promise<void> {
  const why = await whyNotThere(to, bundle);
  if (why === null) return;
  throw new ExitWith(EXIT_BROKEN, [
    `an archive was broken off, and before it goes on ${why}: nothing more was deleted`,
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
  const file = bundleFile(to, month);
  const signer = await readSigner(dataFolder);
  const matters = held.map((matter) => ({ ...matter, month }));
  const isOld = existsSync(file);
  if (!isOld) {
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
  const manifest = await readManifest(file);
  if (!ok || manifest === null || !isWhole || !(await hasEntry(dataFolder, { seq: lastSeq, hash: head })))
    throw unfit(file, `a bundle of this ledger's ${month} that holds, with entries from ${span.firstSeq} on, is not`);
  const difference = await differenceNow(dataFolder, manifest, matters);
  if (difference !== null && isOld) throw unfit(file, `what the ledger says of ${month} now, differs in ${difference}`);
  if (difference !== null) throw changed(month, difference);
  const sha256 = await sha256Of(file);
  await print(`${file}: ${month}, entries ${firstSeq} to ${lastSeq}, sha256 ${sha256}\n`);
  return { month, sha256, firstSeq, lastSeq };
}

/** As cutArchive says it, of what came between the writing of a bundle and its proof. */
function changed(month: Month, difference: string): Error {
  const rule = 'what is archived must not change before it is gone';
  const text = `${rule}, ${difference} of ${month} did by what came meanwhile: nothing was deleted, run it again`;
  return Object.assign(new Error(text), { code: 'CHANGED' });
}

function unfit(file: string, rule: string): ExitWith {
  return new ExitWith(EXIT_BROKEN, [
    `${file} must be ${rule}: nothing more was archived; ledger verify says more, and without that file it is written anew`,
  ]);
}

/** Before anything is deleted: also what an earlier try wrote may not be there yet. */
async function keepOnDisk(to: string, bundles: readonly ArchivedBundle[], folders: readonly string[]): Promise<void> {
  for (const { month } of bundles) await sync(bundleFile(to, month));
  for (const folder of folders) await sync(folder);
}

/** The folder, and those above it up to the one in which the first was created. */
function foldersUpTo(to: string, created: string | undefined): readonly string[] {
  const folders = [resolve(to)];
  const last = created === undefined ? resolve(to) : dirname(resolve(created));
  for (let folder = resolve(to); folder !== last && folder !== dirname(folder); ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
