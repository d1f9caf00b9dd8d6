/** Whether what somebody entered can be an exclusion. */
import { EXCLUSION_KINDS, type Exclusion } from './exclusion.ts';
import { PATHS } from './probe.ts';
import { isoText } from './time/instant.ts';
import { parseTime } from './time/local-time.ts';

/** As entered, by command or over HTTP: of the right types, and not yet of the right values. */
export interface ExclusionInput {
  readonly kind: string;
  readonly provider: string;
  /** Null for all paths. */
  readonly path: string | null;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: string;
  readonly evidence: string;
  readonly note: string;
}

export type CheckedExclusion =
  | { readonly ok: true; readonly exclusion: Omit<Exclusion, 'id'> }
  /** Never empty; each names the field, the rule and the value: `to must be after from, is 2026-11-01T00:00:00.000Z`. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Longer than any maintenance, force majeure or quarrel: a slip in the year, which would excuse everything. */
const LENGTH_MAX_MS = 366 * 86_400_000;
/** A sentence or two and a reference; what is longer belongs where the reference points. */
const EXCLUSION_TEXT_MAX = 500;
/** A provider's name is a metric label, as in the configuration. */
const PROVIDER = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Years 1000 to 9999: four digits in every report. */
const TIME_MIN_MS = Date.UTC(1000, 0, 1);
const TIME_MAX_MS = Date.UTC(10_000, 0, 1);
/** A value longer than this does not help to find it. */
const SHOWN_LENGTH_MAX = 60;

/** Tells all that is wrong at once. Texts are taken without the space around them. */
export function checkExclusion(input: ExclusionInput): CheckedExclusion {
  const { fromMs, toMs } = input;
  const [by, evidence, note] = [input.by.trim(), input.evidence.trim(), input.note.trim()];
  const kind = EXCLUSION_KINDS.find((each) => each === input.kind) ?? null;
  const path = PATHS.find((each) => each === input.path) ?? null;
  const problems = [
    ...(kind === null ? [`kind must be one of ${EXCLUSION_KINDS.join(', ')}, is ${shown(input.kind)}`] : []),
    ...(PROVIDER.test(input.provider)
      ? []
      : [
          `provider must be the name of one, at most 63 lower-case letters and digits with hyphens between, is ${shown(input.provider)}`,
        ]),
    ...(input.path === path ? [] : [`path must be one of ${PATHS.join(', ')} or none, is ${shown(input.path ?? '')}`]),
    ...timeProblems(fromMs, toMs),
    ...byProblems(by),
    ...textProblems('evidence', evidence),
    ...textProblems('note', note),
  ];
  if (kind === null || problems.length > 0) return { ok: false, problems };
  return { ok: true, exclusion: { kind, provider: input.provider, path, fromMs, toMs, by, evidence, note } };
}

/** As written by a person: times as `parseTime` reads them. */
export interface WrittenExclusion extends Omit<ExclusionInput, 'fromMs' | 'toMs'> {
  readonly from: string;
  readonly to: string;
}

/** `local`: a time came without an offset, and was taken by the zone's clocks. */
export type ReadExclusion =
  | (Extract<CheckedExclusion, { ok: true }> & { readonly local: boolean })
  | Extract<CheckedExclusion, { ok: false }>;

/** Tells what is wrong with the times before anything else: without them there is nothing to check. */
export function readExclusion(written: WrittenExclusion, zone: string): ReadExclusion {
  const from = parseTime(written.from, zone);
  const to = parseTime(written.to, zone);
  if (!from.ok || !to.ok) {
    const problems = [from.ok ? [] : `from ${from.problem}`, to.ok ? [] : `to ${to.problem}`].flat();
    return { ok: false, problems };
  }
  const checked = checkExclusion({ ...written, fromMs: from.ms, toMs: to.ms });
  return checked.ok ? { ...checked, local: from.local || to.local } : checked;
}

/** Who takes an exclusion back, and why. */
export interface Retraction {
  readonly by: string;
  readonly note: string;
}
export type CheckedRetraction =
  | { readonly ok: true; readonly said: Retraction }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What is said of taking one back keeps the rules of what is said of entering it. */
export function checkRetraction(written: Retraction): CheckedRetraction {
  const [by, note] = [written.by.trim(), written.note.trim()];
  const problems = [...byProblems(by), ...(note === '' ? ['note must say why, is empty'] : textProblems('note', note))];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, said: { by, note } };
}

function byProblems(by: string): readonly string[] {
  return by === '' ? ['by must not be empty'] : textProblems('by', by);
}

function timeProblems(fromMs: number, toMs: number): readonly string[] {
  const misfits = [
    ['from', fromMs],
    ['to', toMs],
  ] as const;
  const problems = misfits
    .filter(([, ms]) => !(Number.isSafeInteger(ms) && ms >= TIME_MIN_MS && ms < TIME_MAX_MS))
    .map(([name, ms]) => `${name} must be a time in the years 1000 to 9999, in whole milliseconds, is ${ms}`);
  if (problems.length > 0) return problems;
  if (toMs <= fromMs) return [`to must be after from, is ${isoText(toMs)} and from is ${isoText(fromMs)}`];
  if (toMs - fromMs > LENGTH_MAX_MS)
    return [`to must be at most 366 days after from, is ${isoText(toMs)} and from is ${isoText(fromMs)}`];
  return [];
}

function textProblems(name: string, text: string): readonly string[] {
  if (text.length > EXCLUSION_TEXT_MAX)
    return [`${name} must be at most ${EXCLUSION_TEXT_MAX} characters, is ${text.length}`];
  // A line end or an escape sequence would steer the terminals and tables it is shown in.
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
    ? [`${name} must be one line without control characters, is ${shown(text)}`]
    : [];
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text);
}
