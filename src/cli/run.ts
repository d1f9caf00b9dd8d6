/** `run`: the daemon. */
import { Command } from 'commander';
import { logOf, openAgent, VERSION } from '../app.ts';
import { loadContracts } from './contracts.ts';
import { EXIT_NOT_NOW, EXIT_PART_DIED, EXIT_UNSOUND, ExitWith, endingOf, isPassing } from './exit.ts';
import { configOption, loadSettings } from './settings.ts';
import { stopSignal } from './signals.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('measure as scheduled, and serve metrics and spot checks over HTTP')
    .addOption(configOption())
    .action(run);
}

async function run({ config }: { config: string }): Promise<void> {
  const stopped = stopSignal();
  const { settings, warnings } = await loadSettings(config, 'make-key');
  const contracts = await loadContracts(settings, config);
  const log = logOf(settings);
  for (const warning of warnings) log.warn(warning);
  if (process.pid === 1)
    log.warn('the first process of a container cannot be killed if it hangs: start it under an init, such as tini');
  const agent = await openAgent(settings, { log, as: 'daemon', contracts }).catch((error: unknown) => {
    throw isPassing(error) ? new ExitWith(EXIT_NOT_NOW, endingOf(error).lines) : error;
  });
  const { host, port } = agent.sinkAddress;
  log.info('started', { version: VERSION, http: agent.url, sink: `${host}:${port}`, routes: settings.routes.length });
  const ending = await Promise.race([stopped, agent.died]);
  if (typeof ending !== 'string') {
    log.error('the agent ends, and is to be started again', { ...ending });
    throw new ExitWith(ending.kind === 'unsound' ? EXIT_UNSOUND : EXIT_PART_DIED, [ending.message]);
  }
  log.info('stopping', { signal: ending });
  await agent.close();
  log.info('stopped');
}
