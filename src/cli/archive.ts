/** `ledger archive`: writes old months as signed bundles, proves them, and takes them out of the ledger. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type ArchivePlan,
  configurationDigest,
  cutArchive,
  hasEntry,
  planArchive,
  readSigner,
  resumeArchive,
  systemClock,
  unfinishedArchive,
  VERSION,
  verifyDerived,
  verifyLedger,
  writeBundle,
} from '../app.ts';
import type { ArchivedBundle, LedgerArchived } from '../domain/event.ts';
import type { Matter } from '../domain/report/report.ts';
import type { Settings } from '../domain/settings.ts';
import type { Month } from '../domain/time/calendar.ts';
import type { Instant } from '../domain/time/instant.ts';
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

export async function archiveLedger({ config, before, to }: ArchiveArguments): Promise<void> {
  const month = readMonth(before, '--before');
  const { settings } = await loadSettings(config, 'write-nothing');
  const { dataFolder } = settings;
  await mustHold(dataFolder, 'nothing was archived');
  const clock = systemClock();
  const turn = (): Promise<void> => clock.sleep(TURN_MS);
  try {
    const unfinished = await unfinishedArchive(dataFolder);
    if (unfinished !== null) {
      for (const bundle of unfinished.bundles) await mustBeThere(to, bundle);
      await resumeArchive(dataFolder, turn);
      await print(goneLine(unfinished));
    }
    if (unfinished?.month !== month) await archiveBefore(month, settings, { config, before, to }, clock.now(), turn);
  } finally {
    clock.close();
  }
  await mustHold(dataFolder, 'the bundles are whole: keep them, and a copy of the ledger');
}

async function archiveBefore(
  month: Month,
  settings: Settings,
  { config, to }: ArchiveArguments,
  at: Instant,
  turn: () => Promise<void>,
): Promise<void> {
  const matters = await mattersOf(settings, month, at.wallMs, { config }, '--before');
  const { bundles: spans, ...plan } = await planArchive(settings.dataFolder, month, matters);
  await mkdir(to, { recursive: true, mode: 0o700 });
  const bundles: ArchivedBundle[] = [];
  for (const span of spans) bundles.push(await archiveMonth(settings, matters, to, span));
  const archive = { month, ...plan, bundles };
  await cutArchive(settings.dataFolder, archive, at, turn);
  await print(goneLine(archive));
}

function goneLine({ month, upTo }: Pick<LedgerArchived, 'month' | 'upTo'>): string {
  return `entries up to ${upTo.seq} are archived and gone, the ledger begins in time for ${month}; its file keeps its size and fills again\n`;
}

/** Exits 2 unless the folder has the bundle, byte for byte: what goes is nowhere else. */
async function mustBeThere(to: string, { month, sha256 }: ArchivedBundle): Promise<void> {
  const file = join(to, `${month}.bundle`);
  if (existsSync(file) && (await sha256Of(file)) === sha256) return;
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

/** Writes the month's bundle and proves it; one that an earlier try left there will do if it has all that it must. */
async function archiveMonth(
  settings: Settings,
  matters: readonly Matter[],
  to: string,
  { month, ...span }: ArchivePlan['bundles'][number],
): Promise<ArchivedBundle> {
  const file = join(to, `${month}.bundle`);
  const signer = await readSigner(settings.dataFolder);
  if (!existsSync(file)) {
    const request = {
      ...{ agent: settings.agent, version: VERSION, month, span },
      ...{ matters: matters.map((matter) => ({ ...matter, month })), configuration: configurationDigest(settings) },
    };
    const part = `${file}.part`;
    await rm(part, { force: true });
    const write = (line: (text: string) => Promise<void>): Promise<unknown> =>
      writeBundle(settings.dataFolder, request, signer, line);
    await writeNewFile(part, async (line) => void (await write(line)), '--to');
    await rename(part, file);
    await sync(to);
  }
  const { ok, bundle } = await checkBundle(file, signer.publicKey);
  const { firstSeq = 0, lastSeq = 0, head = '' } = bundle?.chain ?? {};
  const isWhole = bundle?.month === month && firstSeq <= span.firstSeq && lastSeq >= (span.lastSeqs[0] ?? 0);
  if (!ok || !isWhole || !(await hasEntry(settings.dataFolder, { seq: lastSeq, hash: head }))) {
    const rule = `a bundle of this ledger's ${month} that holds, with entries from ${span.firstSeq} on`;
    throw new ExitWith(EXIT_BROKEN, [`${file} must be ${rule}, is not: nothing was archived; ledger verify says more`]);
  }
  const sha256 = await sha256Of(file);
  await print(`${file}: ${month}, entries ${firstSeq} to ${lastSeq}, sha256 ${sha256}\n`);
  return { month, sha256, firstSeq, lastSeq };
}

/** A new name in the folder is on the disk before anything is deleted. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
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
