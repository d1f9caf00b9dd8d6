/** From checks to runs, one endpoint at a time and one check after another, in whatever order they come to be known. */
import { DEEP_EVERY } from '../check-plan.ts';
import { type Endpoint, mayBeOurs } from '../endpoint.ts';
import type { EndpointChecked } from '../event.ts';
import { type Instant, spanBetween } from '../time/instant.ts';
import { CELLS_BETWEEN_MAX, type Run, type RunKind } from './run.ts';

/**
 * Checks kept one by one before they are settled into a run. A failed check is recorded up to twice CHECK_MS_MAX after it began
 * (it waits for its control), and in a cell of 30 s no more than this many begin meanwhile.
 */
const RECENT_MAX = 4;
/**
 * Deep checks in a row that a good run may go on without, as with its cells: each is due DEEP_EVERY after the last, and comes within two
 * cells. So one may be greylisted, and no more.
 */
const deepApartMs = (cellMs: number): number => 2 * (DEEP_EVERY * 1000 + CELLS_BETWEEN_MAX * cellMs);
const SHUT = 'nobody was seen to be let in anew';
/** A run's reason is stored with the state at every commit. */
const REASON_CHARS_MAX = 200;

/** What is remembered of an endpoint's checks; there from the first one on that was due, whatever it showed and though it did not take place. */
export interface EndpointChecks {
  readonly provider: string;
  readonly endpoint: Endpoint;
  /** Wall time, milliseconds, of the first one: no month that ended before it is held to the endpoint. */
  readonly firstMs: number;
  /** The run that the settled checks end in; null while none is settled. */
  readonly settled: Stretch | null;
  /** The newest checks, by wall time, all after the settled ones. */
  readonly recent: readonly Check[];
  /** Wall time at which a recipient was first named: until then an MX has its greeting for the deepest. Missing if none was. */
  readonly namedMs?: number;
}
interface Stretch {
  readonly run: Run;
  readonly last: Check;
  /** Wall time of the last check that let somebody in anew; missing if none did. */
  readonly deepMs?: number;
  /** Whether nobody was seen to be let in anew for too long before it: until somebody is, good checks are doubtful. Missing where it is not so. */
  readonly shut?: true;
}
/** Checks that began at one millisecond: as good as always a single one. */
export interface Check {
  readonly began: Instant;
  readonly kind: RunKind;
  readonly cellMs: number;
  readonly checks: number;
  readonly reason: string | null;
  /** Whether somebody was let in anew: a kept session, or a greeting, does not say that. Missing where it is not so. */
  readonly deep?: boolean;
}

/** A check that was due then and did not take place says only that the endpoint is one of the service. */
export function foldMissed(
  before: EndpointChecks | null,
  { provider, endpoint }: Pick<EndpointChecks, 'provider' | 'endpoint'>,
  dueMs: number,
): EndpointChecks {
  if (before === null) return { provider, endpoint, firstMs: dueMs, settled: null, recent: [] };
  return dueMs < before.firstMs ? { ...before, firstMs: dueMs } : before;
}

/**
 * Of one endpoint: the runs that begin at or after `sinceMs` are now these, and no others; by their beginning. `late` are checks from
 * before them that came only now, for the run of old that holds their moment, if one does.
 */
export interface RunChange {
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly sinceMs: number;
  readonly runs: readonly Run[];
  readonly late: readonly Check[];
}

/**
 * Runs are made of the checks in the order of their wall time, so that none overlap. That checks come in another order changes
 * nothing while no more than RECENT_MAX that began later came before. One that comes later still, or that began after the wall
 * clock was set back, can only take away: it makes the run that it contradicts doubtful, from shortly before it on, be it
 * the settled one or one of old. Before that run's beginning it changes nothing: those runs are not remembered here.
 *
 * A check that is `inconclusive`, or whose failure may be ours (`mayBeOurs`), is left out, as a cell that was missed: it neither breaks
 * a run nor makes it longer, and time with no other checks is unobserved. A good one that lets nobody in anew is doubtful once nobody was
 * for too long (`deepApartMs`). Which checks were scheduled and which confirm makes no difference: each speaks for its moment.
 */
