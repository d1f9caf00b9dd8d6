/** Bounded cardinality: whatever comes from the network, the series are those of the start. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { ENDPOINTS } from '../../../src/domain/endpoint.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import { fakeWorld } from '../../fakes/agent.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { FakeChecker } from '../../fakes/fake-checker.ts';
import { EVERYTHING, HostileSender, happen, happening, MARK } from './hostile.ts';
import { seriesOf } from './scrape.ts';

test('the series are those of the start, whatever names, tokens, addresses and replies come from the network', async () => {
  /** What the runs came to together: it must have been tried. */
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 12 }), async (happenings) => {
      const world = fakeWorld();
      const senders = [
        new HostileSender(world, { send: world.submitter.send.bind(world.submitter) }),
        new HostileSender(world, { send: world.injector.send.bind(world.injector) }),
      ] as const;
      world.submitter.send = (...asked) => senders[0].send(...asked);
      world.injector.send = (...asked) => senders[1].send(...asked);
      const checkers = ENDPOINTS.map(() => new FakeChecker(world.clock));
      const metrics = createMetrics({
        version: '0',
        lines: PATHS.map((path) => ({ provider: 'acme', path })),
        held: [{ provider: 'acme', contract: CONTRACT }],
        clock: world.clock,
        lagSeconds: () => 0,
      });
      Object.assign(world.observer, metrics);
      const depths = { shallow: 'greeting', deep: 'recipient' } as const;
      const engine = await world.start({
        routes: PATHS.map((path) => ({ provider: 'acme', path, every: 40, minGap: 20, maxGap: 60 })),
        connectivity: {
          everySeconds: 60,
          checks: ENDPOINTS.map((endpoint, index) => ({
            provider: 'acme',
            endpoint,
            depths,
            checker: checkers[index]!,
          })),
          control: null,
        },
      });
      metrics.attach(engine.recorder.state, []);
      const scrape = async () => seriesOf((await metrics.render()).body);
      const names = async () => [...(await scrape()).keys()].toSorted();
      const atStart = await names();
      for (const each of happenings) {
        await happen(each, world, senders, checkers, engine);
        await world.clock.advance(70);
      }
      const open = (await metrics.render('openmetrics')).body;
      const after = await names();
      for (const [key, value] of await scrape()) if (value > 0) reached.set(key, (reached.get(key) ?? 0) + value);
      const stopped = engine.stop();
      await world.clock.advance(5);
      await stopped;
      expect(after).toEqual(atStart);
      expect(open).not.toContain(MARK);
      for (const [, id] of open.matchAll(/probe_id="(.*?)"\}/g)) expect(id).toMatch(/^[a-z2-7]{16}$/);
    }),
    { numRuns: 25, examples: [[EVERYTHING]] },
  );
  for (const reason of ['forged', 'foreign', 'duplicate'])
    expect([...reached.keys()]).toContain(`mailflow_tokens_refused_total{reason="${reason}"}`);
  for (const outcome of ['delivered', 'failed'])
    expect([...reached.keys()].filter((key) => key.includes(`outcome="${outcome}"`))).not.toEqual([]);
  expect([...reached.keys()]).toContain('mailflow_part_failures_total{part="mailbox",provider="acme"}');
}, 120_000);
