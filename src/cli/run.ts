/** `run`: the daemon. */
import { Command } from 'commander';
import { createLog, openAgent, VERSION } from '../app.ts';
import { configOption, loadSettings } from './settings.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('measure as scheduled, and serve metrics and spot checks over HTTP')
    .addOption(configOption())
    .action(run);
}

async function run({ config }: { config: string }): Promise<void> {
  const stopped = stopSignal();
  const settings = await loadSettings(config);
  const log = createLog(settings.log.level, settings.agent);
  const agent = await openAgent(settings, { log, as: 'daemon' });
  const { host, port } = agent.sinkAddress;
  log.info('started', { version: VERSION, http: agent.url, sink: `${host}:${port}`, routes: settings.routes.length });
  log.info('stopping', { signal: await stopped });
  await agent.close();
  log.info('stopped');
  // A server may owe us the reply to a message for ten minutes yet; the next start takes that probe up again.
  process.exit(0);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}