export function foldCheck(
  before: EndpointChecks | null,
  event: EndpointChecked,
): { readonly checks: EndpointChecks; readonly change: RunChange | null } {
  const { provider, endpoint, began } = event;
  const due = foldMissed(before, event, began.wallMs);
  const named = event.depth === 'recipient' && began.wallMs < (due.namedMs ?? Number.POSITIVE_INFINITY);
  const known: EndpointChecks = named ? { ...due, namedMs: began.wallMs } : due;
  const check = checkOf(event);
  if (check === null) return { checks: known, change: null };
  const { settled } = known;
  const ms = check.began.wallMs;
  if (settled !== null && ms < settled.run.fromMs) {
    const change = { provider, endpoint, sinceMs: Number.POSITIVE_INFINITY, runs: [], late: [check] };
    return { checks: known, change };
  }
  if (settled !== null && ms <= settled.run.toMs) {
    const { kept, run } = afterthought(settled.run, check);
    const taken = { ...known, settled: { ...settled, run } };
    const change = tailChange(taken, settled.run.fromMs);
    return { checks: settle(taken), change: { ...change, runs: [...kept, ...change.runs] } };
  }
  const taken = { ...known, recent: insert(known.recent, check) };
  const change = tailChange(taken, known.recent[0]?.began.wallMs);
  return { checks: settle(taken), change };
}

/**
 * The runs that later checks may still change, as they are now; `sinceMs` is where they began before, if that was earlier. One that
 * still runs is told as if it ended here: what is said of a month that is over must not claim what the next check takes back.
 */
export function tailChange(checks: EndpointChecks, sinceMs = Number.POSITIVE_INFINITY): RunChange {
  const { provider, endpoint, settled, recent } = checks;
  const fromMs = settled?.run.fromMs ?? recent[0]?.began.wallMs ?? sinceMs;
  const runs = stretchesOf(checks).map((stretch) => cutBack(stretch).run);
  return { provider, endpoint, sinceMs: Math.min(sinceMs, fromMs), runs, late: [] };
}

/** The runs of one endpoint, by their beginning, after a change. */
export function applyChange(runs: readonly Run[], { sinceMs, runs: changed, late }: RunChange): readonly Run[] {
  const kept = runs.filter(({ fromMs }) => fromMs < sinceMs);
  return [...late.reduce(withLate, kept), ...changed];
}

function withLate(runs: readonly Run[], check: Check): readonly Run[] {
  return runs.flatMap((each) => {
    if (!holds(each, check)) return [each];
    const { kept, run } = afterthought(each, check);
    return [...kept, run];
  });
}

function holds({ fromMs, toMs }: Run, { began }: Check): boolean {
  return fromMs <= began.wallMs && began.wallMs <= toMs;
}

function stretchesOf({ provider, endpoint, settled, recent, namedMs }: EndpointChecks): readonly Stretch[] {
  const stretches: Stretch[] = settled === null ? [] : [settled];
  for (const one of recent) {
    const deepest = endpoint === 'mx' && one.began.wallMs < (namedMs ?? Number.POSITIVE_INFINITY);
    const check = deepest ? { ...one, deep: true } : one;
    const open = stretches.at(-1);
    const isOpen = check.kind === 'up' && check.deep === true;
    const shut = open !== undefined && !isOpen && isShut(open, check);
    const told: Check = shut && check.kind === 'up' ? { ...check, kind: 'doubtful', reason: SHUT } : check;
    if (open !== undefined && goesOn(open, told)) stretches[stretches.length - 1] = extended(open, told);
    else {
      if (open !== undefined) stretches[stretches.length - 1] = cutBack(open);
      const begins = { run: begun(provider, endpoint, told), last: told, ...reached(told) };
      stretches.push(shut ? { ...begins, shut } : begins);
    }
  }
  return stretches;
}

/** The oldest of too many recent checks joins the settled ones. */
function settle(checks: EndpointChecks): EndpointChecks {
  const [oldest, ...recent] = checks.recent;
  if (oldest === undefined || recent.length < RECENT_MAX) return checks;
  const settled = stretchesOf({ ...checks, recent: [oldest] }).at(-1) ?? null;
  return { ...checks, settled, recent };
}

function goesOn({ run, last }: Stretch, check: Check): boolean {
  const { lo, flags } = spanBetween(last.began, check.began);
  const limitMs = CELLS_BETWEEN_MAX * Math.max(last.cellMs, check.cellMs);
  return run.kind === check.kind && flags.length === 0 && lo * 1000 <= limitMs;
}

/**
 * Whether nobody was seen to be let in anew for too long before the check. A lookup of recipients that fails is answered as greylisting
 * is, and a kept session outlives a login service.
 */
