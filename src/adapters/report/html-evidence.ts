/** What shows each breach and each outage: who said what and when, as the network gave it. */

import type { OutageReport } from '../../domain/report/report.ts';
import type { BreachEvidence } from '../../domain/report/report-evidence.ts';
import { probeAnchor } from '../../page/report-place.ts';
import { durations, plainTime, SHOWN_MAX, seconds } from './format.ts';
import { clauseName, type Fact, facts, labelsOf, type Setting, table, timeElement } from './html-parts.ts';
import { html, type Markup } from './html-text.ts';
import type { MeasuredReport } from './pledges.ts';

export function evidenceSection(clauses: readonly MeasuredReport[], setting: Setting): Markup {
  const { page } = setting;
  const named = new Set<string>();
  const parts = clauses.flatMap((clause) => {
    const shown = clause.kind === 'delay' ? breachesOf(clause, named, setting) : outagesOf(clause, setting);
    return shown === null ? [] : [shown];
  });
  return html`<section class="evidence"><h3>${page.evidence}</h3>
${parts.length === 0 ? html`<p>${page.noBreach}</p>` : parts}</section>
`;
}

/** `named`: the probes that have their place already, of another clause. */
function breachesOf(
  clause: Extract<MeasuredReport, { kind: 'delay' }>,
  named: Set<string>,
  setting: Setting,
): Markup | null {
  const { words, language } = setting;
  const { breaches } = clause;
  if (breaches.length === 0) return null;
  return html`<section><h4>${`${clauseName(clause, language)}${words.colon}${words.label.breaches}`}</h4>
<ol class="breaches">${breaches.slice(0, SHOWN_MAX).map((breach) => breachItem(breach, placeOf(breach, named), setting))}</ol>
${omitted(breaches.length, setting)}</section>
`;
}

function placeOf({ probe }: BreachEvidence, named: Set<string>): Markup | null {
  if (named.has(probe)) return null;
  named.add(probe);
  return html` id="${probeAnchor(probe)}"`;
}

function breachItem(breach: BreachEvidence, place: Markup | null, { words, timeZone }: Setting): Markup {
  const { label } = words;
  const time = (iso: string | null): Markup | null => (iso === null ? null : timeElement(iso, timeZone));
  const quoted = (text: string | null): Markup | null => (text === null ? null : html`<q>${text}</q>`);
  const known: readonly Fact[] = [
    [label.delay, `${seconds(breach.delaySeconds)} (${label.rawDelay} ${seconds(breach.rawDelaySeconds)})`],
    [label.outcome, words.outcome[breach.outcome]],
    [label.accepted, time(breach.acceptedAt)],
    [label.arrived, time(breach.arrivedAt)],
    [label.envelope, html`${breach.sender} → ${breach.recipient}`],
    [label.server, breach.server],
    [label.reply, quoted(breach.reply)],
    [label.notice, quoted(breach.notice)],
    [label.folder, breach.folder],
    [label.flags, breach.flags.length === 0 ? null : breach.flags.join(', ')],
    [label.hops, hops(breach)],
  ];
  const sign =
    breach.certainty === 'proven'
      ? html`<path class="mark diamond" d="M6 1l5 5-5 5-5-5z"/>`
      : html`<path class="mark open-diamond" d="M6 1l5 5-5 5-5-5z"/>`;
  return html`<li${place}><p class="breach-head"><code>${breach.probe}</code> <span class="certainty"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">${sign}</svg>${words.certainty[breach.certainty]}</span> <span>${durations(breach.delaySeconds, words.units)}</span></p>${facts(known)}</li>
`;
}

function hops({ hops: trace }: BreachEvidence): Markup | null {
  if (trace.length === 0) return null;
  const hop = ({ by, at, seconds: since }: (typeof trace)[number]): Markup =>
    html`<li>${by ?? '?'} ${at} ${since === null ? null : `+${since} s`}</li>`;
  return html`<ol class="hops">${trace.map(hop)}</ol>`;
}

function outagesOf(clause: Extract<MeasuredReport, { outages: unknown }>, setting: Setting): Markup | null {
  const { words, language } = setting;
  const { outages } = clause;
  if (outages.length === 0) return null;
  const caption = `${clauseName(clause, language)}${words.colon}${words.label.outages}`;
  return html`<section><h4>${caption}</h4>
${table(
  caption,
  labelsOf(words, 'part', 'certainty', 'began', 'ended', 'lasted', 'raw', 'checks', 'reason'),
  outages.slice(0, SHOWN_MAX).map((outage) => outageRow(outage, setting)),
)}${omitted(outages.length, setting)}</section>
`;
}

function outageRow(outage: OutageReport, { words, timeZone }: Setting) {
  const time = (iso: string | null): string | null => (iso === null ? null : plainTime(iso, timeZone));
  const path = outage.path === null ? '' : ` (${words.path[outage.path]})`;
  return [
    `${words.part[outage.part]}${path}`,
    words.certainty[outage.certainty],
    words.between(time(outage.beganAfter), time(outage.beganBy)),
    words.between(time(outage.endedAfter), time(outage.endedBy)),
    seconds(outage.seconds),
    seconds(outage.rawSeconds),
    outage.checks,
    outage.reason,
  ];
}

function omitted(count: number, { words }: Setting): Markup | null {
  return count > SHOWN_MAX ? html`<p>${words.omitted(count - SHOWN_MAX)}</p>` : null;
}
