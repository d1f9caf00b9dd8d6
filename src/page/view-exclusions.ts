/** Time that is not held against the provider: what is entered, and entering more with a look at what it would change. */
import type { ProviderStatus, RunningMonth } from '../domain/status-view.ts';
import { dateTime } from './format.ts';
import type { PageState } from './state.ts';
import { element, type TreeElement } from './tree.ts';
import { outcomeOf } from './view-exclusion-outcome.ts';
import { field, options, row, table, tokenForm } from './view-parts.ts';
import { retractingView } from './view-retraction.ts';
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
    state.status.acting === 'forbidden'
      ? null
      : [entering(provider, month, state, words), rows.length > 0 && retractingView(provider, month, state, words)],
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
    // Keyed: it stays open when the first one stands above it.
    { class: 'entering', 'data-key': 'entering' },
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
    element(
      'div',
      { role: 'status' },
      entered === null ? null : outcomeOf(entered, month, state.language, words, exclusions),
    ),
  );
}
