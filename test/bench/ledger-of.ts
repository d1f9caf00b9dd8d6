/** Ledgers that benches share: filled once in a run, as the agent would have over days or a year. */
import { mkdirSync } from 'node:fs';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { fill, HEALTHY } from './generate-ledger.ts';

export const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** Some bad luck in a thousand, so that a report has something to tell. */
const MISHAPS = { ...HEALTHY, late: 0.05, bounced: 0.1, refused: 0.2, unmeasured: 0.5 };

export interface Filled {
  readonly probes: number;
  readonly events: number;
}

export interface Filling {
  readonly toMs: number;
  readonly days: number;
  readonly everySeconds: number;
  /** Default: yes. */
  readonly checks?: boolean;
}

/** Fills the folder with `days` up to `toMs`: a probe every `everySeconds` on three paths, and a check of three endpoints as often. */
export async function fillLedger(
  folder: string,
  provider: string,
  { toMs, days, everySeconds, checks = true }: Filling,
): Promise<Filled> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ledger = await openLedger(folder, { role: 'daemon', log: QUIET });
  try {
    const truths = await fill(ledger, {
      ...{ provider, paths: PATHS, fromMs: toMs - days * 86_400_000, toMs, knownUntilMs: toMs },
      ...{
        everySeconds,
        seed: 1,
        checkpoints: true,
        perMille: MISHAPS,
        ...(checks ? { checkSeconds: everySeconds } : {}),
      },
    });
    const probes = truths.reduce(
      // Those that were late are among the delivered.
      (sum, { delivered, mishaps }) => sum + delivered + mishaps.lost + mishaps.bounced + mishaps.refused,
      0,
    );
    return { probes, events: (await ledger.snapshot()).head.seq };
  } finally {
    await ledger.close();
  }
}
