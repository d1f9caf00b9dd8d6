/** Taking an exclusion back, with a look at what that would change. */
import type { Exclusion } from '../domain/exclusion.ts';
import type { ProviderStatus, RunningMonth } from '../domain/status-view.ts';
import { dateTime } from './format.ts';
import type { PageState } from './state.ts';
import { element, type TreeElement } from './tree.ts';
import { outcomeOf } from './view-exclusion-outcome.ts';
import { field, options, tokenForm } from './view-parts.ts';
import type { Words } from './words.ts';

export function retractingView(
  provider: ProviderStatus,
  month: RunningMonth,
  state: PageState,
  words: Words,
): TreeElement {
  const { exclusions, retraction } = words;
  const asked = state.retractions.get(provider.name) ?? null;
  const busy = asked?.phase === 'working';
  const text = (name: string): TreeElement =>
    element('input', { name, type: 'text', required: true, maxlength: 200, autocomplete: 'off' });
  // The newest is what somebody has just entered wrongly.
  const known = month.exclusions.toReversed();
  return element(
    'details',
    { class: 'retracting', 'data-key': 'retracting' },
    element('summary', {}, retraction.open),
    element(
      'form',
      { class: 'exclusion-form', 'data-action': 'retraction', 'data-provider': provider.name },
      field(
        retraction.which,
        element('select', { name: 'id' }, options(known.map((each) => [each.id, nameOf(each, month.timeZone, words)]))),
      ),
      field(retraction.by, text('by')),
      field(retraction.why, text('note')),
      element('button', { type: 'submit', value: 'preview', formnovalidate: true, disabled: busy }, exclusions.preview),
      element('button', { type: 'submit', value: 'enter', class: 'primary', disabled: busy }, retraction.save),
    ),
    asked?.phase === 'token' && tokenForm('retraction-token', provider.name, asked.message, words),
    element(
      'div',
      { role: 'status' },
      asked === null ? null : outcomeOf(asked, month, state.language, words, retraction),
    ),
  );
}

/** As the table has it, in a line. */
function nameOf({ fromMs, toMs, kind, path, by }: Exclusion, timeZone: string, words: Words): string {
  const { exclusions, exclusionKind } = words;
  const way = path === null ? exclusions.allPaths : words.path[path];
  return `${dateTime(fromMs, timeZone)} – ${dateTime(toMs, timeZone)}, ${exclusionKind[kind]}, ${way}, ${by}`;
}
