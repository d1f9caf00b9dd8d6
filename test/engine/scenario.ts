/** A made-up afternoon of an agent and a provider: what happens when, run on a virtual clock, and held against the provider's own books. */
import { assess } from '../../src/domain/delay/delay.ts';
import type { Path } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { MailboxError } from '../../src/ports.ts';
import { AgentProcess } from '../fakes/agent-process.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import type { Fate } from '../fakes/fate.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { SimulatedProvider } from '../fakes/simulated-provider.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { contradictions, finalOutcomes } from './judgement.ts';

export interface PlannedProbe {
  readonly atMs: number;
  readonly path: Path;
  readonly fate: Fate;
}

export type Disturbance = { readonly atMs: number } & (
  | { readonly what: 'stop' | 'kill' | 'reboot'; readonly forMs: number }
  | { readonly what: 'mailbox fails' | 'ledger fails'; readonly forMs: number }
  /** Somebody who is not the provider connects, and may name a recipient or bring mail with a made-up token. */
  | { readonly what: 'stranger'; readonly forMs: number; readonly does: 'scan' | 'name a recipient' | 'forge' }
  | { readonly what: 'wall clock steps'; readonly seconds: number }
);

export interface Scenario {
  readonly reachability: 'inbound' | 'assumed';
  readonly lagMs: number;
  readonly commitMs: number;
  readonly mailboxLatencyMs: number;
  /** How long the provider remembers that the sink was down. */
  readonly memoryMs: number;
  readonly probes: readonly PlannedProbe[];
  readonly disturbances: readonly Disturbance[];
}

/** Retries, memories and idle connections of the longest fate end well before this. */
const AFTERMATH_S_MAX = 100_000;
/** Two deferrals of five minutes, and a provider that does not answer for ten. */
const HANDOVER_S_MAX = 1500;
/** The longest wait of a reader that failed before is a minute. */
const LAST_LOOKS_S = 200;

/** Everything that was not true of the run, in words; nothing if the agent was sound. */
export async function run(scenario: Scenario): Promise<readonly string[]> {
  const world = new World(scenario);
  return world.run();
}

