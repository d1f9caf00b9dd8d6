/** A data folder whose ledger has a month of known probes, and a configuration for it. */
import { join } from 'node:path';
import { monthRange } from '../../src/domain/time/calendar.ts';
import { folderWith } from '../adapters/config-file/folder.ts';
import { opened } from '../adapters/sqlite/support.ts';
import { fill, HEALTHY, type Plan, type Truth } from '../bench/generate-ledger.ts';

/** Long over by any clock. */
export const MONTH = '2025-06';

export interface MonthLedger {
  readonly config: string;
  readonly folder: string;
  readonly truths: readonly Truth[];
}

/** Gone when the test ends. `providers` are lines of YAML; by default `acme` alone, at a port where nobody answers. */
export async function monthLedger(
  plan: Partial<Plan> | null = {},
  files: Readonly<Record<string, string>> = {},
  providers = '  - { name: acme, submission: { host: 127.0.0.1, port: 1, security: none, from: probe@acme.example } }',
): Promise<MonthLedger> {
  const root = await folderWith({
    'mailflow.yml': `data_folder: data
http: { listen: 127.0.0.1:0 }
sink: { hostname: probe.example.org, listen: 127.0.0.1:0 }
providers:
${providers}
`,
    ...files,
  });
  const folder = join(root, 'data');
  const config = join(root, 'mailflow.yml');
  if (plan === null) return { config, folder, truths: [] };
  const ledger = await opened(folder);
  const truths = await fill(ledger, {
    provider: 'acme',
    paths: ['send', 'receive'],
    ...monthRange(MONTH, 'Asia/Shanghai'),
    everySeconds: 900,
    seed: 7,
    perMille: HEALTHY,
    ...plan,
  });
  await ledger.close();
  return { config, folder, truths };
}
