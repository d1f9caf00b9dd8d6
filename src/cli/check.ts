/** `check`: one spot check of each path, with progress on a terminal, a result to read, and an exit code to act on. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLog, openSpotChecker, renderProbeMetrics, routesOf, type SpotChecker, systemClock } from '../app.ts';
import { PATHS, type Path } from '../domain/probe.ts';
import { judgeSpot, type ProbeView, type SpotVerdict } from '../domain/probe-view.ts';
import type { Settings } from '../domain/settings.ts';
import { EXIT_USAGE, ExitWith, endWith } from './exit.ts';
import { formatNagios } from './format-nagios.ts';
import { formatPretty } from './format-pretty.ts';
import { createProgress } from './progress.ts';
import { configOption, loadSettings } from './settings.ts';

export const FORMATS = ['pretty', 'json', 'nagios', 'prometheus'] as const;
export type Format = (typeof FORMATS)[number];

interface CheckArguments {
  readonly config: string;
  readonly provider?: string;
  readonly path?: Path;
  readonly timeout: number;
  readonly format: Format;
}

/** Milliseconds between two glances at a probe under way. */
const GLANCE_EVERY = 200;
const EXIT_CODES: Readonly<Record<SpotVerdict, number>> = { 'in-time': 0, late: 1, missing: 2, failed: 2 };

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'send one probe on each path and wait for it; exit 0 delivered within limits, 1 late, 2 failed or not delivered in time',
    )
    .addOption(configOption())
    .option('--provider <name>', 'only this provider')
    .addOption(new Option('--path <path>', 'only this path').choices(PATHS))
    .option('--timeout <duration>', 'how long to wait, such as 90s or 5m', readTimeout, 90_000)
    .addOption(formatOption())
    .action(check);
}

export const formatOption = (): Option =>
  new Option('--format <format>', 'how to print the result').choices(FORMATS).default('pretty');

async function check({ config, provider, path, timeout, format }: CheckArguments): Promise<void> {
  const settings = await loadSettings(config);
  const routes = routesOf(settings).filter(
    (route) => (provider ?? route.provider) === route.provider && (path ?? route.path) === route.path,
  );
  if (routes.length === 0) throw new ExitWith(EXIT_USAGE, [noRoute(settings, provider, path)]);
  const { checker, close } = await openSpotChecker(settings, createLog('error', settings.agent));
  try {
    const views = await checkAll(checker, routes, timeout);
    process.stdout.write(await formatViews(views, format));
    endWith(exitCodeOf(views));
  } finally {
    await close();
  }
}

/** Checks every route at once and resolves with how they went after `ms` at most. */
export async function checkAll(
  checker: SpotChecker,
  routes: readonly { provider: string; path: Path }[],
  ms: number,
): Promise<readonly ProbeView[]> {
  const clock = systemClock();
  const progress = createProgress(process.stderr);
  const deadline = clock.now().monoUs / 1000 + ms;
  try {
    return await Promise.all(
      routes.map(async ({ provider, path }) => {
        const id = await checker.start(provider, path);
        let view = await checker.view(id, 0);
        for (let left = ms; view.outcome === 'pending' && left > 0; left = deadline - clock.now().monoUs / 1000) {
          progress.show(view);
          view = await checker.view(id, Math.min(left, GLANCE_EVERY));
        }
        progress.show(view);
        return view;
      }),
    );
  } finally {
    progress.clear();
    clock.close();
  }
}

export async function formatViews(views: readonly ProbeView[], format: Format): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ probes: views }, null, 2)}\n`;
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

function noRoute(settings: Settings, provider: string | undefined, path: Path | undefined): string {
  const known = routesOf(settings).map((route) => `${route.provider}/${route.path}`);
  return `--provider and --path must name a route of the configuration (${known.join(', ') || 'it has none'}), are ${provider ?? 'any'}/${path ?? 'any'}`;
}

function readTimeout(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[(match?.[2] ?? 's') as 's' | 'm' | 'h'];
  if (match === null || ms === 0) throw new InvalidArgumentError('it must be a duration such as 90s, 5m or 1h.');
  return ms;
}
