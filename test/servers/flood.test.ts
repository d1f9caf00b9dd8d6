/** Floods at the sink while real probes pass through a real Postfix: each arrives, its interval holds what Postfix says, and nobody is late by us. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CLIENTS_PER_SOURCE_MAX } from '../../src/adapters/smtp-sink/limits.ts';
import { createLog, openAgent } from '../../src/app.ts';
import { settingsFor, temporaryFolder } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { runFlood } from './flood-run.ts';
import { startProvider } from './provider.ts';

const PATIENCE_MS = 25_000;
const GROWTH_BYTES_MAX = 300 * 1024 * 1024;

describeWithServers('the sink in a flood', () => {
  it.each([
    ['keeps places for a provider whose networks are known', ['127.0.0.1/32']],
    ['has a place for a provider that is a stranger like all others', []],
  ])(
    '%s, and delays no probe beyond its interval',
    async (_, networks) => {
      const { quiet, flooded, residentBytes } = await runFlood({ probes: 2, connections: 400, slow: 40, networks });
      for (const { outcome, delay, truth } of [...quiet, ...flooded]) {
        expect(outcome).toBe('delivered');
        expect(delay.lo).toBeLessThanOrEqual(truth.hi);
        expect(delay.hi).toBeGreaterThanOrEqual(truth.lo);
        // No breach is claimed.
        expect(delay.lo).toBeLessThan(60);
      }
      expect(residentBytes.after - residentBytes.before).toBeLessThan(GROWTH_BYTES_MAX);
    },
    120_000,
  );

  it('counts a Postfix that our limit for its address turned away as one that tried', async () => {
    await using stack = new AsyncDisposableStack();
    const provider = stack.adopt(await startProvider(), (it) => it.stop());
    const folder = stack.adopt(await temporaryFolder(), (it) => it.remove());
    const settings = settingsFor(provider, folder.path);
    const strangers = { ...settings, providers: settings.providers.map((each) => ({ ...each, networks: [] })) };
    const agent = stack.adopt(await openAgent(strangers, { log: createLog('error', 'test'), as: 'spot-check' }), (it) =>
      it.close(),
    );
    await agent.ready(PATIENCE_MS);
    const holders: Socket[] = [];
    stack.defer(() => holders.forEach((holder) => holder.destroy()));
    for (let count = 0; count < CLIENTS_PER_SOURCE_MAX; count += 1) {
      const holder = connect({ host: '127.0.0.1', port: provider.sinkPort });
      holders.push(holder);
      await once(holder, 'data');
    }
    const id = await agent.control.check('corp', 'send');
    const attempt = await provider.postfixDelays({
      recipient: (await agent.control.probe(id))!.record.recipient,
      status: 'deferred',
    });
    expect(attempt.text).toContain('Too many connections from this address');
    await pause(1500);
    for (const holder of holders) holder.destroy();
    const { assessment } = (await agent.control.settled(id, PATIENCE_MS))!;
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.lo).toBeLessThanOrEqual(attempt.a.hi + attempt.b.hi + attempt.c.hi);
    expect(assessment.delay!.hi).toBeGreaterThan(1.5);
  });
});