function isShut({ run, deepMs = run.fromMs, shut }: Stretch, { began, cellMs }: Check): boolean {
  return shut === true || (run.kind === 'up' && began.wallMs - deepMs > deepApartMs(Math.max(run.cellMs, cellMs)));
}

/**
 * A good run that ends ends with the last check that let somebody in anew, for the shallow ones after it would have been good
 * without.
 */
function cutBack(stretch: Stretch): Stretch {
  const { run, deepMs = run.fromMs } = stretch;
  return run.kind === 'up' ? { ...stretch, run: { ...run, toMs: deepMs } } : stretch;
}

function begun(provider: string, endpoint: Endpoint, { began, kind, checks, reason, cellMs }: Check): Run {
  return { provider, endpoint, kind, fromMs: began.wallMs, toMs: began.wallMs, checks, reason, cellMs };
}

function reached({ began, deep }: Check): Pick<Stretch, 'deepMs'> {
  return deep === true ? { deepMs: began.wallMs } : {};
}

function extended({ run, deepMs, shut }: Stretch, check: Check): Stretch {
  const { began, checks, cellMs } = check;
  return {
    run: { ...run, toMs: began.wallMs, checks: run.checks + checks, cellMs: Math.max(run.cellMs, cellMs) },
    last: check,
    ...(deepMs === undefined ? {} : { deepMs }),
    ...reached(check),
    ...(shut === undefined ? {} : { shut }),
  };
}

/**
 * Which of its checks it lies between is not known any more, so a run that it contradicts is doubtful. What ends surely before that is
 * `kept`, so that one check takes no month away: of a failed one what lies between checks before it, of a good one what lies before one
 * that let somebody in.
 */
export function afterthought(run: Run, check: Check): { readonly kept: readonly Run[]; readonly run: Run } {
  const { began, kind, checks, reason } = check;
  const cellMs = Math.max(run.cellMs, check.cellMs);
  if (kind === run.kind) return { kept: [], run: { ...run, checks: run.checks + checks, cellMs } };
  const apartMs = run.kind === 'up' ? deepApartMs(cellMs) : CELLS_BETWEEN_MAX * cellMs;
  const surelyMs = began.wallMs - apartMs;
  if (run.kind !== 'doubtful' && surelyMs > run.fromMs) {
    const doubtful: Run = {
      ...run,
      kind: 'doubtful',
      fromMs: began.wallMs,
      checks,
      reason: reason ?? run.reason,
      cellMs,
    };
    return { kept: [{ ...run, toMs: surelyMs }], run: doubtful };
  }
  return {
    kept: [],
    run: { ...run, kind: 'doubtful', checks: run.checks + checks, reason: run.reason ?? reason, cellMs },
  };
}

function insert(recent: readonly Check[], check: Check): readonly Check[] {
  const ms = check.began.wallMs;
  const twin = recent.find(({ began }) => began.wallMs === ms);
  const others = recent.filter((other) => other !== twin);
  return [...others, twin === undefined ? check : merged(twin, check)].sort(
    (one, other) => one.began.wallMs - other.began.wallMs,
  );
}

/** Two checks that contradict each other at one moment show neither. */
function merged(one: Check, other: Check): Check {
  const [first, second] = one.began.monoUs <= other.began.monoUs ? [one, other] : [other, one];
  return {
    began: first.began,
    kind: first.kind === second.kind ? first.kind : 'doubtful',
    cellMs: Math.max(first.cellMs, second.cellMs),
    checks: first.checks + second.checks,
    deep: one.deep === true || other.deep === true,
    // Not the first one's: which comes first must make no difference.
    reason: [first.reason, second.reason].filter((reason) => reason !== null).sort()[0] ?? null,
  };
}

/** Null for one that shows neither. */
function checkOf({ began, depth, result, control, everySeconds }: EndpointChecked): Check | null {
  const cellMs = everySeconds * 1000;
  switch (result.kind) {
    case 'up':
      return { began, kind: 'up', cellMs, checks: 1, reason: null, deep: depth === 'login' || depth === 'recipient' };
    case 'down': {
      if (mayBeOurs(result)) return null;
      const reason = `${result.stage} ${result.code}: ${result.text}`.slice(0, REASON_CHARS_MAX);
      return { began, kind: control === 'healthy' ? 'down' : 'doubtful', cellMs, checks: 1, reason };
    }
    case 'inconclusive':
      return null;
  }
}
