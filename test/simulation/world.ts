/** A simulated world: the real agent and its real ledger on a host, with providers, lines and people that do what a seed has in store. */
import { createHash } from 'node:crypto';
import type { LedgerEntry, LedgerEvent } from '../../src/domain/event.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import { type Month, monthRange } from '../../src/domain/time/calendar.ts';
import { MailboxError } from '../../src/ports.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import type { FakeSink } from '../fakes/fake-sink.ts';
import { endsSessions, type Reach } from '../fakes/simulated-checker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { accountOf, agentOptions, BOUNCES } from './agent-options.ts';
import { Disk } from './disk.ts';
import { Draw } from './draw.ts';
import { LINE_CUT_MIN } from './fate.ts';
import type { FaultKind } from './fault.ts';
import { HAPPENINGS, type Scene, STOP_PATIENCE } from './happenings.ts';
import { Host } from './host.ts';
import { People } from './people.ts';
import { type Plan, planOf, type Span, type Stretch, UNSET_AHEAD_MAX } from './plan.ts';
import { SimulatedProcess } from './process.ts';
import { Provider } from './provider.ts';
import type { Oracle, Peaks, Simulate, SimulationOptions, SimulationResult, WorldView } from './simulation.ts';
import { StoreLedger } from './store-ledger.ts';
import type { Books } from './truth.ts';

export const simulate: Simulate = async (options, createOracle) => {
  const world = new World(options);
  try {
    return await world.run(createOracle(world.view));
  } finally {
    world.close();
  }
};

/** Milliseconds. */
const RESTART_AFTER = 2000;
const TORN_AWAY = 20_000;
/** A clock is right an hour after the boot (domain/time/instant.ts). */
const CLOCK_SET_WITHIN = 3_300_000;
const HOUR = 3_600_000;
/** Sleeps of processes that died are due by then. */
const AFTERMATH_S = 3 * 3600;

