/** How each provider's running month stands to its contract: set when it is judged, only read at a scrape. */
import type { Gauge } from 'prom-client';
import type { ClauseTerms, ContractTerms } from '../../domain/contract-terms.ts';
import type { ClosedClause } from '../../domain/event.ts';
import type { Standing } from '../../domain/report/standing.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import { type Scoreboard, STANDING_HOLDS_SECONDS } from '../../ports.ts';
import type { Definers } from './instruments.ts';

export interface Held {
  readonly provider: string;
  readonly contract: ContractTerms;
}

type Gauges = ReturnType<typeof defineGauges>;

const BOUNDS = ['lo', 'hi'] as const;
const VERDICTS = ['MET', 'BREACH', 'INCONCLUSIVE'] as const;

/** NaN until the first evaluation, and again after one that failed or that none followed in time. `hi` is +Inf where nothing bounds the figure. */
export class SlaGauges implements Scoreboard {
  readonly #gauges: Gauges;
  readonly #held: ReadonlyMap<string, ContractTerms>;
  /** When what is shown of a provider was judged; none where nothing is shown. */
  readonly #shownAt = new Map<string, Instant>();

  constructor(define: Definers, held: readonly Held[]) {
    this.#gauges = defineGauges(define);
    this.#held = new Map(held.map(({ provider, contract }) => [provider, contract]));
    for (const { provider, contract } of held) {
      this.#show(provider, null);
      this.#gauges.evaluated.set({ provider }, Number.NaN);
      for (const clause of contract.clauses) setLimits(this.#gauges.limit, provider, clause);
    }
  }

  judged(provider: string, standing: Standing | null, at: Instant): void {
    if (!this.#held.has(provider)) return;
    this.#show(provider, standing);
    if (standing === null) this.#shownAt.delete(provider);
    else {
      this.#shownAt.set(provider, at);
      this.#gauges.evaluated.set({ provider }, at.wallMs / 1000);
    }
  }

  collect(now: Instant): void {
    for (const [provider, at] of this.#shownAt)
      if (spanBetween(at, now).hi > STANDING_HOLDS_SECONDS) this.judged(provider, null, now);
  }

  /** Shows that nothing is known. */
  forget(): void {
    for (const provider of this.#held.keys()) this.#show(provider, null);
  }

  #show(provider: string, standing: Standing | null): void {
    for (const terms of this.#held.get(provider)?.clauses ?? []) {
      const clause = standing?.clauses.find(({ id }) => id === terms.id) ?? null;
      const labels = { provider, clause: terms.id };
      for (const verdict of VERDICTS) {
        const value = clause === null ? Number.NaN : Number(clause.verdict === verdict);
        this.#gauges.verdict.set({ ...labels, verdict }, value);
      }
      if (terms.kind === 'attested') continue;
      this.#gauges.coverage.set(labels, clause?.figures['coverage']?.[0] ?? Number.NaN);
      const { average, maximum, breaches, breachesLeft, downtime, downtimeLeft } = this.#gauges;
      if (terms.kind === 'delay') {
        const { path } = terms;
        for (const [gauge, figure] of [
          [average, 'averageSeconds'],
          [maximum, 'maximumSeconds'],
          [breaches, 'breaches'],
          [breachesLeft, 'breachesLeft'],
        ] as const)
          eachBound(clause, figure, (bound, value) => gauge.set({ provider, path, clause: terms.id, bound }, value));
      } else {
        for (const [gauge, figure] of [
          [downtime, 'downSeconds'],
          [downtimeLeft, 'downLeftSeconds'],
        ] as const)
          eachBound(clause, figure, (bound, value) => gauge.set({ ...labels, bound }, value));
      }
    }
  }
}

function eachBound(
  clause: ClosedClause | null,
  figure: string,
  set: (bound: (typeof BOUNDS)[number], value: number) => void,
): void {
  const ends = clause?.figures[figure];
  for (const [index, bound] of BOUNDS.entries())
    set(bound, ends === undefined ? Number.NaN : (ends[index] ?? Number.POSITIVE_INFINITY));
}

function setLimits(gauge: Gauge<'provider' | 'clause' | 'limit'>, provider: string, terms: ClauseTerms): void {
  for (const [limit, seconds] of Object.entries(limitsOf(terms)))
    gauge.set({ provider, clause: terms.id, limit }, seconds);
}

function limitsOf(terms: ClauseTerms): Readonly<Record<string, number>> {
  switch (terms.kind) {
    case 'attested':
      return {};
    case 'delay':
      return { average: terms.averageMaxSeconds, maximum: terms.maximumSeconds };
    case 'connectivity':
      return { downtime: terms.downUnderSeconds };
    case 'operations':
      return { faults: terms.faultsMaxSeconds, adjustments: terms.adjustmentsMaxSeconds };
  }
}

function defineGauges({ gauge }: Definers) {
  const clause = ['provider', 'clause'] as const;
  const delay = ['provider', 'path', 'clause', 'bound'] as const;
  return {
    average: gauge('sla_delay_average_seconds', 'Average delay of the running month, exclusions taken out.', delay),
    maximum: gauge('sla_delay_maximum_seconds', 'Largest delay of the running month, exclusions taken out.', delay),
    breaches: gauge(
      'sla_max_delay_breaches',
      'How often the maximum was exceeded in the running month, as the clause counts.',
      delay,
    ),
    breachesLeft: gauge(
      'sla_breaches_left',
      'How many more times the maximum may be exceeded in the running month with the clause kept.',
      delay,
    ),
    downtime: gauge('sla_downtime_seconds', 'Downtime of the running month, exclusions taken out.', [
      ...clause,
      'bound',
    ]),
    downtimeLeft: gauge('sla_downtime_left_seconds', 'Downtime that the clause still allows in the running month.', [
      ...clause,
      'bound',
    ]),
    coverage: gauge(
      'sla_coverage_ratio',
      'Share of the running month, as far as it is over, that is measured for the clause.',
      clause,
    ),
    verdict: gauge('sla_verdict', 'Verdict on the clause for the running month: 1 for the one that holds.', [
      ...clause,
      'verdict',
    ]),
    limit: gauge('sla_limit_seconds', 'Limits of the contract.', [...clause, 'limit']),
    evaluated: gauge(
      'sla_evaluated_timestamp_seconds',
      'When the running month was last judged; NaN before the first time.',
      ['provider'],
    ),
  };
}