class World {
  readonly #scenario: Scenario;
  readonly #clock = new VirtualClock();
  readonly #ledger = new MemoryLedger();
  readonly #mailbox: FakeMailbox;
  readonly #provider: SimulatedProvider;
  readonly #fates = new Map<Path, Fate[]>();
  readonly #wrong = new Set<string>();
  #agent: AgentProcess | null = null;
  #starts = 0;
  #running = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#mailbox = new FakeMailbox(this.#clock, ['probe@acme.example', 'bounces@sink.example']);
    this.#mailbox.latencyMs = scenario.mailboxLatencyMs;
    this.#provider = new SimulatedProvider(
      this.#clock,
      this.#mailbox,
      scenario.memoryMs,
      () => this.#agent?.sink ?? null,
      ({ sender, recipient, envelopeId }) => {
        if (!this.#ledger.records.has(envelopeId.slice(0, 16)))
          this.#wrong.add('a message left before its plan was durable');
        const path = recipient.endsWith('@sink.example')
          ? 'send'
          : sender.endsWith('@sink.example')
            ? 'receive'
            : 'internal';
        const fate = this.#fates.get(path)?.shift();
        if (fate === undefined) throw new Error(`more messages than were asked for on ${path}`);
        return fate;
      },
    );
    const append = this.#ledger.append.bind(this.#ledger);
    this.#ledger.append = async (events) => {
      const entries = await append(events);
      for (const record of this.#ledger.records.values()) this.#hold(record);
      return entries;
    };
  }

  async run(): Promise<readonly string[]> {
    this.#start();
    await this.#clock.advance(1);
    for (const probe of this.#scenario.probes) this.#at(probe.atMs, () => this.#probe(probe));
    const reboots = this.#scenario.disturbances.some(({ what }) => what === 'reboot');
    for (const disturbance of this.#scenario.disturbances) {
      // Between two boots nothing but the wall clock tells the time: there it must be right.
      if (disturbance.what === 'wall clock steps' && reboots) continue;
      this.#at(disturbance.atMs, () => this.#disturb(disturbance));
    }
    for (let seconds = 0; this.#running > 0 || this.#provider.busy; seconds += 100) {
      if (seconds > AFTERMATH_S_MAX) throw new Error('the scenario does not come to an end');
      await this.#clock.advance(100);
    }
    for (let seconds = 0; this.#handingOver() && seconds < HANDOVER_S_MAX; seconds += 100)
      await this.#clock.advance(100);
    while (this.#provider.busy) await this.#clock.advance(100);
    await this.#clock.advance(LAST_LOOKS_S);
    for (const record of this.#ledger.records.values()) this.#judge(record);
    for (const id of this.#provider.books.keys()) {
      if (!this.#ledger.records.has(id)) this.#wrong.add(`${id} was sent, and the ledger knows nothing of it`);
    }
    for (const fault of this.#provider.faults) this.#wrong.add(`the simulation failed: ${String(fault)}`);
    this.#agent?.kill();
    return [...this.#wrong];
  }

  #handingOver(): boolean {
    return [...this.#ledger.records.values()].some(({ handover, interrupted }) => handover === null && !interrupted);
  }

  /** Runs `work` at a moment of the scenario. */
  #at(ms: number, work: () => Promise<void>): void {
    this.#running += 1;
    void this.#clock
      .sleep(ms)
      .then(work)
      .catch((error: unknown) => this.#wrong.add(`the simulation failed: ${String(error)}`))
      .finally(() => {
        this.#running -= 1;
      });
  }

  #start(): void {
    const { reachability, lagMs, commitMs } = this.#scenario;
    this.#starts += 1;
    const agent = new AgentProcess({
      clock: this.#clock,
      ledger: this.#ledger,
      mailbox: this.#mailbox,
      senderOf: (clock) => this.#provider.senderFor(clock),
      reachability,
      lagMs,
      commitMs,
      seed: this.#starts,
    });
    this.#agent = agent;
    // It cannot start while the ledger refuses; whoever supervises it tries again.
    agent.engine.catch(async () => {
      agent.kill();
      await this.#clock.sleep(1000);
      if (this.#agent === agent) this.#start();
    });
  }

  async #probe({ path, fate }: PlannedProbe): Promise<void> {
    const agent = this.#agent;
    if (agent === null) return;
    this.#fates.set(path, [...(this.#fates.get(path) ?? []), fate]);
    const engine = await Promise.race([agent.engine.catch(() => null), this.#clock.sleep(1000).then(() => null)]);
    // Refused while the ledger is; never resolved if the agent is killed meanwhile.
    await Promise.race([engine?.check('acme', path).catch(() => null), this.#clock.sleep(60_000)]);
  }

  async #disturb(disturbance: Disturbance): Promise<void> {
    switch (disturbance.what) {
      case 'stop':
      case 'kill':
      case 'reboot': {
        const agent = this.#agent;
        if (agent === null) return;
        if (disturbance.what === 'stop') await agent.stop().catch(() => agent.kill());
        else agent.kill();
        if (this.#agent !== agent) return;
        this.#agent = null;
        await this.#clock.sleep(disturbance.forMs);
        if (disturbance.what === 'reboot') this.#clock.reboot();
        this.#start();
        return;
      }
      case 'mailbox fails':
        this.#mailbox.failure = new MailboxError('CLOSED', 'the connection was closed');
        await this.#clock.sleep(disturbance.forMs);
        this.#mailbox.failure = null;
        return;
      case 'ledger fails':
        this.#ledger.failure = new Error('disk full');
        await this.#clock.sleep(disturbance.forMs);
        this.#ledger.failure = null;
        return;
      case 'stranger':
        return this.#visit(disturbance.does, disturbance.forMs);
      case 'wall clock steps':
        this.#clock.stepWall(disturbance.seconds);
    }
  }

  async #visit(does: 'scan' | 'name a recipient' | 'forge', forMs: number): Promise<void> {
    const session = this.#agent?.sink.connect('198.51.100.7');
    if (session === undefined || session === null) return;
    const sender = 'someone@else.example';
    const token = 'a'.repeat(32);
    if (does !== 'scan') session.mail({ sender, recipients: ['probe-0@sink.example'], envelopeId: null });
    await this.#clock.sleep(forMs);
    if (does === 'forge') {
      const text = `From: ${sender}\r\nX-Mailflow-Probe: ${token}\r\n\r\n${token}\r\n`;
      this.#mailbox.deliver({ text });
      await session.data(text);
    }
    session.close();
  }

  /** What must hold of a record at any moment. */
  #hold(record: ProbeRecord): void {
    const found = contradictions(record, this.#ledger.absence, this.#provider.books.get(record.id));
    for (const what of found)
      this.#wrong.add(`${record.id} (${record.path}) at ${this.#clock.passedSeconds} s: ${what}`);
  }

  /** What must be known of a record once everything has come to its end. */
  #judge(record: ProbeRecord): void {
    this.#hold(record);
    const { outcome } = assess(record, this.#ledger.absence);
    const expected = finalOutcomes(record, this.#provider.books.get(record.id));
    if (!expected.includes(outcome))
      this.#wrong.add(`${record.id} (${record.path}) ends ${outcome}, must be ${expected.join(' or ')}`);
  }
}
