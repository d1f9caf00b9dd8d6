/** `ledger archive`: writes old months as signed bundles, proves them, and takes them out of the ledger. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type ArchivePlan,
  configurationDigest,
  cutArchive,
  planArchive,
  readSigner,
  resumeArchive,
  systemClock,
  VERSION,
  verifyDerived,
  verifyLedger,
  writeBundle,
} from '../app.ts';
import type { ArchivedBundle } from '../domain/event.ts';
import type { BundleManifest } from '../domain/evidence/bundle.ts';
import type { Settings } from '../domain/settings.ts';
import { checkBundle } from './bundle.ts';
import { ExitWith } from './exit.ts';
import { readMonth } from './month.ts';
import { now } from './now.ts';
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
    const resumed = await resumeArchive(dataFolder, turn);
    if (resumed > 0) await print(`${resumed} entries that were archived before are gone now\n`);
    const matters = await mattersOf(settings, month, now().wallMs, { config }, '--before');
    const plan = await planArchive(dataFolder, month, matters);
    await mkdir(to, { recursive: true, mode: 0o700 });
    const bundles: ArchivedBundle[] = [];
    for (const each of plan.months) bundles.push(await archiveMonth(settings, config, to, each));
    const gone = await cutArchive(dataFolder, { month, upTo: plan.upTo, bundles }, clock.now(), turn);
    await print(
      `${gone} entries up to ${plan.upTo.seq} are archived and gone, the ledger begins in time for ${month}; its file keeps its size and fills again\n`,
    );
  } finally {
    clock.close();
  }
  await mustHold(dataFolder, 'the bundles are whole: keep them, and a copy of the ledger');
}

/** Chain and all that is derived: what does not hold is not cut, and was not cut wrongly. Exits 2. */
async function mustHold(folder: string, otherwise: string): Promise<void> {
  const chain = await verifyLedger(folder);
  if (!chain.ok) throw new ExitWith(EXIT_BROKEN, [`event ${chain.seq}: ${chain.reason}: ${otherwise}`]);
  const derived = await verifyDerived(folder);
  if (!derived.ok)
    throw new ExitWith(EXIT_BROKEN, [`derived tables do not hold: ${otherwise}; ledger verify says what differs`]);
}

async function archiveMonth(
  settings: Settings,
  config: string,
  to: string,
  { month, firstSeq, lastSeq }: ArchivePlan['months'][number],
): Promise<ArchivedBundle> {
  const file = join(to, `${month}.bundle`);
  const matters = await mattersOf(settings, month, now().wallMs, { config });
  const request = {
    ...{ agent: settings.agent, version: VERSION, month, matters },
    ...{ configuration: configurationDigest(settings), span: { firstSeq, lastSeq } },
  };
  const signer = await readSigner(settings.dataFolder);
  let written: BundleManifest | null = null;
  await writeNewFile(
    file,
    async (write) => {
      written = await writeBundle(settings.dataFolder, request, signer, write);
    },
    '--to',
  );
  const { chain } = written as unknown as BundleManifest;
  if (!(await checkBundle(file, signer.publicKey)).ok)
    throw new ExitWith(EXIT_BROKEN, [`${file} does not hold, nothing was archived: ledger verify says why`]);
  const sha256 = await sha256Of(file);
  await print(`${file}: ${month}, entries ${chain.firstSeq} to ${chain.lastSeq}, sha256 ${sha256}\n`);
  return { month, sha256, firstSeq: chain.firstSeq, lastSeq: chain.lastSeq };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
