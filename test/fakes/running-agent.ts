/** The real engine over fakes, with options that the other suites leave as they are. */
import { type Engine, type EngineOptions, startEngine } from '../../src/engine/engine.ts';
import { engineOptions, type FakeWorld, fakeWorld, NO_DKIM, seededRandom } from './agent.ts';
import { silentLog } from './fake-provider.ts';

export interface RunningAgent extends FakeWorld {
  engine: Engine;
  /** A spot check's id, once its 250 was read. */
  probe(path: 'send' | 'receive' | 'internal'): Promise<string>;
  /** What is claimed of it now. */
  claim(id: string): Promise<{ readonly outcome: string; readonly lo: number; readonly hi: number }>;
  /** Another process on the same ledger. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function running(over: Partial<EngineOptions> = {}): Promise<RunningAgent> {
  const world = fakeWorld();
  const { clock, ledger, sink, mailbox, submitter, injector, observer } = world;
  const options = engineOptions({ submitter, injector, mailbox, routes: [], reachability: 'inbound' });
  const start = async (): Promise<Engine> => {
    const engine = await startEngine(
      { ...options, ...over },
      { ledger, sink, clock, random: seededRandom(1), dkim: NO_DKIM, observer, log: silentLog },
    );
    await clock.advance(0.1);
    return engine;
  };
  const made: RunningAgent = {
    ...world,
    engine: await start(),
    async probe(path) {
      const starting = made.engine.check('acme', path);
      await clock.advance(1.5);
      return starting;
    },
    async claim(id) {
      const sight = await made.engine.probe(id);
      if (sight === null) throw new Error(`no probe ${id}`);
      const { outcome, delay } = sight.assessment;
      return { outcome, lo: delay?.lo ?? 0, hi: delay?.hi ?? Number.POSITIVE_INFINITY };
    },
    async restart() {
      made.engine = await start();
    },
    async stop() {
      const stopped = made.engine.stop();
      await clock.advance(5);
      await stopped;
    },
  };
  return made;
}
