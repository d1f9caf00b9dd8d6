/** What is on its way now, with its age, and what came of the latest probes. */

import type { StageTiming } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { StatusView } from '../domain/status-view.ts';
import { zoneOf } from './day.ts';
import { ageText, clockText, figureText, type Language, spanText } from './format.ts';
import { remembering } from './memo.ts';
import type { PageState } from './state.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { badge, row, table, timeElement } from './view-parts.ts';
import type { Verdict, Words } from './words.ts';

/** Those that wait longest tell what is wrong; a list of all would push what came of the latest off the page. */
const IN_FLIGHT_SHOWN = 12;

export function probesView(state: PageState, words: Words): TreeElement {
  return element('div', { class: 'probes' }, inFlightView(state, words), recentView(state, words));
}

function inFlightView({ status, nowMs, language }: PageState, words: Words): TreeElement {
  const { probes } = words;
  const { inFlightCount } = status;
  const oldest = status.inFlight.slice(0, IN_FLIGHT_SHOWN);
  const rows = oldest.map((probe) =>
    row({ 'data-key': probe.id }, [
      element('a', { href: probeLink(probe.id, language) }, wayOf(probe, status, words)),
      ageText(ageOf(probe, nowMs), words.units),
      [probe.awaiting === null ? words.outcome[probe.outcome] : words.awaiting[probe.awaiting], errorText(probe)],
    ]),
  );
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, probes.inFlight, ' ', element('span', { class: 'count' }, inFlightCount)),
    rows.length === 0
      ? element('p', { class: 'soft' }, probes.noneInFlight)
      : table(probes.inFlight, [probes.way, probes.age, probes.awaits], rows),
    inFlightCount > oldest.length && element('p', { class: 'soft' }, probes.more(inFlightCount - oldest.length)),
  );
}

/** Goes on while nothing is heard: the clock does, too. */
export function ageOf({ plannedAt, ageSeconds }: ProbeView, nowMs: number): number {
  return Math.max(ageSeconds, (nowMs - Date.parse(plannedAt)) / 1000);
}

const rememberRow = remembering();

function recentRow(probe: ProbeView, language: Language, sent: TreeElement, way: string, words: Words): TreeElement {
  return row({ 'data-key': probe.id }, [
    element('a', { href: probeLink(probe.id, language) }, sent),
    [way, probe.kind === 'spot' && element('small', {}, words.probeKind.spot)],
    [outcomeBadge(probe, words), errorText(probe)],
    delayText(probe, words),
    stageBar(probe.stages, words),
  ]);
}

function recentView({ status, nowMs, language }: PageState, words: Words): TreeElement {
  const { probes } = words;
  const heads = [probes.sent, probes.way, probes.outcome, probes.delay, probes.stages];
  const rows = status.recent.map((probe) => {
    const zone = zoneOf(status.providers.find(({ name }) => name === probe.provider) ?? { month: null });
    const planned = clockText(Date.parse(probe.plannedAt), nowMs, zone);
    const way = wayOf(probe, status, words);
    // An age is not shown here, and changes all the time.
    const key = JSON.stringify([language, zone, planned, way, { ...probe, ageSeconds: null }]);
    return rememberRow(key, () => recentRow(probe, language, timeElement(probe.plannedAt, zone, planned), way, words));
  });
  return element(
    'section',
    { class: 'card recent' },
    element('h2', {}, probes.recent),
    rows.length === 0 ? element('p', { class: 'soft' }, probes.noneRecent) : table(probes.recent, heads, rows),
  );
}

/** Of one that has only begun nothing is known. */
export function delayText({ delaySeconds, outcome }: ProbeView, { probes, pledge, units }: Words): string {
  if (delaySeconds === null) return outcome === 'pending' ? pledge.unknown : probes.noDelay;
  return delaySeconds.lo === 0 && delaySeconds.hi === null ? pledge.unknown : figureText(delaySeconds, units);
}

export function probeLink(id: string, language: string): string {
  return `/probes/${id}?lang=${language}`;
}

/** With one provider its name says nothing. */
function wayOf({ provider, path }: ProbeView, { providers }: StatusView, words: Words): string {
  return providers.length === 1 ? words.path[path] : `${provider} · ${words.path[path]}`;
}

export function outcomeBadge({ outcome }: ProbeView, words: Words): TreeElement {
  return badge(OUTCOME_SIGN[outcome], words.outcome[outcome]);
}
const OUTCOME_SIGN: Readonly<Record<ProbeView['outcome'], Verdict>> = {
  delivered: 'MET',
  pending: 'INCONCLUSIVE',
  failed: 'BREACH',
  lost: 'BREACH',
  unmeasured: 'INCONCLUSIVE',
};

function errorText({ error }: ProbeView): Child {
  return error !== null && element('small', { class: 'error' }, error);
}

/** How the handover's time was spent, drawn to its own length; the words say it too. */
export function stageBar(stages: readonly StageTiming[], { stage, units, probes }: Words): Child {
  const total = stages.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total === 0) return '–';
  let passed = 0;
  const parts = stages.map(({ name, seconds }, index) => {
    const x = (passed / total) * 100;
    passed += seconds;
    return element(
      'rect',
      {
        class: `stage stage-${index % 2}`,
        x: `${x.toFixed(2)}%`,
        y: 0,
        width: `${((seconds / total) * 100).toFixed(2)}%`,
        height: 8,
      },
      element('title', {}, probes.stage(stage[name], spanText(seconds, units))),
    );
  });
  const longest = stages.reduce((most, each) => (each.seconds > most.seconds ? each : most));
  const label = stages.map(({ name, seconds }) => probes.stage(stage[name], spanText(seconds, units))).join(', ');
  return element(
    'span',
    { class: 'stages' },
    element('svg', { role: 'img', 'aria-label': label, width: '100%', height: 8 }, parts),
    element(
      'small',
      {},
      `${spanText(total, units)} · ${probes.stage(stage[longest.name], spanText(longest.seconds, units))}`,
    ),
  );
}
