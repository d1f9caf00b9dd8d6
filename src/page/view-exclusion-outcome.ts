/** What came of an exclusion that was tried, entered or taken back. */
import type { ClosedClause } from '../domain/event.ts';
import type { ExclusionPreview } from '../domain/report/exclusion-preview.ts';
import type { RunningMonth } from '../domain/status-view.ts';
import type { Language } from './format.ts';
import { clauseName } from './headline.ts';
import { pledgesOf } from './pledges.ts';
import type { ExclusionState } from './state.ts';
import { type Child, element, type TreeElement, textOf } from './tree.ts';
import { badge, monthName, row, table } from './view-parts.ts';
import type { Words } from './words.ts';

/** `said` where entering and taking back differ. */
export function outcomeOf(
  { phase, preview, message }: ExclusionState,
  month: RunningMonth,
  language: Language,
  words: Words,
  said: { readonly saved: string; readonly after: string },
): Child {
  switch (phase) {
    case 'token':
      return null;
    case 'working':
      return element('p', {}, words.exclusions.working);
    case 'saved':
      return element('p', {}, badge('MET', said.saved));
    case 'refused':
      return element('p', { class: 'problem' }, message ?? '');
    case 'preview':
      return preview === null ? null : changes(preview, month, language, words, said.after);
  }
}

/** Both sides are of the month that the preview names; of the running one come only the terms. */
function changes(
  preview: ExclusionPreview,
  month: RunningMonth,
  language: Language,
  words: Words,
  heading: string,
): readonly Child[] {
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
    rows.length > 0 && table(exclusions.changes(name), [exclusions.clause, exclusions.now, heading], rows),
    !isShown && element('p', { class: 'problem' }, exclusions.notShown(name)),
    isShown && rows.length === 0 && element('p', {}, exclusions.nothingChanges(name)),
  ];
}

function standingOf(clause: RunningMonth['clauses'][number] & ClosedClause, words: Words): TreeElement {
  const figures = pledgesOf(clause, words).map(({ name, found }) => element('small', {}, `${name} ${found}`));
  return element('div', {}, badge(clause.verdict, words.verdict[clause.verdict]), figures);
}
