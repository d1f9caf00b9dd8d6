/** The page of one probe: its life as a timeline, and beside it what others say of it. */
import type { Hop } from '../domain/probe.ts';
import type { LifeEvent, LifeReply, LifeWindow, ProbeLife } from '../domain/probe-life.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import { clockText, dateTime, figureText, type Language, limitText, spanText } from './format.ts';
import { type ReportTerms, reportPlace } from './report-place.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { hatching } from './view-gauge.ts';
import { headerView } from './view-header.ts';
import { otherLanguage, pageHead } from './view-page.ts';
import { row, sign, table } from './view-parts.ts';
import { delayText, outcomeBadge, probeLink } from './view-probes.ts';
import { type Words, wordsOf } from './words.ts';

export interface LifeState {
  readonly language: Language;
  readonly view: ProbeView;
  readonly life: ProbeLife;
  /** Of the contract, or UTC. */
  readonly timeZone: string;
  readonly version: string;
  /** Null where its provider is held to no contract, so that no report speaks of it. */
  readonly report: ReportTerms | null;
  /** When the agent was last heard, where it does not answer any more. */
  readonly unansweredSinceMs?: number;
}

export function lifeView(state: LifeState): TreeElement {
  const { view, life, language, timeZone, version, unansweredSinceMs: sinceMs } = state;
  const words = wordsOf(language);
  return element(
    'div',
    { class: 'page' },
    hatching(),
    element('a', { class: 'skip', href: '#content' }, words.skip),
    pageHead(words, null, probeLink(view.id, otherLanguage(state))),
    element(
      'main',
      { id: 'content', tabindex: -1 },
      element('p', { class: 'back' }, element('a', { href: `/?lang=${language}` }, `← ${words.life.back}`)),
      sinceMs !== undefined &&
        element(
          'p',
          { class: 'strip alarm', role: 'alert' },
          sign('INCONCLUSIVE'),
          words.life.unanswered(dateTime(sinceMs, timeZone)),
        ),
      lifeHead(view, state.report?.maximumSeconds ?? null, words),
      timeline(state, words),
      element('div', { class: 'pair' }, facts(state, words), hopsView(state, words)),
      life.header !== null && headerView(life.header, words),
    ),
    element('footer', {}, element('p', {}, words.zone(timeZone)), element('p', {}, words.version(version))),
  );
}

export function lifeTitle({ view, language }: LifeState): string {
  const words = wordsOf(language);
  return `${view.provider} ${words.path[view.path]}: ${words.outcome[view.outcome]} – mailflow-probe`;
}

function lifeHead(view: ProbeView, maximumSeconds: number | null, words: Words): TreeElement {
  const { provider, path, error, awaiting, kind } = view;
  return element(
    'div',
    { class: 'life-head' },
    element('p', { class: 'soft' }, words.life.title),
    element('h2', {}, `${provider} · ${words.path[path]}`, ' ', outcomeBadge(view, words)),
    element(
      'p',
      { class: 'life-delay' },
      element('b', {}, delayText(view, words)),
      ' ',
      element('span', { class: 'soft' }, `${words.pathMeaning[path]}, ${words.probeKind[kind]}`),
    ),
    overText(view, maximumSeconds, words),
    awaiting !== null && element('p', {}, words.awaiting[awaiting]),
    error !== null && element('p', { class: 'problem' }, error),
  );
}

/** Whether it took longer than the contract allows, which its outcome does not say: it may have come out all the same. */
function overText({ delaySeconds }: ProbeView, maximumSeconds: number | null, words: Words): TreeElement | null {
  if (delaySeconds === null || maximumSeconds === null) return null;
  const { lo, hi } = delaySeconds;
  const limit = limitText(maximumSeconds, words.units);
  if (lo > maximumSeconds)
    return element('p', { class: 'over-maximum problem' }, sign('BREACH'), words.life.over(limit));
  if (hi !== null && hi > maximumSeconds)
    return element('p', { class: 'over-maximum' }, sign('INCONCLUSIVE'), words.life.perhapsOver(limit));
  return null;
}

interface Line {
  readonly label: string;
  /** A step of the handover is of less weight. */
  readonly kind: 'event' | 'step' | 'trouble';
  /** Of a step, from its begin to its end; else where it happened. */
  readonly at: LifeWindow | null;
  readonly when: string;
  readonly told: Child;
}

