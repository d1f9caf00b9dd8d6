/** Finds the contract of a name: one's own beside the configuration, or one that came with the program. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReadContractResult, readContract } from './contract.ts';

const ENDING = '.yml';
/** From src/adapters/config-file and dist/adapters/config-file alike. */
const SHIPPED = fileURLToPath(new URL('../../../config/contracts/', import.meta.url));

/** `contracts/NAME.yml` beside the configuration file, or one that came with the program; without a file that is a problem as any other. */
export async function findContract(name: string, config: string | null): Promise<ReadContractResult> {
  const own = config === null ? null : join(dirname(config), 'contracts', `${name}${ENDING}`);
  const file = [own, join(SHIPPED, `${name}${ENDING}`)].find((each) => each !== null && existsSync(each));
  if (file !== undefined && file !== null) return readContract(file);
  const known = readdirSync(SHIPPED)
    .filter((each) => each.endsWith(ENDING))
    .map((each) => each.slice(0, -ENDING.length));
  const rule = `must be one of ${known.join(', ')}, or have a file ${own === null ? '' : relative('', own)}`;
  const message = `contract ${rule}, is ${name}`;
  return { ok: false, problems: [{ file: config ?? '', line: null, key: 'contract', rule, value: name, message }] };
}
