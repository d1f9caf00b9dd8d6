/** Asks DNS for DKIM keys, each time anew: c-ares, which Node runs with its cache off. */
import { Resolver } from 'node:dns/promises';
import type { KeyLookup } from '../../ports.ts';
import { isKeyRecord } from './key.ts';

/** Milliseconds for the first try, doubled with the next. */
const TRY_MS = 2000;
const TRIES = 3;
/** Characters. A key of 4096 bits takes about 750. */
const RECORD_LENGTH_MAX = 4096;

/** `servers` as `Resolver.setServers` takes them; the host's own where there are none. */
export function createKeyLookup(servers: readonly string[] = []): KeyLookup {
  return {
    async find(domain, selector, signal) {
      if (signal.aborted) return null;
      const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
      if (servers.length > 0) resolver.setServers(servers);
      const cancel = (): void => resolver.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      // NXDOMAIN and silence are one to the caller: there is no key to be had now.
      const answers = await resolver.resolveTxt(`${selector}._domainkey.${domain}`).catch(() => []);
      signal.removeEventListener('abort', cancel);
      const records = answers.map((strings) => strings.join(''));
      return records.find((record) => record.length <= RECORD_LENGTH_MAX && isKeyRecord(record)) ?? null;
    },
  };
}
