/** Knows what is so in a simulated world, and finds whatever the agent says that is not (measurement.md, "The rule above all"). */
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { ClauseReport } from '../../src/domain/report/report.ts';
import { type Month, monthRange } from '../../src/domain/time/calendar.ts';
import { clip } from '../../src/domain/time/span-set.ts';
import { holdAvailability, holdRuns } from './oracle/availability.ts';
import { type Claim, placeOf } from './oracle/claims.ts';
import { holdCounts, holdDelays } from './oracle/delay.ts';
import { Findings } from './oracle/findings.ts';
import { holdChain, holdClosings, holdPeaks, holdPlans, holdTallies } from './oracle/ledger.ts';
import { holdOutcome, holdRecord } from './oracle/probes.ts';
import { shownWhile } from './oracle/wall.ts';
import type { CreateOracle, Oracle, WorldView } from './simulation.ts';

export const createOracle: CreateOracle = (view) => new Watch(view);

/** What an oracle knows beside what is wrong. */
export interface WatchedWorld {
  readonly view: WorldView;
  /** All claims of months, in the order in which they were made. */
  readonly claims: readonly Claim[];
  readonly firstFoundMs: number | null;
}

/** As `createOracle`; `onEnd` is told at the end of all that was seen. */
export function createOracleWith(onEnd: (seen: WatchedWorld) => void): CreateOracle {
  return (view) => new Watch(view, onEnd);
}

class Watch implements Oracle {
  readonly #view: WorldView;
  readonly #findings: Findings;
  readonly #claims: Claim[] = [];
  readonly #onEnd: (seen: WatchedWorld) => void;

  constructor(view: WorldView, onEnd: (seen: WatchedWorld) => void = () => {}) {
    this.#view = view;
    this.#findings = new Findings(() => view.nowMs());
    this.#onEnd = onEnd;
  }

  get wrong(): readonly string[] {
    return this.#findings.all;
  }

  changed(records: readonly ProbeRecord[]): void {
    for (const record of records) holdRecord(this.#view, record, this.#findings);
  }

  monthEnded(month: Month): void {
    this.#claim(month, 'provisional');
  }

  monthFinal(month: Month): void {
    for (const claim of this.#claim(month, 'final')) this.#notTakenBack(claim);
  }

  ended(): void {
    const [view, findings] = [this.#view, this.#findings];
    for (const record of view.ledger.records()) holdOutcome(view, record, findings);
    holdRuns(view, findings);
    holdPlans(view, findings);
    holdTallies(view, findings);
    holdChain(view, findings);
    holdClosings(view, findings);
    holdPeaks(view, findings);
    const finals = this.#claims.filter(({ when }) => when === 'final');
    for (const month of new Set(finals.map(({ month }) => month))) this.#claim(month, 'in the end');
    // Only now is it known what became of all that was pending.
    for (const claim of this.#claims)
      for (const clause of claim.report.clauses) if (clause.kind === 'delay') holdDelays(view, claim, clause, findings);
    const { firstMs: firstFoundMs } = findings;
    this.#onEnd({ view, claims: this.#claims, firstFoundMs });
  }

  /** Takes down what the ledger says of the month now, and holds what is known already against it. */
  #claim(month: Month, when: Claim['when']): readonly Claim[] {
    const view = this.#view;
    for (const record of view.ledger.state().open.values()) holdRecord(view, record, this.#findings);
    return [...view.contracts.keys()].map((provider) => {
      const { report, sha256 } = view.ledger.judge(provider, month);
      const exclusions = [...view.ledger.state().exclusions.values()];
      const claim = { provider, month, when, report, sha256, exclusions, nowMs: view.nowMs(), wallMs: view.wallMs() };
      for (const clause of report.clauses) this.#holdNow(claim, clause);
      this.#claims.push(claim);
      return claim;
    });
  }

  #holdNow(claim: Claim, clause: ClauseReport): void {
    switch (clause.kind) {
      case 'delay':
        return holdCounts(this.#view, claim, clause, this.#findings);
      case 'connectivity':
      case 'operations':
        return holdAvailability(this.#view, claim, clause, this.#findings);
      case 'attested':
        return this.#findings.hold(
          clause.verdict === 'INCONCLUSIVE',
          () => `${placeOf(claim, clause)}: ${clause.verdict}`,
        );
    }
  }

  /** Only an exclusion takes a breach back that was proven at the month's end, and what is sent since by a clock that was put back into it. */
  #notTakenBack(final: Claim): void {
    const before = this.#claims.find(
      ({ provider, month, when }) => provider === final.provider && month === final.month && when === 'provisional',
    );
    if (before === undefined || idsOf(before) !== idsOf(final)) return;
    const since = shownWhile(this.#view.books, [{ fromMs: before.nowMs, toMs: final.nowMs }], final.nowMs).ever;
    if (clip(since, monthRange(final.month, final.report.timeZone)).length > 0) return;
    for (const clause of before.report.clauses) {
      const after = final.report.clauses.find(({ id }) => id === clause.id);
      for (const [name, verdict] of verdictsOf(clause)) {
        if (verdict !== 'BREACH') continue;
        const now = after === undefined ? undefined : new Map(verdictsOf(after)).get(name);
        this.#findings.hold(
          now === 'BREACH',
          () => `${placeOf(final, clause)}, ${name}: ${now}, and was a BREACH before`,
        );
      }
    }
  }
}

function idsOf({ provider, exclusions }: Claim): string {
  const ids = exclusions.filter((exclusion) => exclusion.provider === provider).map(({ id }) => id);
  return ids.sort().join(' ');
}

/** The clause's own and those it is made of. */
function verdictsOf(clause: ClauseReport): readonly (readonly [string, string])[] {
  const parts = clause.kind === 'attested' ? {} : clause.verdicts;
  return [['clause', clause.verdict], ...Object.entries<string>(parts)];
}
