/** Time that is not held against the provider: what is entered, and entering more with a look at what it would change. */
import type { ClosedClause } from '../domain/event.ts';
import type { ExclusionPreview } from '../domain/report/exclusion-preview.ts';
import type { ProviderStatus, RunningMonth } from '../domain/status-view.ts';
import { dateTime, type Language } from './format.ts';
import { clauseName } from './headline.ts';
import { pledgesOf } from './pledges.ts';
import type { ExclusionState, PageState } from './state.ts';
import { type Child, element, type TreeElement, textOf } from './tree.ts';
import { badge, field, monthName, options, row, table, tokenForm } from './view-parts.ts';
import type { Words } from './words.ts';

export function exclusionsView(
  provider: ProviderStatus,
  month: RunningMonth,
  state: PageState,
  words: Words,
): TreeElement {
  const { exclusions } = words;
  const heads = [exclusions.from, exclusions.to, exclusions.kind, exclusions.path, exclusions.by, exclusions.evidence];
  const rows = month.exclusions.map(({ id, fromMs, toMs, kind, path, by, evidence, note }) =>
    row({ 'data-key': id }, [
      dateTime(fromMs, month.timeZone),
      dateTime(toMs, month.timeZone),
      words.exclusionKind[kind],
      path === null ? exclusions.allPaths : words.path[path],
      by,
      [evidence, note !== '' && element('small', {}, note)],
    ]),
  );
  return element(
    'section',
    { class: 'card' },
    element('h3', {}, exclusions.title),
    rows.length === 0 ? element('p', { class: 'soft' }, exclusions.none) : table(exclusions.title, heads, rows),
    month.exclusionCount > rows.length &&
      element('p', { class: 'soft' }, words.probes.more(month.exclusionCount - rows.length)),
    state.status.acting === 'forbidden' ? null : entering(provider, month, state, words),
  );
}

function entering(provider: ProviderStatus, month: RunningMonth, state: PageState, words: Words): TreeElement {
  const { exclusions } = words;
  const entered = state.exclusions.get(provider.name) ?? null;
  const kinds = options(Object.entries(words.exclusionKind));
  const paths = options([
    ['', exclusions.allPaths],
    ...provider.paths.map((path) => [path, words.path[path]] as const),
  ]);
  const text = (name: string, required: boolean): TreeElement =>
    element('input', { name, type: 'text', required, maxlength: 200, autocomplete: 'off' });
  const moment = (name: string): TreeElement => element('input', { name, type: 'datetime-local', required: true });
  const busy = entered?.phase === 'working';
  return element(
    'details',
    { class: 'entering' },
    element('summary', {}, exclusions.enter),
    element(
      'form',
      { class: 'exclusion-form', 'data-action': 'exclusion', 'data-provider': provider.name },
      field(exclusions.kind, element('select', { name: 'kind' }, kinds)),
      field(exclusions.path, element('select', { name: 'path' }, paths)),
      field(exclusions.from, moment('from')),
      field(exclusions.to, moment('to')),
      field(exclusions.by, text('by', true)),
      field(exclusions.evidence, text('evidence', true)),
      field(exclusions.note, text('note', false)),
      element('p', { class: 'note' }, exclusions.zone(month.timeZone)),
      element('button', { type: 'submit', value: 'preview', disabled: busy }, exclusions.preview),
      element('button', { type: 'submit', value: 'enter', class: 'primary', disabled: busy }, exclusions.save),
    ),
    entered?.phase === 'token' && tokenForm('exclusion-token', provider.name, entered.message, words),
    element('div', { role: 'status' }, entered === null ? null : outcome(entered, month, state.language, words)),
  );
}

function outcome(
  { phase, preview, message }: ExclusionState,
  month: RunningMonth,
  language: Language,
  words: Words,
): Child {
  switch (phase) {
    case 'token':
      return null;
    case 'working':
      return element('p', {}, words.exclusions.working);
    case 'saved':
      return element('p', {}, badge('MET', words.exclusions.saved));
    case 'refused':
      return element('p', { class: 'problem' }, message ?? '');
    case 'preview':
      return preview === null ? null : changes(preview, month, language, words);
  }
}

/** Both sides are of the month that the preview names; of the running one come only the terms. */
function changes(preview: ExclusionPreview, month: RunningMonth, language: Language, words: Words): readonly Child[] {
  const { exclusions } = words;
  const name = monthName(preview.month, words);
  const rows: TreeElement[] = [];
  let isShown = preview.now.length > 0;
  for (const before of preview.now) {
    const after = preview.then.find(({ id }) => id === before.id) ?? before;
    const clause = month.clauses.find(({ terms }) => terms.id === before.id);
    if (clause === undefined) {
      isShown &&= JSON.stringify(before) === JSON.stringify(after);
      continue;
    }
    const [now, then] = [standingOf({ ...clause, ...before }, words), standingOf({ ...clause, ...after }, words)];
    if (textOf(now) !== textOf(then)) rows.push(row({}, [clauseName(clause, language), now, then]));
  }
  return [
    rows.length > 0 && table(exclusions.changes(name), [exclusions.clause, exclusions.now, exclusions.after], rows),
    !isShown && element('p', { class: 'problem' }, exclusions.notShown(name)),
    isShown && rows.length === 0 && element('p', {}, exclusions.nothingChanges(name)),
  ];
}

function standingOf(clause: RunningMonth['clauses'][number] & ClosedClause, words: Words): TreeElement {
  const figures = pledgesOf(clause, words).map(({ name, found }) => element('small', {}, `${name} ${found}`));
  return element('div', {}, badge(clause.verdict, words.verdict[clause.verdict]), figures);
}
