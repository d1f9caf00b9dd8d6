/** A first page: the last probes and the agent's health, plain HTML. */
import type { ProbeView } from '../../domain/probe-view.ts';
import type { AgentHealth } from '../../ports.ts';

export function renderHome(views: readonly ProbeView[], health: AgentHealth): string {
  const problems = Object.entries(health.parts).filter(([, problem]) => problem !== null);
  const status = problems.length === 0 ? 'ready' : problems.map(([part, problem]) => `${part}: ${problem}`).join('; ');
  const cells = (values: readonly string[], tag: 'td' | 'th'): string =>
    values.map((value) => `<${tag}>${escapeHtml(value)}</${tag}>`).join('');
  const rows = views.map(
    (view) =>
      `<tr>${cells([view.plannedAt, view.provider, view.path, view.kind, view.outcome, delayText(view), view.error ?? ''], 'td')}</tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mailflow-probe</title><meta name="viewport" content="width=device-width"></head>
<body><h1>mailflow-probe</h1><p>${escapeHtml(status)}. <a href="/metrics">Metrics</a></p>
<table><caption>The last probes, newest first; delays in seconds</caption>
<thead><tr>${cells(['planned', 'provider', 'path', 'kind', 'outcome', 'delay', 'error'], 'th')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></body></html>
`;
}

function delayText({ delaySeconds }: ProbeView): string {
  if (delaySeconds === null) return '';
  const { lo, hi } = delaySeconds;
  return hi === null ? `over ${lo.toFixed(3)}` : `${lo.toFixed(3)} to ${hi.toFixed(3)}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
