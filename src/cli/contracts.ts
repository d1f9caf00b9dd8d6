/** The contracts that the configuration's providers are held to, by name. */
import { findContract } from '../app.ts';
import type { ContractTerms } from '../domain/contract-terms.ts';
import type { Settings } from '../domain/settings.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';

/** Where nothing says which contract, as with a ledger without its configuration. */
export const DEFAULT_CONTRACT = 'enterprise-mail-sla';

/** Ends the command with everything that is wrong with it. */
export async function loadContract(name: string, config: string | null): Promise<ContractTerms> {
  const result = await findContract(name, config);
  if (result.ok) return result.terms;
  throw new ExitWith(
    EXIT_USAGE,
    result.problems.map(({ message }) => message),
  );
}

/** Those of all providers, by the provider's name. Ends the command with everything that is wrong with any of them. */
export async function loadContracts(
  { providers }: Settings,
  config: string,
): Promise<ReadonlyMap<string, ContractTerms>> {
  const names = [...new Set(providers.map(({ contract }) => contract))];
  const results = await Promise.all(names.map((name) => findContract(name, config)));
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
  if (problems.length > 0) {
    throw new ExitWith(
      EXIT_USAGE,
      problems.map(({ message }) => message),
    );
  }
  const terms = new Map(results.flatMap((result) => (result.ok ? [[result.terms.name, result.terms]] : [])));
  return new Map(
    providers.flatMap(({ name, contract }) => {
      const found = terms.get(contract);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}
