/** `demo`: the agent against an embedded provider, nothing to install, nothing sent outside this machine. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLog, localSpotChecker, systemClock } from '../app.ts';
import { startDemo } from '../demo/demo.ts';
import type { Path } from '../domain/probe.ts';
import { checkAll, exitCodeOf, type Format, formatOption, formatViews } from './check.ts';
import { runDemoTable } from './demo-table.ts';
import { endWith } from './exit.ts';
import { stopSignal } from './run.ts';

interface DemoArguments {
  readonly once?: boolean;
  readonly format: Format;
  readonly send: number;
  readonly receive: number;
  readonly internal: number;
  readonly every: number;
  readonly port: number;
}

/** Milliseconds a single check may take beyond the delay it was given. */
const PATIENCE = 30_000;
const HOST = '127.0.0.1';

export function demoCommand(): Command {
  const delay = (path: Path, seconds: number): Option =>
    new Option(`--${path} <seconds>`, `delay that the provider gives to mail on the path ${path}`)
      .argParser(readSeconds)
      .default(seconds);
  return new Command('demo')
    .description('measure an embedded provider whose delays can be set; writes nothing outside a temporary folder')
    .option('--once', 'check each path once and exit, as `check` does')
    .addOption(formatOption())
    .addOption(delay('send', 0.5))
    .addOption(delay('receive', 0.3))
    .addOption(delay('internal', 0.2))
    .addOption(
      new Option('--every <seconds>', 'mean gap between two probes on each path').argParser(readSeconds).default(3),
    )
    .addOption(new Option('--port <port>', 'port of the page on loopback').argParser(readPort).default(9825))
    .action(demo);
}

async function demo(options: DemoArguments): Promise<void> {
  const { send, receive, internal, every, port } = options;
  const log = createLog('warn', 'demo');
  const delays = { send, receive, internal };
  if (options.once !== true) {
    const stopped = stopSignal();
    await using running = disposable(
      await startDemo({ delays, every: Math.max(every, 0.2), listen: { host: HOST, port }, log }),
    );
    const clock = systemClock();
    await runDemoTable(running.value, process.stdout, clock, stopped);
    clock.close();
    return;
  }
  await using running = disposable(await startDemo({ delays, every: null, listen: { host: HOST, port: 0 }, log }));
  const { control, ready } = running.value.agent;
  await ready(PATIENCE);
  const views = await checkAll(
    localSpotChecker(control),
    control.routes(),
    Math.max(send, receive, internal) * 1000 + PATIENCE,
  );
  process.stdout.write(await formatViews(views, options.format));
  endWith(exitCodeOf(views));
}

function disposable<T extends { close(): Promise<void> }>(value: T): AsyncDisposable & { readonly value: T } {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0 || seconds > 86_400)
    throw new InvalidArgumentError('it must be seconds from 0 to 86400.');
  return seconds;
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('it must be a port from 0 to 65535.');
  return Number(text);
}
