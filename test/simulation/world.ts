/** A simulated world: the real agent and its real ledger on a host, with providers, lines and people that do what a seed has in store. */
import { createHash } from 'node:crypto';
import { ENDPOINTS } from '../../src/domain/endpoint.ts';
import type { LedgerEntry, LedgerEvent } from '../../src/domain/event.ts';
import { EXCLUSION_KINDS, type Exclusion, type ExclusionKind } from '../../src/domain/exclusion.ts';
import { PATHS, type Path } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import { type Month, monthRange } from '../../src/domain/time/calendar.ts';
import type { EngineOptions } from '../../src/engine/engine.ts';
import { type Clock, type Mailbox, MailboxError } from '../../src/ports.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { DEPTHS, type Reach, simulatedChecker, simulatedControl } from '../fakes/simulated-checker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { Disk } from './disk.ts';
import { Draw } from './draw.ts';
import type { FaultKind } from './fault.ts';
import { Host } from './host.ts';
import { type Plan, planOf, type Span, type Stretch } from './plan.ts';
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
const STOP_PATIENCE = 10_000;
/** A login may be ten minutes old when the agent stops, and the first check comes within a cell of its start. */
const EXCLUDED_BEFORE = 660_000;
const EXCLUDED_AFTER = 180_000;
/** Sleeps of processes that died are due by then. */
const AFTERMATH_S = 3 * 3600;
const KEY = new Uint8Array(32).fill(7);
const RECIPIENTS = ['probe-0@sink.example', 'probe-1@sink.example'];

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
  readonly #diskDraw: Draw;
  #oracle: Oracle | null = null;
  #process: SimulatedProcess | null = null;
  /** The stretch under way; null while the agent is away. */
  #stretch: Stretch | null = null;
  #starts = 0;
  #kills = 0;
  #exclusions = 0;

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
      this.#at(endMs, () => this.#monthOver(month, 0, () => oracle.monthEnded(month)));
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
    while (this.#host.wallMs < overMs) await this.#clock.sleep(overMs - this.#host.wallMs);
    this.#note(`${month} is over`);
    then();
  }

  // The agent.

  #begin(stretch: Stretch, before: Stretch | null): void {
    this.#stretch = stretch;
    if (before !== null && this.#plan.skipsExcluded) this.#excludeSkip(before);
    if (before?.leaves === 'suspend') this.#host.resume();
    if (before?.leaves === 'power off' && this.#process === null) this.#host.reboot();
    if (this.#process === null) this.#start();
  }

  async #end({ leaves }: Stretch): Promise<void> {
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
    if (this.#starts > 1) this.#disk.reopen();
    const process = new SimulatedProcess({
      host: this.#host,
      lagMs: plan.lagMs,
      seed: new Draw(plan.seed, 'process', this.#starts).whole(0, 2 ** 31),
      ledger: (clock) =>
        new TearingLedger(
          this.#disk,
          clock,
          () => this.#commitMs(),
          (events) => this.#tear(events),
        ),
      engine: (clock, mortal) => this.#engineOptions(clock, mortal),
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
    this.#away(process, 20_000, () => this.#rebootHost());
    this.#disk.tear(events);
  }

  #rebootHost(): void {
    // Between two boots nothing but the wall clock tells the time, which may be wrong here.
    if (!this.#plan.has('clock steps')) this.#host.reboot();
  }

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

  #engineOptions(clock: Clock, mortal: (mailbox: Mailbox) => Mailbox): EngineOptions {
    const plan = this.#plan;
    const isLast = this.#stretch === plan.stretches.at(-1);
    const gaps = {
      every: plan.probeEverySeconds,
      minGap: plan.probeEverySeconds / 8,
      maxGap: plan.probeEverySeconds * 4,
    };
    const contact = 'postmaster@sink.example';
    const reachOf = (provider: Provider): Reach => ({
      outage: (endpoint) => provider.outageAt(endpoint, this.#nowMs)?.how ?? null,
      lineDown: (afterMs) => this.#isIn('line down', afterMs),
    });
    const anyReach: Reach = { outage: () => null, lineDown: (afterMs) => this.#isIn('line down', afterMs) };
    return {
      agent: 'simulated',
      version: '0',
      contact,
      identity: { agent: 'simulated', contact, configuration: '0'.repeat(64), publicKey: '' },
      key: KEY,
      routes: isLast ? [] : plan.providers.flatMap((provider) => PATHS.map((path) => ({ provider, path, ...gaps }))),
      reachability: plan.reachability,
      sinkOnLoopback: false,
      lines: this.#providers.flatMap((provider) => PATHS.map((path) => lineOf(provider, path, clock))),
      sinkClients: this.#providers.map((provider) => ({
        provider: provider.name,
        sender: accountOf(provider.name),
        // Without them a connection that dies before it says whose it is widens nothing.
        networks: [`${provider.address}/32`],
      })),
      mailboxes: this.#providers.map(({ name, mailbox }) => ({
        provider: name,
        mailbox: mortal(mailbox),
        cleanup: plan.seed % 2 === 0 ? ('delete' as const) : ('keep' as const),
      })),
      connectivity: {
        everySeconds: plan.checkEverySeconds,
        control: plan.controlled ? simulatedControl(anyReach, clock) : null,
        checks: this.#providers.flatMap((provider) =>
          ENDPOINTS.map((endpoint) => ({
            provider: provider.name,
            endpoint,
            depths: DEPTHS[endpoint],
            checker: simulatedChecker(endpoint, reachOf(provider), clock),
          })),
        ),
      },
    };
  }

  // The world around it.

  #makeProvider(name: string): Provider {
    const mailbox = new FakeMailbox(this.#host, [accountOf(name), 'bounces@sink.example']);
    mailbox.latencyMs = this.#plan.mailboxLatencyMs;
    // `assumed` is the operator's word that it never is.
    const isCutOff = (): boolean => this.#plan.reachability === 'inbound' && this.#isIn('sink cut off');
    const provider = new Provider(name, mailbox, {
      plan: this.#plan,
      clock: this.#clock,
      books: this.#books,
      sink: () => (this.#host.isAsleep || isCutOff() ? null : (this.#process?.sink ?? null)),
      lineDown: () => this.#isIn('line down'),
      isPlanned: (id) => this.#disk.record(id) !== null,
      isCaptured: (id) => (this.#disk.record(id)?.capture ?? null) !== null,
      say: (what) => this.#wrong.add(what),
    });
    mailbox.failing = () => {
      if (this.#isIn('line down')) return new MailboxError('TIMEOUT', 'no answer');
      if (this.#isIn('mailbox disconnects')) return new MailboxError('CLOSED', 'the connection was closed');
      const outage = provider.outageAt('mailbox', this.#nowMs);
      if (outage === null) return null;
      return outage.how === 'certificate'
        ? new MailboxError('CERT_HAS_EXPIRED', 'certificate has expired')
        : new MailboxError(outage.how === 'deep' ? 'AUTHENTICATIONFAILED' : 'ECONNREFUSED', outage.how);
    };
    return provider;
  }

  #scheduleFaults(): void {
    for (const kind of this.#plan.kinds)
      for (const [index, span] of this.#spans(kind).entries())
        this.#at(span.fromMs, () => this.#happen(kind, span, new Draw(this.#plan.seed, kind, 'happens', index)));
  }

  async #happen(kind: FaultKind, span: Span, draw: Draw): Promise<void> {
    const [stretch, process] = [this.#stretch, this.#process];
    if (stretch === null || process === null || this.#host.isAsleep) return;
    const lengthMs = span.toMs - span.fromMs;
    const within = Math.max(0, Math.min(lengthMs, stretch.toMs - 1000 - this.#nowMs));
    this.#fault(kind, span);
    // The others are read where they matter, as long as they last.
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (kind) {
      case 'kill':
        if (draw.chance(0.5)) return this.#away(process, lengthMs);
        return process.killAtCall(draw.whole(1, 60), draw.chance(0.5), () => this.#away(process, lengthMs));
      case 'stop': {
        process.stop().catch(() => process.kill());
        await this.#clock.sleep(STOP_PATIENCE);
        if (this.#process === process) this.#away(process, lengthMs);
        return;
      }
      case 'reboot':
        return this.#away(process, lengthMs, () => this.#rebootHost());
      case 'torn write':
        return this.#disk.armTear(draw);
      case 'held process':
        return process.hold(within);
      case 'suspend': {
        this.#host.suspend();
        await this.#clock.sleep(within);
        if (this.#stretch === stretch) this.#host.resume();
        return;
      }
      case 'disk full': {
        this.#disk.full = true;
        await this.#clock.sleep(lengthMs);
        this.#disk.full = false;
        return;
      }
      case 'clock steps':
        return this.#host.stepWall(Math.round((draw.chance(0.5) ? 1 : -1) * draw.wide(50, 7_200_000)));
      case 'strangers':
        return this.#stranger(process, lengthMs, draw);
      case 'mailbox lies':
        for (const { mailbox } of this.#providers) mailbox.hint();
        return;
      case 'renumbered folder':
        for (const { mailbox } of this.#providers) mailbox.renumber(draw.pick(['INBOX', 'INBOX', 'Junk', 'Lists']));
        return;
      case 'renamed folder':
        for (const { mailbox } of this.#providers) mailbox.rename(draw.pick(['Junk', 'Lists']), `Old ${this.#starts}`);
        return;
      case 'exclusions':
        return this.#excludeSome(lengthMs, draw);
      case 'spot checks': {
        const engine = await Promise.race([process.engine.catch(() => null), this.#clock.sleep(1000).then(() => null)]);
        const provider = this.#plan.providers[draw.whole(0, this.#plan.providers.length - 1)] ?? 'acme';
        // Refused while the ledger is; never resolved if the agent is killed meanwhile.
        void engine?.check(provider, draw.pick(PATHS)).catch(() => null);
        return;
      }
      default:
        return;
    }
  }

  /** Somebody who is no provider: looks for an open port, names a recipient, brings a made-up token, or one that he has seen. */
  async #stranger(process: SimulatedProcess, ms: number, draw: Draw): Promise<void> {
    const session = process.sink.connect('198.51.100.7');
    if (session === null) return;
    const does = draw.pick(['scan', 'name a recipient', 'forge', 'write']);
    const sender = 'someone@else.example';
    if (does !== 'scan')
      session.mail({
        sender,
        recipients: [draw.pick(['probe-0@sink.example', 'probe-1@sink.example'])],
        envelopeId: null,
      });
    await this.#clock.sleep(ms);
    if (does === 'forge' || does === 'write') {
      const token = does === 'forge' ? 'a'.repeat(32) : '';
      const text = `From: ${sender}\r\nX-Mailflow-Probe: ${token}\r\n\r\n${token}\r\n`;
      for (const { mailbox } of this.#providers) mailbox.deliver({ text });
      await session.data(text);
    }
    session.close();
  }

  // People.

  #enterEvents(events: readonly LedgerEvent[]): void {
    // Somebody whose command fails tries again.
    if (this.#disk.full) this.#at(this.#nowMs + 60_000, () => this.#enterEvents(events));
    else this.#disk.append(events);
  }

  #exclude(provider: string, kind: ExclusionKind, path: Path | null, fromMs: number, toMs: number): string {
    this.#exclusions += 1;
    const id = `exclusion${this.#exclusions
      .toString(32)
      .replaceAll(/[0189]/g, 'x')
      .padStart(7, 'a')}`;
    const exclusion: Exclusion = { id, kind, provider, path, fromMs, toMs, by: 'Li Wei', evidence: '', note: '' };
    this.#enterEvents([{ type: 'exclusion.added', at: this.#host.now(), exclusion }]);
    return id;
  }

  #excludeSkip({ toMs }: Stretch): void {
    const { wallMs } = this.#host;
    const awayMs = this.#nowMs - toMs;
    const fromMs = Math.round(wallMs - awayMs - EXCLUDED_BEFORE);
    for (const provider of this.#plan.providers)
      this.#exclude(provider, 'agreed-maintenance', null, fromMs, wallMs + EXCLUDED_AFTER);
  }

  async #excludeSome(lengthMs: number, draw: Draw): Promise<void> {
    const provider = this.#plan.providers[draw.whole(0, this.#plan.providers.length - 1)] ?? 'acme';
    const fromMs = Math.round(this.#host.wallMs - draw.between(0, 2) * lengthMs);
    const path = draw.chance(0.5) ? null : draw.pick(PATHS);
    const kind = draw.pick(EXCLUSION_KINDS);
    const id = this.#exclude(provider, kind, path, fromMs, Math.round(fromMs + lengthMs));
    if (draw.chance(0.7)) return;
    await this.#clock.sleep(draw.wide(120_000, 3_600_000));
    this.#enterEvents([{ type: 'exclusion.retracted', at: this.#host.now(), id, by: 'Li Wei', note: '' }]);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A commit that is torn is never acknowledged. */
class TearingLedger extends StoreLedger {
  readonly #disk: Disk;
  readonly #tear: (events: readonly LedgerEvent[]) => void;

  constructor(disk: Disk, clock: Clock, commitMs: () => number, tear: (events: readonly LedgerEvent[]) => void) {
    super(disk, clock, commitMs);
    this.#disk = disk;
    this.#tear = tear;
  }

  override append(events: readonly LedgerEvent[]): Promise<readonly LedgerEntry[]> {
    if (this.#disk.tearing === null || this.#disk.full || events.length === 0) return super.append(events);
    this.#tear(events);
    return new Promise(() => {});
  }
}

function accountOf(provider: string): string {
  return `probe@${provider}.example`;
}

function lineOf(provider: Provider, path: Path, clock: Clock): EngineOptions['lines'][number] {
  const account = accountOf(provider.name);
  const line = { provider: provider.name, path, sender: provider.sender(path, clock) };
  switch (path) {
    case 'send':
      return { ...line, from: account, recipients: RECIPIENTS, retryAfter: [] };
    case 'internal':
      return { ...line, from: account, recipients: [account], retryAfter: [] };
    case 'receive':
      return { ...line, from: 'bounces@sink.example', recipients: [account], retryAfter: [60, 300] };
  }
}
