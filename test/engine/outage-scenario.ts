/** A made-up morning of a provider whose servers go up and down, and of an agent that has troubles of its own: what the report says of it, held against what was so. */

import { DEEP_EVERY } from '../../src/domain/check-plan.ts';
import type { ConnectivityClause, ContractTerms } from '../../src/domain/contract-terms.ts';
import { ENDPOINTS, type Endpoint } from '../../src/domain/endpoint.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { ConnectivityClauseReport } from '../../src/domain/report/report.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import { clip, type MsRange, normalise, type SpanSet, subtract, totalMs } from '../../src/domain/time/span-set.ts';
import { AgentProcess } from '../fakes/agent-process.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { DEPTHS, endsSessions, type Reach, simulatedChecker, simulatedControl } from '../fakes/simulated-checker.ts';
import { SimulatedProvider } from '../fakes/simulated-provider.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** `refuses` and `mute`: nobody is let in, nor answered who was. `deep`: neither logins nor recipients are taken, all else works. */
export interface SimulatedOutage {
  readonly how: 'refuses' | 'mute' | 'deep';
  /** Seconds of working order before it, beyond two cells; and its length, beyond the shortest that cannot be missed. */
  readonly after: number;
  readonly length: number;
}

/** Seconds. */
export type Trouble = { readonly at: number } & (
  | { readonly what: 'line down' | 'stop' | 'kill' | 'reboot' | 'held' | 'ledger fails'; readonly for: number }
  | { readonly what: 'suspend' | 'wall clock steps'; readonly seconds: number }
);

export interface OutageScenario {
  readonly everySeconds: number;
  readonly seed: number;
  readonly controlled: boolean;
  readonly outages: Readonly<Record<Endpoint, readonly SimulatedOutage[]>>;
  readonly troubles: readonly Trouble[];
  /** Seconds of the scenario that count, all else is excluded. */
  readonly from: number;
  readonly length: number;
  readonly limitSeconds: number;
}

/** Seconds that a scenario lasts. */
export const SPAN = 1800;
const PROVIDER = 'acme';
const MONTH = '2026-11';
/** Everything that the report says and that was not so, in words; nothing if the agent was sound. */
export async function runOutages(scenario: OutageScenario): Promise<readonly string[]> {
  return new World(scenario).run();
}

interface Spell extends MsRange {
  readonly how: SimulatedOutage['how'];
}
interface Truth {
  readonly surely: SpanSet;
  readonly ever: SpanSet;
}

/** All times in milliseconds of the scenario, unless named otherwise. */
class World {
  readonly #scenario: OutageScenario;
  readonly #clock = new VirtualClock();
  readonly #ledger = new MemoryLedger();
  readonly #mailbox = new FakeMailbox(this.#clock, ['probe@acme.example']);
  readonly #spells: Readonly<Record<Endpoint, readonly Spell[]>>;
  readonly #line: SpanSet;
  readonly #failures: string[] = [];
  /** How far the agent's wall clock is ahead of the scenario, and from when on. */
  readonly #offsets: { readonly fromMs: number; readonly aheadMs: number }[] = [];
  #agent: AgentProcess | null = null;
  #starts = 0;

