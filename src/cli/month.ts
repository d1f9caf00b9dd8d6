/** Reading a calendar month from the command line, and what it is in the time zone of a contract. */

import type { ContractTerms } from '../domain/contract-terms.ts';
import type { Matter } from '../domain/report/report.ts';
import { type Month, monthRange, parseMonth } from '../domain/time/calendar.ts';
import { localText } from '../domain/time/local-time.ts';
import { DEFAULT_CONTRACT, loadContract } from './contracts.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { loadSettings } from './settings.ts';

export interface MonthRange {
  /** First millisecond, and the first after it. */
  readonly fromMs: number;
  readonly toMs: number;
}

export type MonthOption = '--month' | '--before';

/** `2026-11`. Exits 3 on anything else. */
export function readMonth(text: string, option: MonthOption = '--month'): Month {
  const parsed = parseMonth(text);
  if (!parsed.ok) throw new ExitWith(EXIT_USAGE, [`${option} ${parsed.problem}`]);
  return parsed.month;
}

/** Exits 3 if what an option asks for, a month or a year that begins with `month`, is still to come. */
export function refuseFuture(
  option: MonthOption | '--year',
  asked: string,
  { month, contract: { timeZone }, nowMs }: Pick<Matter, 'month' | 'contract' | 'nowMs'>,
): void {
  const { fromMs } = monthRange(month, timeZone);
  if (fromMs <= nowMs) return;
  throw new ExitWith(EXIT_USAGE, [
    `${option} must have begun, is ${asked}, which begins at ${localText(fromMs, timeZone)} (${timeZone})`,
  ]);
}

/**
 * The month of a whole ledger: in the one time zone of the configuration's contracts, or, where no configuration is read, in that of
 * the default contract. Exits 3 if the contracts have several.
 */
export async function ledgerMonth(text: string, config: string | null): Promise<MonthRange> {
  const month = readMonth(text);
  const names = config === null ? [DEFAULT_CONTRACT] : await contractNames(config);
  const contracts = await Promise.all(names.map((name) => loadContract(name, config)));
  const [zone, ...others] = new Set(contracts.map(({ timeZone }: ContractTerms) => timeZone));
  if (zone === undefined || others.length > 0) {
    const rule = "--month must be the same time for all providers, their contracts' time zones are";
    throw new ExitWith(EXIT_USAGE, [`${rule} ${[zone, ...others].join(' and ')}`]);
  }
  return monthRange(month, zone);
}

async function contractNames(config: string): Promise<readonly string[]> {
  const { settings } = await loadSettings(config, 'write-nothing');
  return [...new Set(settings.providers.map(({ contract }) => contract))];
}
