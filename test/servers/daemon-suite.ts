/** What the suites about daemons share: a provider that they measure, and a folder, a configuration and a daemon for each test. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { temporaryFolder, writeConfiguration } from './agent-settings.ts';
import { type Daemon, startDaemon } from './command.ts';
import { untilReady } from './daemon-client.ts';
import { type Provider, startProvider } from './provider.ts';

export interface DaemonSuite {
  /** From the first test on. */
  readonly provider: Provider;
  /** Called when the test is over, the last one first. */
  readonly closers: (() => Promise<unknown>)[];
  /** Removed when the test is over. */
  folder(): Promise<string>;
  /** A configuration file in a folder of its own. */
  configuration(change?: (text: string) => string): Promise<string>;
  /** Ready, and killed when the test is over. */
  start(config: string, environment?: NodeJS.ProcessEnv): Promise<Daemon>;
}

/** To be called where a suite is described. */
export function daemonSuite(start: () => Promise<Provider> = () => startProvider()): DaemonSuite {
  let provider: Provider;
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    provider = await start();
  });
  afterAll(async () => provider.stop());
  afterEach(async () => {
    provider.releaseQueue();
    for (const close of closers.splice(0).toReversed()) await close();
  });
  return {
    get provider() {
      return provider;
    },
    closers,
    async folder() {
      const folder = await temporaryFolder();
      closers.push(() => folder.remove());
      return folder.path;
    },
    async configuration(change) {
      return writeConfiguration(provider, await this.folder(), change);
    },
    async start(config, environment) {
      const daemon = await startDaemon(config, environment);
      closers.push(() => daemon.end('SIGKILL'));
      await untilReady(daemon);
      return daemon;
    },
  };
}
