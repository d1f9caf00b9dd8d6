/** `demo`: the agent against an embedded provider, nothing to install, nothing sent outside this machine. */
import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLog, localSpotChecker } from '../app.ts';
import { type Demo, startDemo } from '../demo/demo.ts';
import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { HostPort } from '../domain/settings.ts';
import { type Format, formatOption, printViews } from './check.ts';
import { checkAll } from './check-all.ts';
import { runDemoTable } from './demo-table.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { stopOnSignal, stopSignal } from './signals.ts';

interface DemoArguments {
  readonly once?: boolean;
  readonly format: Format;
  readonly send: number;
  readonly receive: number;
  readonly internal: number;
  readonly every: number;
  readonly host: string;
  readonly port: number;
}

/** Milliseconds a single check may take beyond the delay it was given. */
const PATIENCE = 30_000;
const LOOPBACK = '127.0.0.1';
/** Seconds. Faster than this the table cannot be read, and the machine measures itself. */
const EVERY_MIN = 0.2;
const SECONDS_MAX = 86_400;

export function demoCommand(): Command {
  const delay = (path: Path, seconds: number): Option =>
    new Option(`--${path} <seconds>`, `delay that the provider gives to mail on the path ${path}`)
      .argParser(secondsReader(0))
      .default(seconds);
  return new Command('demo')
    .description('measure an embedded provider whose delays can be set; writes nothing outside a temporary folder')
    .option('--once', 'check each path once and exit, as `check` does')
    .addOption(formatOption())
    .addOption(delay('send', 0.5))
    .addOption(delay('receive', 0.3))
    .addOption(delay('internal', 0.2))
    .addOption(
      new Option('--every <seconds>', 'mean gap between two probes on each path')
        .argParser(secondsReader(EVERY_MIN))
        .default(3),
    )
    .addOption(new Option('--host <address>', 'address of the page').argParser(readAddress).default(LOOPBACK))
    .addOption(new Option('--port <port>', 'port of the page').argParser(readPort).default(9825))
    .action(demo);
}

async function demo(options: DemoArguments, command: Command): Promise<void> {
  if (options.once === true) return printViews(await checkOnce(options), options.format);
  if (command.getOptionValueSource('format') === 'cli')
    throw new ExitWith(EXIT_USAGE, ['--format must come with --once: without it the demo goes on and prints a table']);
  const stopped = stopSignal('SIGHUP');
  await using started = await start(options, options.every, options);
  await runDemoTable(started.demo, process.stdout, stopped);
}

async function checkOnce(options: DemoArguments): Promise<readonly ProbeView[]> {
  const stop = stopOnSignal();
  await using started = await start(options, null, { host: LOOPBACK, port: 0 });
  const { control, ready } = started.demo.agent;
  await ready(PATIENCE);
  const ms = Math.max(options.send, options.receive, options.internal) * 1000 + PATIENCE;
  return await checkAll(localSpotChecker(control), control.routes(), ms, stop);
}

async function start(
  { send, receive, internal }: DemoArguments,
  every: number | null,
  { host, port }: HostPort,
): Promise<AsyncDisposable & { readonly demo: Demo }> {
  const log = createLog('warn', 'demo');
  const demo = await startDemo({ delays: { send, receive, internal }, every, listen: { host, port }, log });
  return { demo, [Symbol.asyncDispose]: () => demo.close() };
}

function secondsReader(min: number): (text: string) => number {
  return (text) => {
    const seconds = text.trim() === '' ? Number.NaN : Number(text);
    if (!(seconds >= min && seconds <= SECONDS_MAX))
      throw new InvalidArgumentError(`It must be seconds from ${min} to ${SECONDS_MAX}.`);
    return seconds;
  };
}

/** A container's page must be seen from outside of it; what sends mail stays with loopback, for the demo has no token. */
function readAddress(text: string): string {
  if (isIP(text) === 0)
    throw new InvalidArgumentError('It must be an IP address, such as 0.0.0.0 for all of this host.');
  return text;
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It must be a port from 0 to 65535.');
  return Number(text);
}
