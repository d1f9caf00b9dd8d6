/** Two daemons on one data folder, as processes: one measures, the other says who does, and the first never notices. */
import { expect, it } from 'vitest';
import { describeWithServers } from './available.ts';
import { type Finished, run, spawnDaemon } from './command.ts';
import { eventsOf, logged, order, untilAccepted, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

/** The second begins where the first left it: with a lock whose holder was killed. */
const RACES = 2;
const RACERS = 3;

describeWithServers('two daemons on one data folder', () => {
  const suite = daemonSuite();
  const { closers } = suite;
  /** Beside the configuration's own warnings, which precede it. */
  const said = ({ stderr }: Pick<Finished, 'stderr'>) => stderr.split('\n').filter((line) => !line.startsWith('{'));

  it('the second ends with one line and code 75, and the first keeps its note, its sink and its probes', async () => {
    const config = await suite.configuration();
    const first = await suite.start(config);
    await suite.provider.holdQueue();
    const id = await order(first, 'send');
    await untilAccepted(first, id);
    const second = await run(['run', '-c', config]);
    expect(second).toMatchObject({ code: 75, stdout: '' });
    const rule = 'a data folder must have one daemon: .*';
    expect(said(second)).toEqual([
      expect.stringMatching(
        new RegExp(`^mailflow-probe: ${rule} is held by process ${first.process.pid} at ${first.url}$`),
      ),
      '',
    ]);
    suite.provider.releaseQueue();
    expect(await view(first, id, 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    // Commands still find the first.
    expect(await run(['check', '-c', config, '--path', 'internal'])).toMatchObject({ code: 0, stderr: '' });
    expect(logged(first, 'error')).toEqual([]);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const events = await eventsOf(config);
    expect(events.filter(({ type }) => type === 'agent.started')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'sink.opened' || type === 'sink.closed')).toHaveLength(2);
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 60_000);

  it(`of ${RACERS} that start at the same moment exactly one runs, on a new folder and on one whose holder was killed`, async () => {
    const config = await suite.configuration();
    for (let race = 1; race <= RACES; race += 1) {
      const racers = Array.from({ length: RACERS }, () => spawnDaemon(config));
      for (const racer of racers) closers.push(() => racer.end('SIGKILL'));
      const serving = await Promise.allSettled(racers.map((racer) => racer.serving));
      const winners = racers.filter((_, index) => serving[index]!.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      for (const loser of racers.filter((racer) => racer !== winners[0])) {
        expect(loser.process.exitCode).toBe(75);
        expect(loser.log()).toMatch(
          new RegExp(`^mailflow-probe: .* is held by process ${winners[0]!.process.pid}( at http:\\S+)?\n$`, 'm'),
        );
      }
      await winners[0]!.end('SIGKILL');
      const started = (await eventsOf(config)).filter(({ type }) => type === 'agent.started');
      expect(started).toHaveLength(race);
    }
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 60_000);

  it('a first that is stopped and does not answer still holds, and goes on afterwards', async () => {
    const config = await suite.configuration();
    const first = await suite.start(config);
    first.process.kill('SIGSTOP');
    const second = await run(['run', '-c', config]);
    expect(second.code).toBe(75);
    expect(said(second)[0]).toContain(`is held by process ${first.process.pid} at ${first.url}`);
    first.process.kill('SIGCONT');
    expect((await view(first, await order(first, 'internal'), 20)).outcome).toBe('delivered');
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 60_000);
});
