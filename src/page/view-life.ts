/** The page of one probe: its life as a timeline, and beside it what others say of it. */
import type { Hop } from '../domain/probe.ts';
import type { LifeEvent, LifeReply, LifeWindow, ProbeLife } from '../domain/probe-life.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import { dateTime, figureText, type Language, spanText } from './format.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { hatching } from './view-gauge.ts';
import { otherLanguage, pageHead } from './view-page.ts';
import { row, table } from './view-parts.ts';
import { outcomeBadge, probeLink } from './view-probes.ts';
import { type Words, wordsOf } from './words.ts';

export interface LifeState {
  readonly language: Language;
  readonly view: ProbeView;
  readonly life: ProbeLife;
  /** Of the contract, or UTC. */
  readonly timeZone: string;
  readonly version: string;
}

export function lifeView(state: LifeState): TreeElement {
  const { view, language, timeZone, version } = state;
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
      lifeHead(view, words),
      timeline(state, words),
      element('div', { class: 'pair' }, facts(state, words), hopsView(state, words)),
    ),
    element('footer', {}, element('p', {}, words.zone(timeZone)), element('p', {}, words.version(version))),
  );
}

export function lifeTitle({ view, language }: LifeState): string {
  const words = wordsOf(language);
  return `${view.provider} ${words.path[view.path]}: ${words.outcome[view.outcome]} – mailflow-probe`;
}

function lifeHead(view: ProbeView, words: Words): TreeElement {
  const { provider, path, delaySeconds, error, awaiting, kind } = view;
  return element(
    'div',
    { class: 'life-head' },
    element('p', { class: 'soft' }, words.life.title),
    element('h2', {}, `${provider} · ${words.path[path]}`, ' ', outcomeBadge(view, words)),
    element(
      'p',
      { class: 'life-delay' },
      delaySeconds === null ? words.probes.noDelay : element('b', {}, figureText(delaySeconds, words.units)),
      ' ',
      element('span', { class: 'soft' }, `${words.pathMeaning[path]}, ${words.probeKind[kind]}`),
    ),
    awaiting !== null && element('p', {}, words.awaiting[awaiting]),
    error !== null && element('p', { class: 'problem' }, error),
  );
}

interface Line {
  readonly label: string;
  /** A step of the handover is of less weight. */
  readonly kind: 'event' | 'step' | 'trouble';
  readonly at: LifeWindow | null;
  /** Whether the time from one end to the other passed, rather than being where it happened. */
  readonly lasted: boolean;
  readonly told: Child;
}

function timeline({ life, view }: LifeState, words: Words): TreeElement {
  const lines = linesOf(life, words);
  const last = lines.reduce(
    (most, { at }) => Math.max(most, at?.latest ?? at?.earliest ?? 0),
    view.ageSeconds > 0 ? 0.01 : 0.01,
  );
  const place = scaleOf(last * 1.15);
  const rows = lines.map(({ label, kind, at, lasted, told }) =>
    row({ class: kind }, [label, at === null ? null : mark(at, lasted, place), whenText(at, words), told]),
  );
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, words.life.what),
    element('th', { scope: 'col', class: 'axis-cell' }, axis(last, place, words)),
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

function linesOf({ stages, events }: ProbeLife, words: Words): readonly Line[] {
  const steps = stages.map(({ name, from, seconds }): Line => {
    const latest = from.latest === null ? from.earliest : from.latest;
    return {
      label: words.stage[name],
      kind: 'step',
      at: { earliest: from.earliest, latest: latest + seconds },
      lasted: true,
      told: null,
    };
  });
  const happened = events.map((event): Line => {
    const kind = TROUBLES.has(event.kind) ? 'trouble' : 'event';
    return { label: words.event[event.kind], kind, at: event.at, lasted: false, told: toldOf(event) };
  });
  const begin = ({ at, kind }: Line): number =>
    at === null ? Number.POSITIVE_INFINITY : at.earliest + (kind === 'step' ? 1e-9 : 0);
  return [...happened, ...steps].toSorted((one, other) => begin(one) - begin(other));
}
const TROUBLES: ReadonlySet<LifeEvent['kind']> = new Set([
  'refused',
  'unreachable',
  'uncertain',
  'deferred',
  'expired',
  'interrupted',
  'unwatched',
]);

function toldOf(event: LifeEvent): Child {
  switch (event.kind) {
    case 'deferred':
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

type Place = (seconds: number) => number;

/** In per cent: the first milliseconds get as much room as the hours after. */
function scaleOf(end: number): Place {
  const bent = (seconds: number): number => Math.log10(1 + seconds / FIRST_SECONDS);
  return (seconds) => (Math.min(seconds, end) / end === 0 ? 0 : (bent(Math.min(seconds, end)) / bent(end)) * 100);
}
/** Up to here the scale is about even. */
const FIRST_SECONDS = 0.05;
const TICKS = [0, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000];

function axis(end: number, place: Place, { units, life }: Words): TreeElement {
  const ticks = TICKS.filter((tick) => tick <= end * 1.1);
  return element(
    'svg',
    { class: 'axis', role: 'img', 'aria-label': life.when, width: '100%', height: 18 },
    ticks.map((tick, index) =>
      element(
        'text',
        { x: `${place(tick).toFixed(1)}%`, y: 13, 'text-anchor': index === 0 ? 'start' : 'middle' },
        spanText(tick, units),
      ),
    ),
  );
}

/** A step is a bar; a moment a line; one that lies somewhere within, hatched; one without an end fades with an arrow. */
function mark({ earliest, latest }: LifeWindow, lasted: boolean, place: Place): TreeElement {
  const from = place(earliest);
  const to = latest === null ? 100 : place(latest);
  const x = `${from.toFixed(2)}%`;
  const width = `${Math.max(0.3, to - from).toFixed(2)}%`;
  const parts = [element('line', { class: 'rail', x1: 0, x2: '100%', y1: 9, y2: 9 })];
  if (lasted) parts.push(element('rect', { class: 'lasted', x, y: 5, width, height: 8, rx: 2 }));
  else if (to - from > 0.3) parts.push(element('rect', { class: 'within', x, y: 3, width, height: 12 }));
  if (!lasted) parts.push(element('line', { class: 'moment', x1: x, x2: x, y1: 1, y2: 17 }));
  if (!lasted && latest !== null)
    parts.push(element('line', { class: 'moment', x1: `${to.toFixed(2)}%`, x2: `${to.toFixed(2)}%`, y1: 1, y2: 17 }));
  return element('svg', { class: 'life-mark', width: '100%', height: 18, 'aria-hidden': 'true' }, parts);
}

function whenText(at: LifeWindow | null, { units, life }: Words): string {
  if (at === null) return life.unknownTime;
  return figureText({ lo: at.earliest, hi: at.latest }, units);
}

function facts({ life, view, timeZone, language }: LifeState, words: Words): TreeElement {
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
    [said.report, element('a', { href: `/reports/${month}?format=html&lang=${language}` }, month)],
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

function hopsView({ life, timeZone }: LifeState, words: Words): TreeElement {
  const { life: said, pledge, units } = words;
  const rows = life.hops.map(({ by, from, at, seconds }: Hop) =>
    row({}, [
      by ?? pledge.noFigure,
      from ?? pledge.noFigure,
      at === null ? pledge.noFigure : element('time', { datetime: at }, dateTime(Date.parse(at), timeZone)),
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