function timeline({ life, view }: LifeState, words: Words): TreeElement {
  const lines = linesOf(life, words);
  const place = scaleOf(lines, view.awaiting === null ? 0 : view.ageSeconds);
  const rows = lines.map(({ label, kind, at, when, told }) =>
    row({ class: kind }, [label, at === null ? null : mark(at, kind, place), when, told]),
  );
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, words.life.what),
    element('th', { scope: 'col', class: 'axis-cell' }, axis(lines, place, words)),
    element('th', { scope: 'col' }, words.life.when),
    element('th', { scope: 'col' }, words.life.told),
  );
  return element(
    'section',
    { class: 'card timeline' },
    element('h3', {}, words.life.timeline),
    element('p', { class: 'note' }, words.life.timelineText),
    element(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': words.life.timeline, tabindex: 0 },
      element('table', {}, element('thead', {}, head), element('tbody', {}, rows)),
    ),
  );
}

/** In the order in which they ended. */
function linesOf({ stages, events }: ProbeLife, words: Words): readonly Line[] {
  const steps = stages.map(({ name, from, seconds }): Line => {
    const latest = (from.latest ?? from.earliest) + seconds;
    return {
      label: words.stage[name],
      kind: 'step',
      at: { earliest: from.earliest, latest },
      when: words.life.stepTook(spanText(seconds, words.units)),
      told: null,
    };
  });
  const happened = events.map((event): Line => {
    const kind = TROUBLES.has(event.kind) ? 'trouble' : 'event';
    return {
      label: words.event[event.kind],
      kind,
      at: event.at,
      when: whenText(event.at, words),
      told: toldOf(event, words),
    };
  });
  const end = ({ at }: Line): number => (at === null ? Number.POSITIVE_INFINITY : (at.latest ?? at.earliest));
  // What the last step brought about comes after it, though both end with the same reply.
  const rank = (line: Line): number => end(line) + (line.kind === 'step' ? 0 : SAME_MOMENT_SECONDS);
  const [planned, ...rest] = happened;
  const sorted = [...steps, ...rest].toSorted((one, other) => rank(one) - rank(other));
  return planned === undefined ? sorted : [planned, ...sorted];
}
const SAME_MOMENT_SECONDS = 0.001;
const TROUBLES: ReadonlySet<LifeEvent['kind']> = new Set([
  'refused',
  'unreachable',
  'uncertain',
  'deferred',
  'expired',
  'interrupted',
  'unwatched',
]);

function toldOf(event: LifeEvent, { life }: Words): Child {
  switch (event.kind) {
    case 'deferred': {
      const reply = element('code', {}, replyText(event.reply));
      return event.unkept === 0 ? reply : element('span', {}, reply, ' ', life.deferredBefore(event.unkept));
    }
    case 'refused':
      return element('code', {}, replyText(event.reply));
    case 'accepted':
      return element('code', {}, event.reply);
    case 'unreachable':
      return element('code', {}, `${event.stage}: ${event.code}: ${event.text}`);
    case 'uncertain':
      return element('code', {}, `${event.code}: ${event.text}`);
    case 'seen':
      return `${event.folder} (${event.role}, UID ${event.uid})`;
    case 'notified':
      return element(
        'code',
        {},
        [event.action, event.status, event.diagnostic].filter((text) => text !== null).join(' '),
      );
    case 'duplicated':
      return event.where;
    case 'planned':
    case 'interrupted':
    case 'unwatched':
    case 'attempted':
    case 'transferred':
    case 'absent':
    case 'expired':
      return null;
  }
}

function replyText({ code, enhanced, text }: LifeReply): string {
  return [code, enhanced, text].filter((part) => part !== null && part !== '').join(' ');
}

/** In per cent of the width. */
type Place = (seconds: number) => number;

/** Each stretch between two of the instants gets room by the logarithm of its length: steps of milliseconds are seen beside hours. */
function scaleOf(lines: readonly Line[], ageSeconds: number): Place {
  const ends = lines.flatMap(({ at }) => (at === null ? [] : [at.earliest, at.latest ?? at.earliest]));
  const instants = [...new Set([0, ageSeconds, ...ends])].toSorted((one, other) => one - other);
  const room = (from: number, to: number): number => Math.log10(1 + (to - from) / FIRST_SECONDS);
  const places = [0];
  for (let index = 1; index < instants.length; index += 1)
    places.push((places[index - 1] ?? 0) + room(instants[index - 1] ?? 0, instants[index] ?? 0));
  const whole = (places.at(-1) ?? 0) || 1;
  return (seconds) => ((places[instants.indexOf(seconds)] ?? 0) / whole) * AXIS_END;
}
/** Up to here a stretch gets room by its length. */
const FIRST_SECONDS = 0.02;
/** What has no end reaches beyond the last instant. */
const AXIS_END = 94;
/** Per cent between the begins of two labels. */
const LABEL_ROOM = 17;