  constructor(scenario: OutageScenario) {
    this.#scenario = scenario;
    const { outages, troubles, everySeconds } = scenario;
    const spells = (endpoint: Endpoint) => spellsOf(outages[endpoint], everySeconds);
    this.#spells = { submission: spells('submission'), mx: spells('mx'), mailbox: spells('mailbox') };
    this.#line = normalise(
      troubles.flatMap((trouble) =>
        trouble.what === 'line down' ? [{ fromMs: trouble.at * 1000, toMs: (trouble.at + trouble.for) * 1000 }] : [],
      ),
    );
  }

  async run(): Promise<readonly string[]> {
    this.#noteWall();
    this.#start();
    for (const trouble of this.#scenario.troubles)
      void this.#clock
        .sleep(trouble.at * 1000)
        .then(() => this.#happen(trouble))
        .catch((error: unknown) => this.#failures.push(`the simulation failed: ${String(error)}`));
    await this.#clock.advance(SPAN + 60);
    this.#ledger.failure = null;
    // Of the time since the last login it is not known yet whether anybody was let in.
    await this.#clock.advance(DEEP_EVERY + 2 * this.#scenario.everySeconds);
    this.#agent?.kill();
    return [...this.#failures, ...(await this.#judge())];
  }

  get #nowMs(): number {
    return this.#clock.passedSeconds * 1000;
  }

  #noteWall(): void {
    this.#offsets.push({ fromMs: this.#nowMs, aheadMs: this.#clock.now().wallMs - this.#nowMs });
  }

  #start(): void {
    const { everySeconds, seed, controlled } = this.#scenario;
    this.#starts += 1;
    const agent = new AgentProcess({
      clock: this.#clock,
      ledger: this.#ledger,
      mailbox: this.#mailbox,
      senderOf: (clock) =>
        new SimulatedProvider(this.#clock, this.#mailbox, 0, () => null, noMessages).senderFor(clock),
      reachability: 'assumed',
      lagMs: 0,
      commitMs: 0,
      seed: seed + this.#starts,
      connectivityOf: (clock) => ({
        everySeconds,
        control: controlled ? simulatedControl(this.#reach, clock) : null,
        checks: ENDPOINTS.map((endpoint) => ({
          provider: PROVIDER,
          endpoint,
          depths: DEPTHS[endpoint],
          checker: simulatedChecker(endpoint, this.#reach, clock),
        })),
      }),
    });
    this.#agent = agent;
    agent.engine.catch(async () => {
      agent.kill();
      await this.#clock.sleep(1000);
      if (this.#agent === agent) this.#start();
    });
  }

  async #happen(trouble: Trouble): Promise<void> {
    switch (trouble.what) {
      case 'line down':
        return;
      case 'stop':
      case 'kill':
      case 'reboot': {
        const agent = this.#agent;
        if (agent === null) return;
        if (trouble.what === 'stop') await agent.stop().catch(() => agent.kill());
        else agent.kill();
        if (this.#agent !== agent) return;
        this.#agent = null;
        await this.#clock.sleep(trouble.for * 1000);
        if (trouble.what === 'reboot') this.#clock.reboot();
        this.#start();
        return;
      }
      case 'held':
        return this.#agent?.hold(trouble.for * 1000);
      case 'ledger fails':
        this.#ledger.failure = new Error('disk full');
        await this.#clock.sleep(trouble.for * 1000);
        this.#ledger.failure = null;
        return;
      case 'suspend':
        this.#clock.suspend(trouble.seconds);
        return this.#noteWall();
      case 'wall clock steps':
        this.#clock.stepWall(trouble.seconds);
        return this.#noteWall();
    }
  }

  /** What a check meets now. */
  get #reach(): Reach {
    const isDown = (ms: number): boolean => this.#line.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
    return {
      outage: (endpoint) =>
        this.#spells[endpoint].find(({ fromMs, toMs }) => fromMs <= this.#nowMs && this.#nowMs < toMs)?.how ?? null,
      breaks: (endpoint) =>
        this.#spells[endpoint].filter(({ how, fromMs }) => endsSessions(how) && fromMs <= this.#nowMs).length,
      lineDown: (afterMs) => isDown(this.#nowMs + afterMs),
    };
  }

  /** By the agent's wall clock: when the servers were surely down, and when they may have been as it may show a moment twice. */
  #truth(endpoints: readonly Endpoint[]): Truth {
    const down = normalise(endpoints.flatMap((endpoint) => this.#spells[endpoint]));
    const [ever, up]: [MsRange[], MsRange[]] = [[], []];
    for (const [index, { fromMs, aheadMs }] of this.#offsets.entries()) {
      const piece = { fromMs, toMs: this.#offsets[index + 1]?.fromMs ?? this.#nowMs };
      const shown = (set: SpanSet) =>
        clip(set, piece).map((span) => ({ fromMs: span.fromMs + aheadMs, toMs: span.toMs + aheadMs }));
      ever.push(...shown(down));
      up.push(...shown(subtract([piece], down)));
    }
    return { surely: subtract(normalise(ever), normalise(up)), ever: normalise(ever) };
  }

  async #judge(): Promise<readonly string[]> {
    const { from, length, limitSeconds } = this.#scenario;
    const start = this.#offsets[0]?.aheadMs ?? 0;
    const counted = { fromMs: start + from * 1000, toMs: start + (from + length) * 1000 };
    const month = monthRange(MONTH, CONTRACT.timeZone);
    await this.#ledger.append([
      { type: 'exclusion.added', at: this.#clock.now(), exclusion: excluded('a', month.fromMs, counted.fromMs) },
      { type: 'exclusion.added', at: this.#clock.now(), exclusion: excluded('b', counted.toMs, month.toMs) },
    ]);
    const { wallMs: nowMs } = this.#clock.now();
    const contract = contractOf(limitSeconds);
    const { report } = await this.#ledger.judge({ provider: PROVIDER, contract, month: MONTH, nowMs });
    const clause = report.clauses.find((each): each is ConnectivityClauseReport => each.kind === 'connectivity');
    if (clause === undefined) return ['no clause was judged'];
    const past = { ...counted, toMs: Math.max(counted.fromMs, Math.min(counted.toMs, nowMs)) };
    const within = ({ surely, ever }: Truth) => ({
      surely: totalMs(clip(surely, past)) / 1000,
      ever: totalMs(clip(ever, past)) / 1000,
    });
    const all = within(this.#truth(ENDPOINTS));
    const wrong: string[] = [];
    const hold = (what: string, { lo, hi }: { lo: number; hi: number }, { surely, ever }: typeof all) => {
      if (lo > ever + 0.01) wrong.push(`${what}: proven ${lo} s, true ${ever} s`);
      if (hi < surely - 0.01) wrong.push(`${what}: at most ${hi} s, true ${surely} s`);
    };
    hold('all', finite(clause.figures.downSeconds), all);
    for (const { part, downSeconds } of clause.figures.parts)
      if (part !== 'round-trip') hold(part, finite(downSeconds), within(this.#truth([part])));
    if (clause.verdict === 'BREACH' && all.ever < limitSeconds) wrong.push('a breach that was none');
    if (clause.verdict === 'MET' && all.surely >= limitSeconds) wrong.push('met, and was not');
    return wrong;
  }
}

/** One after another; the shortest are a second longer than what may be missed, and so is the time between them. */
function spellsOf(outages: readonly SimulatedOutage[], everySeconds: number): readonly Spell[] {
  const missable = 2 * everySeconds + 1;
  let at = 0;
  return outages.map(({ how, after, length }) => {
    const from = at + missable + after;
    at = from + missable + length + (how === 'deep' ? DEEP_EVERY : 0);
    return { how, fromMs: from * 1000, toMs: at * 1000 };
  });
}

function noMessages(): never {
  throw new Error('no message is sent here');
}

function excluded(id: string, fromMs: number, toMs: number): Exclusion {
  const entered = { by: 'Li Wei', evidence: '', note: '' };
  return { id, kind: 'agreed-maintenance', provider: PROVIDER, path: null, fromMs, toMs, ...entered };
}

/** Clause 1 alone, on its downtime alone. */
function contractOf(downUnderSeconds: number): ContractTerms {
  const clauses = CONTRACT.clauses
    .filter((clause): clause is ConnectivityClause => clause.kind === 'connectivity')
    .map((clause) => ({ ...clause, downUnderSeconds, availabilityMin: 0.1 }));
  return { ...CONTRACT, clauses };
}

function finite({ lo, hi }: { readonly lo: number | null; readonly hi: number | null }) {
  return { lo: lo ?? 0, hi: hi ?? Number.POSITIVE_INFINITY };
}
