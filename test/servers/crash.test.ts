/** A daemon that is killed again and again loses nothing, invents nothing, and counts nothing twice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServers } from './available.ts';
import { crashLoop } from './crash-loop.ts';
import { type Provider, startProvider } from './provider.ts';

const KILLS = 15;
/** Milliseconds. Usually well under a minute; a message that Postfix finds locked waits 300 s. */
const PATIENCE = 480_000;

describeWithServers('a daemon that crashes', () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(async () => provider.stop());

  it(
    `keeps books that agree with the servers' after ${KILLS} kills at any moment`,
    async () => {
      const { findings, kills, probes } = await crashLoop(provider, { kills: KILLS, seed: 'bounded' });
      expect(findings).toEqual([]);
      expect(kills.starting + kills.running + kills.stopping).toBe(KILLS);
      expect(kills.running).toBeGreaterThan(0);
      // Otherwise nothing was at stake.
      expect(probes.delivered).toBeGreaterThan(KILLS);
    },
    PATIENCE,
  );
});