class World {
  readonly #options: SimulationOptions;
  readonly #plan: Plan;
  readonly #clock = new VirtualClock();
  readonly #books = { messages: new Map(), outages: [], faults: [], wall: [], runs: [] } as Mutable<Books>;
  readonly #host: Host;
  readonly #disk: Disk;
  readonly #providers: readonly Provider[];
  readonly #trace = createHash('sha256');
  readonly #wrong = new Set<string>();
  readonly #peaks: Peaks = { openProbes: 0, sleepers: 0, sinkSessions: 0 };
  readonly #people: People;
  readonly #diskDraw: Draw;
  #oracle: Oracle | null = null;
  #process: SimulatedProcess | null = null;
  /** The stretch under way; null while the agent is away. */
  #stretch: Stretch | null = null;
  #starts = 0;
  #kills = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const plan = planOf(options);
    this.#plan = plan;
    this.#diskDraw = new Draw(plan.seed, 'disk');
    this.#books.outages.push(...plan.outages);
    for (const { how, fromMs, toMs } of plan.outages)
      this.#books.faults.push({ kind: how === 'certificate' ? 'expired certificate' : 'outage', fromMs, toMs });
    this.#host = new Host(this.#clock, plan.startWallMs, this.#books.wall);
    this.#disk = new Disk(plan.disk, (entries, changed) => this.#recorded(entries, changed));
    this.#providers = plan.providers.map((name) => this.#makeProvider(name));
    this.#people = new People(this.#clock, this.#host, this.#disk, plan.providers);
  }

  get view(): WorldView {
    const [plan, disk] = [this.#plan, this.#disk];
    const contracts = new Map(plan.providers.map((name) => [name, plan.contractOf(name)]));
    return {
      books: this.#books,
      contracts,
      faults: plan.kinds,
      checkEverySeconds: plan.checkEverySeconds,
      outagesCannotBeMissed: plan.outagesCannotBeMissed,
      nowMs: () => this.#nowMs,
      wallMs: () => this.#host.wallMs,
      ledger: {
        get db() {
          return disk.db;
        },
        state: () => disk.state,
        record: (id) => disk.record(id),
        records: () => disk.records(),
        judge: (provider, month) => this.#judge(provider, month),
      },
      peaks: this.#peaks,
    };
  }

  async run(oracle: Oracle): Promise<SimulationResult> {
    this.#oracle = oracle;
    const { untilMs = Number.POSITIVE_INFINITY } = this.#options;
    for (const { month, endMs, finalMs } of this.#plan.months) {
      this.#at(endMs, () => this.#monthOver(month, 0, () => this.#monthEnded(month, oracle)));
      this.#at(finalMs, () => this.#monthOver(month, finalMs - endMs, () => oracle.monthFinal(month)));
    }
    this.#scheduleFaults();
    for (const [index, stretch] of this.#plan.stretches.entries()) {
      if (stretch.fromMs > untilMs) break;
      await this.#advanceTo(stretch.fromMs);
      this.#begin(stretch, this.#plan.stretches[index - 1] ?? null);
      await this.#advanceTo(Math.min(stretch.toMs, untilMs));
      await this.#end(stretch);
    }
    // A world that is ended early may be asleep.
    if (this.#process !== null) await this.#end({ leaves: 'kill' });
    await this.#clock.advance(AFTERMATH_S);
    if (this.#host.sleeping > 0) this.#wrong.add(`${this.#host.sleeping} sleeps of the agent outlived it`);
    if (untilMs === Number.POSITIVE_INFINITY) oracle.ended();
    const { seed } = this.#options;
    return {
      seed,
      wrong: [...this.#wrong, ...this.#disk.wrong, ...oracle.wrong],
      trace: this.#trace.digest('hex'),
      probes: this.#books.messages.size,
      kills: this.#kills,
      simulatedMs: this.#nowMs,
      peaks: this.#peaks,
    };
  }

  #monthEnded(month: Month, oracle: Oracle): void {
    oracle.monthEnded(month);
    this.#options.onMonth?.(month);
  }

  close(): void {
    this.#process?.kill();
    this.#disk.close();
  }

  get #nowMs(): number {
    return this.#clock.passedUs / 1000;
  }

  #advanceTo(ms: number): Promise<void> {
    return this.#clock.advance(Math.max(0, (ms - this.#nowMs) / 1000));
  }

  /** Runs `work` at a moment of the world. */
  #at(ms: number, work: () => Promise<void> | void): void {
    void this.#clock
      .sleep(Math.max(0, ms - this.#nowMs))
      .then(work)
      .catch((error: unknown) => this.#say(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }

  #say(what: string): void {
    this.#wrong.add(`the simulation failed: ${what}`);
  }

  #note(line: string): void {
    const text = `${this.#nowMs.toFixed(3)} ${line}`;
    this.#trace.update(`${text}\n`);
    this.#options.onLine?.(text);
  }

  #fault(kind: FaultKind, { fromMs, toMs }: Span): void {
    this.#books.faults.push({ kind, fromMs, toMs });
    this.#note(`${kind} until ${toMs}`);
  }

  #recorded(entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]): void {
    for (const { seq, event, hash } of entries) this.#note(`${seq} ${event.type} ${hash.slice(0, 16)}`);
    const peaks = this.#peaks;
    peaks.openProbes = Math.max(peaks.openProbes, this.#disk.state.open.size);
    peaks.sleepers = Math.max(peaks.sleepers, this.#clock.sleeping);
    peaks.sinkSessions = Math.max(peaks.sinkSessions, this.#process?.sink.sessions ?? 0);
    this.#oracle?.changed(changed);
  }

  #judge(provider: string, month: Month): Judgement {
    const contract = this.#plan.contractOf(provider);
    const input = { provider, contract, month, nowMs: this.#host.wallMs };
    return this.#disk.read({ id: 0, op: 'judge', input }) as Judgement;
  }

  /** Once the agent's own clock says so, which may have been set back. */
  async #monthOver(month: Month, afterMs: number, then: () => void): Promise<void> {
    const { timeZone } = this.#plan.contractOf(this.#plan.providers[0] ?? '');
    const overMs = monthRange(month, timeZone).toMs + afterMs;
    while (this.#host.wallMs < overMs) await this.#clock.sleep(Math.min(HOUR, overMs - this.#host.wallMs));
    this.#note(`${month} is over`);
    then();
  }

  // The agent.

  #begin(stretch: Stretch, before: Stretch | null): void {
    this.#stretch = stretch;
    if (before !== null && this.#plan.skipsExcluded)
      this.#at(this.#nowMs, () => this.#people.excludeAbsence(this.#nowMs - before.toMs));
    if (before?.leaves === 'suspend') this.#host.resume();
    if (before?.leaves === 'power off' && this.#process === null) this.#rebootHost(this.#nowMs - before.toMs);
    if (this.#process === null) this.#start();
  }

  async #end({ leaves }: Pick<Stretch, 'leaves'>): Promise<void> {
    this.#stretch = null;
    const process = this.#process;
    if (leaves === 'suspend' && process !== null) {
      this.#note('suspended');
      return this.#host.suspend();
    }
    this.#host.resume();
    if (process === null) return;
    if (leaves === 'stop') await this.#stopWithin(process, STOP_PATIENCE);
    this.#dead(process);
    this.#note(`away: ${leaves}`);
  }

  async #stopWithin(process: SimulatedProcess, ms: number): Promise<void> {
    process.stop().catch(() => process.kill());
    for (let waited = 0; process.isAlive && waited < ms; waited += 100) await this.#clock.advance(0.1);
  }

  #dead(process: SimulatedProcess): void {
    process.kill();
    if (this.#process !== process) return;
    this.#process = null;
    const run = this.#books.runs.at(-1);
    if (run !== undefined) run.toMs = this.#nowMs;
  }

  #start(): void {
    this.#starts += 1;
    const plan = this.#plan;
    const scheduled = this.#stretch !== plan.stretches.at(-1);
    if (this.#starts > 1) this.#disk.reopen();
    const process = new SimulatedProcess({
      host: this.#host,
      lagMs: plan.lagMs,
      seed: new Draw(plan.seed, 'process', this.#starts).whole(0, 2 ** 31),
      ledger: (clock) =>
        new StoreLedger(
          this.#disk,
          clock,
          () => this.#commitMs(),
          (events) => this.#tear(events),
          plan.standingAgeMs,
        ),
      engine: (clock, mortal) =>
        agentOptions(plan, this.#providers, { clock, mortal, scheduled }, (provider) => this.#reachOf(provider)),
      held: plan.providers.map((provider) => ({ provider, contract: plan.contractOf(provider) })),
    });
    this.#process = process;
    this.#books.runs.push({ fromMs: this.#nowMs, toMs: Number.POSITIVE_INFINITY });
    this.#note(`start ${this.#starts}`);
    // It cannot start while the ledger refuses; whoever supervises it tries again.
    process.engine.catch(() => {
      this.#dead(process);
      this.#at(this.#nowMs + RESTART_AFTER, () => this.#restart());
    });
  }

  #restart(): void {
    if (this.#stretch !== null && this.#process === null) this.#start();
  }

  /** The agent is gone for a while; `afterwards` is what happens to its host meanwhile. */
  #away(process: SimulatedProcess, ms: number, afterwards: () => void = () => {}): void {
    this.#kills += 1;
    this.#dead(process);
    this.#at(this.#nowMs + ms, () => {
      if (this.#process === null) afterwards();
      this.#restart();
    });
  }

  #tear(events: readonly LedgerEvent[]): void {
    const process = this.#process;
    if (process === null) return;
    this.#away(process, TORN_AWAY, () => this.#rebootHost(TORN_AWAY));
    this.#disk.tear(events);
  }

  #rebootHost(awayMs: number): void {
    // Between two boots nothing but the wall clock tells the time, which is wrong here even after it was set.
    if (this.#plan.has('clock steps')) return;
    if (this.#unsetMs !== 0) this.#host.stepWall(-this.#unsetMs);
    this.#unsetMs = 0;
    if (!this.#plan.has('unset clock')) return this.#host.reboot();
    const draw = new Draw(this.#plan.seed, 'unset clock', this.#starts);
    const aheadMs = Math.round(unsetClock(draw, awayMs));
    const setAfterMs = draw.wide(1000, CLOCK_SET_WITHIN);
    this.#host.reboot(aheadMs);
    this.#unsetMs = aheadMs;
    this.#fault('unset clock', { fromMs: this.#nowMs, toMs: this.#nowMs + setAfterMs });
    const { boot } = this.#host;
    this.#at(this.#nowMs + setAfterMs, () => {
      if (this.#host.boot !== boot) return;
      this.#host.stepWall(-aheadMs);
      this.#unsetMs = 0;
    });
  }
  /** By how much the wall clock is ahead since the boot. */
  #unsetMs = 0;

  #commitMs(): number {
    return this.#isIn('slow disk') ? this.#diskDraw.wide(1, 3000) : 0;
  }

  #isIn(kind: FaultKind, afterMs = 0): boolean {
    const ms = this.#nowMs + afterMs;
    return this.#spans(kind).some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
  }
  readonly #spansByKind = new Map<FaultKind, readonly Span[]>();
  #spans(kind: FaultKind): readonly Span[] {
    const known = this.#spansByKind.get(kind);
    if (known !== undefined) return known;
    const spans = this.#plan.spans(kind);
    this.#spansByKind.set(kind, spans);
    return spans;
  }

  #reachOf(provider: Provider): Reach {
    return {
      outage: (endpoint) => provider.outageAt(endpoint, this.#nowMs)?.how ?? null,
      breaks: (endpoint) =>
        this.#books.outages.filter(
          (out) =>
            out.provider === provider.name &&
            out.endpoint === endpoint &&
            endsSessions(out.how) &&
            out.fromMs <= this.#nowMs,
        ).length,
      lineDown: (afterMs) => this.#lineIsDown(afterMs),
    };
  }

  // The world around it.

  #makeProvider(name: string): Provider {
    const mailbox = new FakeMailbox(this.#host, [accountOf(name), BOUNCES]);
    mailbox.latencyMs = this.#plan.mailboxLatencyMs;
    const provider = new Provider(name, mailbox, {
      plan: this.#plan,
      clock: this.#clock,
      books: this.#books,
      sink: () => this.#sinkFromOutside(),
      lineDown: () => this.#lineIsDown(),
      cutLine: (ms) => this.#cutLine(ms),
      suspendAgent: (how, ms) => this.#suspendAgent(how, ms),
      isPlanned: (id) => this.#disk.record(id) !== null,
      isCaptured: (id) => (this.#disk.record(id)?.capture ?? null) !== null,
      isAsleep: () => this.#host.isAsleep,
      say: (what) => this.#wrong.add(what),
    });
    mailbox.failing = () => {
      if (this.#lineIsDown()) return new MailboxError('TIMEOUT', 'no answer');
      if (this.#isIn('mailbox disconnects')) return new MailboxError('CLOSED', 'the connection was closed');
      const outage = provider.outageAt('mailbox', this.#nowMs);
      if (outage === null) return null;
      return outage.how === 'certificate'
        ? new MailboxError('CERT_HAS_EXPIRED', 'certificate has expired')
        : new MailboxError(outage.how === 'deep' ? 'AUTHENTICATIONFAILED' : 'ECONNREFUSED', outage.how);
    };
    return provider;
  }

  /** Null where nothing answers. `assumed` is the operator's word that it is never cut off. */
  #sinkFromOutside(): FakeSink | null {
    return this.#host.isAsleep || this.#sinkIsCutOff() ? null : (this.#process?.sink ?? null);
  }

  #sinkIsCutOff(): boolean {
    return (this.#plan.reachability === 'inbound' && this.#isIn('sink cut off')) || this.#lineIsCut();
  }

  #lineIsDown(afterMs = 0): boolean {
    return this.#isIn('line down', afterMs) || this.#nowMs + afterMs < this.#lineCutUntilMs;
  }

  /** As seen from outside, where the agent can tell: without neutral hosts, or between two looks at them, it cannot. */
  #lineIsCut(): boolean {
    if (!this.#plan.controlled) return false;
    const isLong = ({ fromMs, toMs }: Span): boolean => toMs - fromMs >= LINE_CUT_MIN;
    const spans = this.#spans('line down').filter(isLong);
    return (
      this.#nowMs < this.#lineCutUntilMs ||
      spans.some(({ fromMs, toMs }) => fromMs <= this.#nowMs && this.#nowMs < toMs)
    );
  }
  #lineCutUntilMs = 0;

  #cutLine(ms: number): void {
    if (!this.#plan.controlled) return;
    const fromMs = this.#nowMs;
    this.#lineCutUntilMs = Math.max(this.#lineCutUntilMs, fromMs + ms);
    this.#fault('line cut', { fromMs, toMs: fromMs + ms });
  }

  #suspendAgent(how: FaultKind, ms: number): void {
    const span = { fromMs: this.#nowMs, toMs: this.#nowMs + ms };
    this.#at(span.fromMs, () => this.#happen(how, span, new Draw(this.#plan.seed, how)));
  }

  #scheduleFaults(): void {
    for (const kind of this.#plan.kinds)
      for (const [index, span] of this.#spans(kind).entries())
        this.#at(span.fromMs, () => this.#happen(kind, span, new Draw(this.#plan.seed, kind, 'happens', index)));
  }

  async #happen(kind: FaultKind, span: Span, draw: Draw): Promise<void> {
    const [stretch, process] = [this.#stretch, this.#process];
    if (stretch === null || process === null || this.#host.isAsleep) return;
    // How long a host was frozen is told by the wall clock alone: there it must be right.
    if (kind === 'frozen host' && this.#unsetMs !== 0) return;
    const lengthMs = span.toMs - span.fromMs;
    const withinMs = Math.max(0, Math.min(lengthMs, stretch.toMs - 1000 - this.#nowMs));
    this.#fault(kind, span);
    await HAPPENINGS[kind]?.(this.#scene, { process, stretch, lengthMs, withinMs, draw });
  }

  get #scene(): Scene {
    return {
      clock: this.#clock,
      host: this.#host,
      disk: this.#disk,
      people: this.#people,
      providers: this.#providers,
      process: () => this.#process,
      sink: () => this.#sinkFromOutside(),
      stretch: () => this.#stretch,
      away: (process, ms, afterwards) => this.#away(process, ms, afterwards),
      rebootHost: (awayMs) => this.#rebootHost(awayMs),
    };
  }
}

/** Milliseconds by which a clock is ahead at a boot: it stood still, keeps the time of some zone, has drifted, or begins with its epoch. */
function unsetClock(draw: Draw, awayMs: number): number {
  const sign = draw.chance(0.5) ? 1 : -1;
  switch (draw.pick(['stood', 'stood', 'zone', 'drifted', 'epoch'])) {
    case 'stood':
      return -awayMs;
    case 'zone':
      return (sign * draw.whole(1, 12) * UNSET_AHEAD_MAX) / 12;
    case 'drifted':
      return sign * draw.wide(50, 2 * HOUR);
    case 'epoch':
      return -draw.wide(24 * HOUR, 400_000 * HOUR);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
