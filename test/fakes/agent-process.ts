/** The real engine in a process that can be killed: from then on nothing it waits for ever comes, and nothing it does has an effect. */

import type { ConnectivityOptions } from '../../src/engine/connectivity.ts';
import { type Engine, startEngine } from '../../src/engine/engine.ts';
import type { Clock, Ledger, Mailbox, Sender } from '../../src/ports.ts';
import { engineOptions, NO_DKIM, seededRandom } from './agent.ts';
import type { FakeMailbox } from './fake-mailbox.ts';
import { CountingObserver, silentLog } from './fake-provider.ts';
import { FakeSink } from './fake-sink.ts';
import type { MemoryLedger } from './memory-ledger.ts';
import { Mortal } from './mortal.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ProcessOptions {
  readonly clock: VirtualClock;
  readonly ledger: MemoryLedger;
  readonly mailbox: FakeMailbox;
  /** How the provider answers a client that lives by this clock. */
  senderOf(clock: Clock): Sender;
  readonly reachability: 'inbound' | 'assumed';
  /** Milliseconds: how late the agent hears of what reaches it, and what a commit takes. */
  readonly lagMs: number;
  readonly commitMs: number;
  readonly seed: number;
  /** Checks made by this clock, and then nothing else; left out, there are none. */
  connectivityOf?(clock: Clock): ConnectivityOptions;
}

export class AgentProcess {
  readonly sink: FakeSink;
  readonly engine: Promise<Engine>;
  readonly #mortal: Mortal;

  constructor(options: ProcessOptions) {
    this.#mortal = new Mortal(options.clock, options.lagMs);
    const { clock } = this.#mortal;
    this.sink = new FakeSink(clock, options.lagMs);
    const sender = options.senderOf(clock);
    const mailbox: Mailbox = this.#mortal.port(options.mailbox);
    const { reachability, seed } = options;
    const connectivity = options.connectivityOf?.(clock);
    const all = engineOptions({ submitter: sender, injector: sender, mailbox, routes: [], reachability });
    this.engine = startEngine(
      connectivity === undefined ? all : { ...all, connectivity, lines: [], mailboxes: [], sinkClients: [] },
      {
        ledger: this.#slowLedger(options, clock),
        sink: this.sink,
        clock,
        random: seededRandom(seed),
        dkim: NO_DKIM,
        observer: new CountingObserver(),
        log: silentLog,
      },
    );
  }

  /** Resolves when the process has ended, be it that it is killed meanwhile. */
  async stop(): Promise<void> {
    const stopped = this.engine.then((engine) => engine.stop());
    await Promise.race([stopped, this.#mortal.death]);
    this.kill();
  }

  kill(): void {
    this.#mortal.kill();
    this.sink.die();
  }

  /** Stops the process for a while, as a starved host does: no timer of it fires meanwhile. */
  hold(ms: number): Promise<void> {
    return this.#mortal.hold(ms);
  }

  /** One call at a time, in order, each with its share of the time a commit takes before and after it is durable. */
  #slowLedger({ ledger, commitMs }: ProcessOptions, clock: Clock): Ledger {
    let last: Promise<unknown> = Promise.resolve();
    const slow = new Proxy<Ledger>(ledger, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const turn = last.then(async () => {
            if (commitMs > 0) await clock.sleep(commitMs / 2);
            const result: unknown = await Reflect.apply(method, target, args);
            if (commitMs > 0) await clock.sleep(commitMs / 2);
            return result;
          });
          last = turn.catch(() => undefined);
          return turn;
        };
      },
    });
    return this.#mortal.port(slow);
  }
}
