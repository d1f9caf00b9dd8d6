/** `check`: one spot check of each path, with progress on a terminal, a result to read, and an exit code to act on. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { logOf, openSpotChecker, renderProbeMetrics, routesOf } from '../app.ts';
import { PATHS, type Path } from '../domain/probe.ts';
import { judgeSpot, type ProbeView, type SpotVerdict } from '../domain/probe-view.ts';
import { checkAll, type Route } from './check-all.ts';
import { EXIT_USAGE, ExitWith, endingOf, endWith } from './exit.ts';
import { formatNagios, nagiosUnknown } from './format-nagios.ts';
import { formatPretty } from './format-pretty.ts';
import { jsonText, print } from './output.ts';
import { configOption, loadSettings } from './settings.ts';
import { stopOnSignal } from './signals.ts';

export const FORMATS = ['pretty', 'json', 'nagios', 'prometheus'] as const;
export type Format = (typeof FORMATS)[number];

interface CheckArguments {
  readonly config: string;
  readonly provider?: string;
  readonly path?: Path;
  readonly timeout: number;
  readonly format: Format;
}

const EXIT_CODES: Readonly<Record<SpotVerdict, number>> = { 'in-time': 0, late: 1, missing: 2, failed: 2 };

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'send one probe on each path and wait for it; exit 0 delivered within limits, 1 late, 2 failed or not delivered in time, 3 not checked',
    )
    .addOption(configOption())
    .option('--provider <name>', 'only this provider')
    .addOption(new Option('--path <path>', 'only this path').choices(PATHS))
    .addOption(
      new Option('--timeout <duration>', 'how long to wait, such as 90s or 5m')
        .argParser(readTimeout)
        .default(90_000, '90s'),
    )
    .addOption(formatOption())
    .action(check);
}

export const formatOption = (): Option =>
  new Option('--format <format>', 'how to print the result').choices(FORMATS).default('pretty');

async function check(options: CheckArguments): Promise<void> {
  const views = await checkRoutes(options).catch(async (error: unknown) => {
    // What Nagios shows is read from standard output alone.
    if (options.format === 'nagios') await print(nagiosUnknown(endingOf(error).lines.join('; ')));
    throw error;
  });
  await printViews(views, options.format);
}

async function checkRoutes({ config, provider, path, timeout }: CheckArguments): Promise<readonly ProbeView[]> {
  const stop = stopOnSignal();
  const { settings } = await loadSettings(config, 'make-key');
  const routes = routesOf(settings).filter(
    (route) => (provider ?? route.provider) === route.provider && (path ?? route.path) === route.path,
  );
  if (routes.length === 0) throw new ExitWith(EXIT_USAGE, [noRoute(routesOf(settings), provider, path)]);
  const { checker, close } = await openSpotChecker(settings, logOf(settings, 'error'));
  try {
    return await checkAll(checker, routes, timeout, stop);
  } finally {
    await close();
  }
}

/** Prints how they went, and ends the command with the exit code of the worst. */
export async function printViews(views: readonly ProbeView[], format: Format): Promise<void> {
  await print(await formatViews(views, format));
  endWith(exitCodeOf(views));
}

async function formatViews(views: readonly ProbeView[], format: Format): Promise<string> {
  switch (format) {
    case 'json':
      return jsonText({ probes: views });
    case 'nagios':
      return formatNagios(views);
    case 'prometheus':
      return (await renderProbeMetrics(views)).body;
    case 'pretty':
      return formatPretty(views);
  }
}

export function exitCodeOf(views: readonly ProbeView[]): number {
  return Math.max(...views.map((view) => EXIT_CODES[judgeSpot(view)]));
}

function noRoute(routes: readonly Route[], provider: string | undefined, path: Path | undefined): string {
  const known = routes.map((route) => `${route.provider}/${route.path}`).join(', ') || 'it has none';
  return `--provider and --path must name a route of the configuration (${known}), are ${provider ?? 'any'}/${path ?? 'any'}`;
}

function readTimeout(text: string): number {
  const match = /^(\d{1,9})([smh])$/.exec(text);
  const ms = Number(match?.[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[(match?.[2] ?? 's') as 's' | 'm' | 'h'];
  if (match === null || ms === 0) throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h.');
  return ms;
}
