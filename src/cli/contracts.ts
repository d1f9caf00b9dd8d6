/** The contracts that the configuration's providers are held to, by name. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readContract } from '../app.ts';
import type { ContractTerms } from '../domain/contract-terms.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';

/** Where nothing says which contract, as with a ledger without its configuration. */
export const DEFAULT_CONTRACT = 'enterprise-mail-sla';

const ENDING = '.yml';
/** From src/cli and dist/cli alike. */
const SHIPPED = fileURLToPath(new URL('../../config/contracts/', import.meta.url));

/**
 * The contract of a name: `contracts/NAME.yml` beside the configuration file, or one that came with the program.
 * Ends the command with everything that is wrong with it.
 */
export async function loadContract(name: string, config: string | null): Promise<ContractTerms> {
  const own = config === null ? null : join(dirname(config), 'contracts', `${name}${ENDING}`);
  const file = [own, join(SHIPPED, `${name}${ENDING}`)].find((each) => each !== null && existsSync(each));
  if (file === undefined || file === null) {
    const known = readdirSync(SHIPPED)
      .filter((each) => each.endsWith(ENDING))
      .map((each) => each.slice(0, -ENDING.length));
    const rule = `contract must be one of ${known.join(', ')}, or have a file ${own === null ? '' : relative('', own)}`;
    throw new ExitWith(EXIT_USAGE, [`${rule}, is ${name}`]);
  }
  const result = await readContract(file);
  if (result.ok) return result.terms;
  throw new ExitWith(
    EXIT_USAGE,
    result.problems.map(({ message }) => message),
  );
}
