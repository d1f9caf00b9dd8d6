/** What caution costs, by kind of fault: how often nothing could be said of a month, and how wide the delays of single probes were. */
import { assess } from '../../src/domain/delay/delay.ts';
import type { Verdict } from '../../src/domain/delay/month-verdict.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { FaultKind } from './fault.ts';
import type { WatchedWorld } from './oracle.ts';
import type { MessageTruth } from './truth.ts';

/** `none`: of worlds, or probes, that nothing disturbed. `all`: of every one. */
type Kind = FaultKind | 'none' | 'all';

/** Plain data, so that it goes from one process to another. */
export interface Caution {
  /** By kind and kind of clause, how many months were judged how. */
  readonly verdicts: Record<string, Record<string, Record<Verdict, number>>>;
  /** By kind: how many widths lie in each class of `classOf`. */
  readonly widths: Record<string, Record<string, number>>;
}

/** Classes to a factor of ten: a quantile is told to within 6%. */
const CLASSES_PER_DECADE = 20;
/** Seconds: what is narrower is as good as a point. */
const WIDTH_MIN = 1e-6;

export function noCaution(): Caution {
  return { verdicts: {}, widths: {} };
}

/** Adds one world's share, in place. */
export function addWorld(caution: Caution, { view, claims }: WatchedWorld): void {
  const kinds: readonly Kind[] = ['all', ...(view.faults.length === 0 ? (['none'] as const) : view.faults)];
  for (const { report, when } of claims) {
    if (when !== 'final') continue;
    for (const clause of report.clauses) {
      if (clause.kind === 'attested') continue;
      for (const kind of kinds) {
        countsOf(caution, kind, clause.kind)[clause.verdict] += 1;
      }
    }
  }
  for (const record of view.ledger.records()) {
    const truth = view.books.messages.get(record.id);
    const width = widthOf(record, view.ledger.state().absence);
    if (truth === undefined || width === null) continue;
    for (const kind of disturbing(truth, view)) {
      const classes = (caution.widths[kind] ??= {});
      const name = String(classOf(width));
      classes[name] = (classes[name] ?? 0) + 1;
    }
  }
}

/** Adds `other` to `caution`, in place. */
export function addCaution(caution: Caution, other: Caution): void {
  for (const [kind, clauses] of Object.entries(other.verdicts))
    for (const [clause, counts] of Object.entries(clauses))
      for (const verdict of VERDICTS) countsOf(caution, kind, clause)[verdict] += counts[verdict];
  for (const [kind, classes] of Object.entries(other.widths))
    for (const [name, count] of Object.entries(classes)) {
      const mine = (caution.widths[kind] ??= {});
      mine[name] = (mine[name] ?? 0) + count;
    }
}

function countsOf({ verdicts }: Caution, kind: string, clause: string): Record<Verdict, number> {
  verdicts[kind] ??= {};
  verdicts[kind][clause] ??= { MET: 0, BREACH: 0, INCONCLUSIVE: 0 };
  return verdicts[kind][clause];
}

const VERDICTS = ['MET', 'BREACH', 'INCONCLUSIVE'] as const;
const CLAUSES = ['delay', 'connectivity', 'operations'] as const;

/** A line for each kind of clause: how its months were judged. */
export function verdictLines({ verdicts }: Caution): readonly string[] {
  return CLAUSES.map((clause) => {
    const counts = verdicts['all']?.[clause];
    const shares = VERDICTS.map((verdict) => `${verdict} ${shareOf(counts, verdict)}`);
    return `${clause.padEnd('connectivity'.length)}  ${shares.join('  ')}`;
  });
}

/** Lines of a table, its first two the head. */
export function cautionTable(caution: Caution): readonly string[] {
  const kinds = new Set([...Object.keys(caution.verdicts), ...Object.keys(caution.widths)]);
  const rows = [...kinds]
    .sort(byRank)
    .map((kind) => [
      kind === 'none' ? 'nothing' : kind === 'all' ? 'any or none' : kind,
      ...CLAUSES.map((clause) => shareOf(caution.verdicts[kind]?.[clause], 'INCONCLUSIVE')),
      ...[50, 95].map((percent) => secondsOf(quantileOf(caution.widths[kind] ?? {}, percent))),
      String(Object.values(caution.widths[kind] ?? {}).reduce((sum, count) => sum + count, 0)),
    ]);
  const head = [
    'disturbed by',
    ...CLAUSES.map((clause) => `${clause} inconclusive`),
    'width p50',
    'width p95',
    'probes',
  ];
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)];
}

/** `none` and `all` first, then by name. */
function byRank(one: string, other: string): number {
  const rank = (kind: string): number => (kind === 'all' ? 0 : kind === 'none' ? 1 : 2);
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}

/** Seconds between the bounds; null for a probe that has no upper one. */
function widthOf(record: ProbeRecord, absence: Parameters<typeof assess>[1]): number | null {
  const { outcome, delay } = assess(record, absence);
  return outcome === 'delivered' && delay !== null ? delay.hi - delay.lo : null;
}

/** What happened while the message was under way. */
function disturbing({ begunMs, reachedMs }: MessageTruth, view: WatchedWorld['view']): ReadonlySet<Kind> {
  const endMs = reachedMs ?? view.nowMs();
  const kinds = new Set<Kind>(
    view.books.faults.filter(({ fromMs, toMs }) => fromMs <= endMs && toMs >= begunMs).map(({ kind }) => kind),
  );
  return new Set([...(kinds.size === 0 ? (['none'] as const) : kinds), 'all']);
}

function classOf(seconds: number): number {
  return Math.round(Math.log10(Math.max(seconds, WIDTH_MIN)) * CLASSES_PER_DECADE);
}

function quantileOf(classes: Readonly<Record<string, number>>, percent: number): number | null {
  const ordered = Object.entries(classes).sort(([one], [other]) => Number(one) - Number(other));
  const rank = Math.ceil((percent * ordered.reduce((sum, [, count]) => sum + count, 0)) / 100);
  let counted = 0;
  for (const [name, count] of ordered) {
    counted += count;
    if (counted >= rank) return 10 ** (Number(name) / CLASSES_PER_DECADE);
  }
  return null;
}

function shareOf(counts: Readonly<Record<Verdict, number>> | undefined, verdict: Verdict): string {
  if (counts === undefined) return '-';
  const judged = VERDICTS.reduce((sum, each) => sum + counts[each], 0);
  return `${((100 * counts[verdict]) / judged).toFixed(1)}%`;
}

function secondsOf(seconds: number | null): string {
  return seconds === null ? '-' : `${seconds.toPrecision(2)} s`;
}
