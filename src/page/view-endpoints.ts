/** The provider's servers, as the last check of each showed them. */
import type { EndpointStatus, ProviderStatus } from '../domain/status-view.ts';
import { zoneOf } from './day.ts';
import { ageText, dateText, spanText } from './format.ts';
import type { PageState } from './state.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { badge, row, table, timeElement } from './view-parts.ts';
import type { Words } from './words.ts';

/** A certificate that ends sooner than this is worth a word. */
const EXPIRY_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

export function endpointsView(provider: ProviderStatus, { nowMs }: PageState, words: Words): TreeElement {
  const { endpoints } = words;
  const heads = [endpoints.server, endpoints.state, endpoints.answer, endpoints.checked, endpoints.certificate];
  const rows = provider.endpoints.map((status) => endpointRow(status, zoneOf(provider), nowMs, words));
  return element('section', { class: 'card' }, element('h3', {}, endpoints.title), table(endpoints.title, heads, rows));
}

function endpointRow(status: EndpointStatus, timeZone: string, nowMs: number, words: Words): TreeElement {
  const { endpoint, seconds, checkedAt, certificateExpiresAt } = status;
  const age = checkedAt === null ? 0 : Math.max(0, nowMs - Date.parse(checkedAt)) / 1000;
  return row({ 'data-key': endpoint }, [
    words.endpoint[endpoint],
    stateBadge(status, words),
    seconds === null ? words.pledge.noFigure : spanText(seconds, words.units),
    checkedAt === null
      ? words.pledge.noFigure
      : timeElement(checkedAt, timeZone, words.endpoints.ago(ageText(age, words.units))),
    certificateExpiresAt === null ? words.pledge.noFigure : certificate(certificateExpiresAt, timeZone, nowMs, words),
  ]);
}

function stateBadge({ up, checkedAt }: EndpointStatus, { endpoints }: Words): TreeElement {
  if (up === null) return badge('INCONCLUSIVE', checkedAt === null ? endpoints.unchecked : endpoints.unknown);
  return up ? badge('MET', endpoints.up) : badge('BREACH', endpoints.down);
}

function certificate(expiresAt: string, timeZone: string, nowMs: number, { endpoints }: Words): Child {
  const expiresMs = Date.parse(expiresAt);
  const days = Math.floor((expiresMs - nowMs) / DAY_MS);
  const date = timeElement(expiresAt, timeZone, dateText(expiresMs, timeZone));
  if (days < 0) return [badge('BREACH', endpoints.expired), ' ', date];
  if (days < EXPIRY_WARNING_DAYS) return [badge('INCONCLUSIVE', endpoints.days(days)), ' ', date];
  return [date, ' ', element('small', {}, endpoints.days(days))];
}
