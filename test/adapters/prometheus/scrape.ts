/** Reads a scrape, and has promtool read it. */
import { spawnSync } from 'node:child_process';

/** Value by `name{labels}`, as written; exemplars are left out. */
export function seriesOf(body: string): ReadonlyMap<string, number> {
  const lines = body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ # \{.*$/, ''));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [
        line.slice(0, cut),
        Number(
          line
            .slice(cut + 1)
            .replace('Inf', 'Infinity')
            .replace('Nan', 'NaN'),
        ),
      ];
    }),
  );
}

/** Of every metric, sorted. */
export function namesOf(body: string): readonly string[] {
  return [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!).toSorted();
}

/** What `promtool check metrics` says of a scrape; with no complaint, nothing. */
export function promtoolCheck(body: string): { readonly output: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
  return { output: stdout + stderr, status };
}
