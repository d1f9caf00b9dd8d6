/** A spot check from click to result. */

import type { Stage } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { ProviderStatus } from '../domain/status-view.ts';
import { limitsOf } from './day.ts';
import { ageText, figureText, spanText } from './format.ts';
import type { PageState, SpotState } from './state.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { badge, field, options, tokenForm } from './view-parts.ts';
import { ageOf, probeLink } from './view-probes.ts';
import type { Words } from './words.ts';

const STEPS: readonly (Stage | 'capture')[] = [
  'dns',
  'connect',
  'tls',
  'greeting',
  'auth',
  'mail',
  'rcpt',
  'data',
  'capture',
];

export function spotView(provider: ProviderStatus, state: PageState, words: Words): TreeElement {
  const spot = state.spots.get(provider.name) ?? null;
  return element(
    'section',
    { class: 'card spot' },
    element('h3', {}, words.spot.title),
    state.status.acting === 'forbidden'
      ? element('p', { class: 'soft' }, words.spot.forbidden)
      : spotForm(provider, spot, words),
    spot?.phase === 'token' && tokenForm('spot-token', provider.name, spot.message, words),
    element('p', { class: 'spot-verdict', role: 'status' }, spot === null ? null : said(provider, spot, words)),
    spot !== null && spot.probe !== null && followed(spot.probe, spot.phase, state, words),
  );
}

function spotForm({ name, paths }: ProviderStatus, spot: SpotState | null, words: Words): TreeElement {
  const busy = spot?.phase === 'starting';
  const choices = options(paths.map((path) => [path, `${words.path[path]} – ${words.pathMeaning[path]}`]));
  return element(
    'form',
    { class: 'spot-form', 'data-action': 'spot', 'data-provider': name },
    element('p', { class: 'soft' }, words.spot.text),
    field(words.spot.path, element('select', { name: 'path' }, choices)),
    element(
      'button',
      { type: 'submit', class: 'primary', disabled: busy },
      spot?.phase === 'done' ? words.spot.another : words.spot.start,
    ),
  );
}

/** What a screen reader is told whenever it changes. */
function said(provider: ProviderStatus, { phase, probe, message }: SpotState, words: Words): Child {
  switch (phase) {
    case 'token':
      return null;
    case 'starting':
      return words.spot.starting;
    case 'refused':
      return badge('BREACH', words.spot.refused(message ?? ''));
    case 'running':
      return words.spot.running;
    case 'done':
      return probe === null ? null : result(provider, probe, words);
  }
}

function followed(probe: ProbeView, phase: SpotState['phase'], state: PageState, words: Words): TreeElement {
  const age = ageText(ageOf(probe, state.nowMs), words.units);
  return element(
    'div',
    {},
    phase === 'running' && element('p', { class: 'soft' }, words.spot.age(age)),
    steps(probe, words),
    element('p', {}, element('a', { href: probeLink(probe.id, state.language) }, words.spot.details)),
  );
}

/** Over the average's limit it is late, where there is one: one message alone has no average. */
function result(provider: ProviderStatus, probe: ProbeView, { spot, units, outcome }: Words): TreeElement {
  const { delaySeconds, error } = probe;
  const why = error ?? outcome[probe.outcome];
  if (probe.outcome === 'failed' || probe.outcome === 'lost') return badge('BREACH', spot.failed(why));
  if (probe.outcome !== 'delivered' || delaySeconds === null) return badge('INCONCLUSIVE', spot.unclear(why));
  const delay = figureText(delaySeconds, units);
  const limits = limitsOf(provider, probe.path);
  const inTime = limits === null || (delaySeconds.hi !== null && delaySeconds.hi <= limits.average);
  return inTime ? badge('MET', spot.inTime(delay)) : badge('BREACH', spot.late(delay));
}

function steps(probe: ProbeView, words: Words): TreeElement {
  const passed = new Map(probe.stages.map(({ name, seconds }) => [name as string, seconds]));
  const items = STEPS.map((step) => {
    const kind = stepKind(step, probe);
    const seconds = passed.get(step);
    return element(
      'li',
      { class: kind, 'aria-current': kind === 'current' ? 'step' : null },
      element('span', {}, words.stage[step]),
      seconds !== undefined && element('small', {}, spanText(seconds, words.units)),
    );
  });
  return element('ol', { class: 'steps', 'aria-label': words.spot.steps }, items);
}

type Step = (typeof STEPS)[number];

/** The step that a handover failed at is the last that took any time. */
function stepKind(
  step: Step,
  { outcome, stages, awaiting, acceptedAt }: ProbeView,
): 'done' | 'current' | 'failed' | 'missed' | 'ahead' {
  if (outcome === 'delivered') return 'done';
  if (outcome === 'pending' && step === awaiting) return 'current';
  const isLast = stages.at(-1)?.name === step;
  if (outcome !== 'pending' && acceptedAt === null && isLast) return 'failed';
  const isPast = awaiting !== null && STEPS.indexOf(step) < STEPS.findIndex((each) => each === awaiting);
  if (isPast || stages.some(({ name }) => name === step)) return 'done';
  return outcome === 'pending' ? 'ahead' : 'missed';
}