function axis(lines: readonly Line[], place: Place, { units, life }: Words): TreeElement {
  const labels: TreeElement[] = [];
  let free = 0;
  let last = '';
  for (const { at } of lines) {
    const x = at === null ? -1 : place(at.earliest);
    const text = at === null ? '' : spanText(at.earliest, units);
    if (x < free || text === last) continue;
    last = text;
    free = x + LABEL_ROOM;
    const anchor = x > 100 - LABEL_ROOM ? 'end' : 'start';
    labels.push(element('text', { x: `${x.toFixed(1)}%`, y: 13, 'text-anchor': anchor }, text));
  }
  return element('svg', { class: 'axis', role: 'img', 'aria-label': life.when, width: '100%', height: 18 }, labels);
}

/** A step is a bar; a moment a line; what lies somewhere within, hatched; what has no known end goes on to the right. */
function mark({ earliest, latest }: LifeWindow, kind: Line['kind'], place: Place): TreeElement {
  const from = place(earliest);
  const to = latest === null ? 100 : place(latest);
  const x = percent(from);
  const width = percent(Math.max(LEAST, to - from));
  const moment = (at: number): TreeElement =>
    element('line', { class: 'moment', x1: percent(at), x2: percent(at), y1: 1, y2: 17 });
  const parts = [element('line', { class: 'rail', x1: 0, x2: '100%', y1: 9, y2: 9 })];
  if (kind === 'step') parts.push(element('rect', { class: 'lasted', x, y: 4, width, height: 10, rx: 2 }));
  else {
    if (to - from > LEAST) parts.push(element('rect', { class: 'within', x, y: 3, width, height: 12 }));
    parts.push(moment(from));
    if (latest !== null) parts.push(moment(to));
  }
  return element('svg', { class: 'life-mark', width: '100%', height: 18, 'aria-hidden': 'true' }, parts);
}
/** Per cent that can be seen. */
const LEAST = 0.4;

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** When it happened, and within how much that is known. */
function whenText(at: LifeWindow | null, { units, life }: Words): string {
  if (at === null) return life.unknownTime;
  const { earliest, latest } = at;
  if (latest === null) return `${spanText(earliest, units)} – ${life.unbounded}`;
  const width = latest - earliest;
  return width > 0 && width < earliest / KNOWN_SHARE
    ? life.knownTo(spanText(latest, units), spanText(width, units))
    : figureText({ lo: earliest, hi: latest }, units);
}
/** A window that is a smaller share of the time before it is told by its width. */
const KNOWN_SHARE = 20;

function facts({ life, view, timeZone, language, report }: LifeState, words: Words): TreeElement {
  const { life: said } = words;
  const time = (iso: string): Child => element('time', { datetime: iso }, dateTime(Date.parse(iso), timeZone));
  const month = dateTime(Date.parse(view.acceptedAt ?? view.plannedAt), timeZone).slice(0, 7);
  const known: readonly (readonly [string, Child])[] = [
    [said.planned, time(life.plannedAt)],
    [said.envelope, `${life.sender} → ${life.recipient}`],
    [said.peer, life.peer],
    [said.certificate, life.certificateExpiresAt === null ? null : time(life.certificateExpiresAt)],
    [said.folder, view.folder],
    [said.duplicates, view.duplicates === 0 ? null : view.duplicates],
    [said.flags, view.flags.length === 0 ? null : view.flags.join(', ')],
    ['ID', element('code', {}, view.id)],
    [said.report, report === null ? null : reportLink(view, month, language, report)],
  ];
  return element(
    'section',
    { class: 'card' },
    element('h3', {}, said.facts),
    element(
      'dl',
      { class: 'facts' },
      known
        .filter(([, value]) => value !== null)
        .map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    ),
  );
}

function reportLink(view: ProbeView, month: string, language: Language, report: ReportTerms): TreeElement {
  return element('a', { href: `/reports/${month}?format=html&lang=${language}${reportPlace(view, report)}` }, month);
}

function hopsView({ life, timeZone }: LifeState, words: Words): TreeElement {
  const { life: said, pledge, units } = words;
  const rows = life.hops.map(({ by, from, at, seconds }: Hop) =>
    row({}, [
      by ?? pledge.noFigure,
      from ?? pledge.noFigure,
      at === null
        ? pledge.noFigure
        : element('time', { datetime: at }, clockText(Date.parse(at), Date.parse(life.plannedAt), timeZone)),
      seconds === null ? pledge.noFigure : `${seconds < 0 ? '−' : ''}${spanText(Math.abs(seconds), units)}`,
    ]),
  );
  return element(
    'section',
    { class: 'card' },
    element('h3', {}, said.hops),
    element('p', { class: 'note' }, said.hopsText),
    rows.length === 0
      ? element('p', { class: 'soft' }, said.noHops)
      : table(said.hops, [said.by, said.from, said.stamped, said.took], rows),
  );
}
