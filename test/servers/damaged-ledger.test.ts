/** The daemon started on a damaged ledger: it says in one line what is wrong and what to do, or measures on and `verify` names it. */
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { describeWithServers } from './available.ts';
import { type Daemon, run } from './command.ts';
import { eventually } from './daemon.ts';
import { eventsOf, metric, order, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

/** Of the page size in an SQLite file's header, which every reading needs. */
const HEADER_PLACE = 16;

describeWithServers('a daemon on a damaged ledger', () => {
  const suite = daemonSuite();

  interface Place {
    readonly config: string;
    readonly data: string;
    readonly file: string;
  }
  async function place(): Promise<Place> {
    const config = await suite.configuration();
    const data = join(dirname(config), 'data');
    return { config, data, file: join(data, 'ledger.db') };
  }
  const start = ({ config }: Place): Promise<Daemon> => suite.start(config);
  /** A ledger with a probe in it, closed. */
  async function used(): Promise<Place> {
    const made = await place();
    const daemon = await start(made);
    expect((await view(daemon, await order(daemon, 'send'), 20)).outcome).toBe('delivered');
    await daemon.end('SIGTERM');
    return made;
  }
  async function contents(folder: string): Promise<readonly (readonly [string, Buffer])[]> {
    const names = (await readdir(folder)).filter((name) => name !== 'daemon.lock').toSorted();
    return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
  }

  it('that it cannot read, or that is none, refuses to start with one line and code 3, and leaves all as it is', async () => {
    const made = await used();
    const whole = await readFile(made.file);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(whole.readUInt8(HEADER_PLACE) ^ 0xff, HEADER_PLACE);
    const foreign = join(made.data, 'foreign.db');
    const theirs = new DatabaseSync(foreign);
    theirs.exec('CREATE TABLE theirs (id INTEGER); PRAGMA application_id = 77');
    theirs.close();
    for (const [bytes, why] of [
      [flipped, 'the file must be an SQLite database: restore a backup'],
      [whole.subarray(0, whole.length / 2), 'the file must be an intact database: restore a backup'],
      [whole.subarray(0, 0), 'it is empty, and .*signing.key shows that there was one: restore a backup'],
      [await readFile(foreign), 'must be a ledger of mailflow-probe, is a database with application id 77'],
    ] as const) {
      await writeFile(made.file, bytes);
      const before = await contents(made.data);
      const { code, stdout, stderr } = await run(['run', '-c', made.config]);
      expect(stderr.split('\n').filter((line) => !line.startsWith('{'))).toEqual([
        expect.stringMatching(`^mailflow-probe: .*${made.data}.*${why}`),
        '',
      ]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(await contents(made.data)).toEqual(before);
    }
    await writeFile(made.file, whole);
    const daemon = await start(made);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await run(['ledger', 'verify', '-c', made.config])).toMatchObject({ code: 0 });
  }, 90_000);

  it('with one byte of an old entry changed measures on, and verify names the entry before and after', async () => {
    const made = await used();
    const events = await eventsOf(made.config);
    const seq = events.findIndex(({ type }) => type === 'transfer.captured') + 1;
    expect(seq).toBeGreaterThan(0);
    const bytes = await readFile(made.file);
    // Nothing derived repeats it.
    const at = bytes.indexOf('"bodySha256":"') + '"bodySha256":"'.length;
    bytes.writeUInt8(bytes.readUInt8(at) === 0x30 ? 0x31 : 0x30, at);
    await writeFile(made.file, bytes);
    const expected = { code: 2, stderr: expect.stringContaining(`event ${seq}: the hash does not follow`) };
    expect(await run(['ledger', 'verify', '-c', made.config])).toMatchObject(expected);
    const daemon = await start(made);
    expect((await view(daemon, await order(daemon, 'internal'), 20)).outcome).toBe('delivered');
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await run(['ledger', 'verify', '-c', made.config])).toMatchObject(expected);
  }, 60_000);

  it('whose log was taken away waits for a decision, and does not count what it then knows nothing of', async () => {
    const made = await used();
    const first = await start(made);
    await suite.provider.holdQueue();
    const id = await order(first, 'send');
    await eventually('its acceptance', async () => ((await view(first, id)).acceptedAt === null ? undefined : true));
    await first.end('SIGKILL');
    await rm(`${made.file}-wal`);
    const refused = await run(['run', '-c', made.config]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/ledger\.db-wal must lie beside .*ledger\.db-shm: .* put it back, or remove/);
    expect((await run(['ledger', 'verify', '-c', made.config])).stderr).toContain('ledger.db-wal must lie beside');

    await rm(`${made.file}-shm`);
    const second = await start(made);
    suite.provider.releaseQueue();
    await eventually('a probe that it does not know', async () =>
      (await metric(second, 'mailflow_tokens_refused_total{reason="unknown"}')) > 0 ? true : undefined,
    );
    expect((await view(second, await order(second, 'send'), 20)).outcome).toBe('delivered');
    expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
    const events = await eventsOf(made.config);
    expect(events.filter((event) => 'probe' in event && event.probe === id)).toEqual([]);
    expect(await run(['ledger', 'verify', '-c', made.config])).toMatchObject({ code: 0 });
  }, 60_000);

  it('whose log was cut short goes on from the last whole entry in it', async () => {
    const made = await used();
    const first = await start(made);
    expect((await view(first, await order(first, 'send'), 20)).outcome).toBe('delivered');
    await first.end('SIGKILL');
    const log = `${made.file}-wal`;
    await truncate(log, Math.floor((await readFile(log)).length / 2));
    const second = await start(made);
    expect((await view(second, await order(second, 'send'), 20)).outcome).toBe('delivered');
    expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
    const starts = (await eventsOf(made.config)).filter(({ type }) => type === 'agent.started');
    expect(starts.at(-1)).toMatchObject({ unwatchedSince: expect.anything() });
    expect(await run(['ledger', 'verify', '-c', made.config])).toMatchObject({ code: 0 });
  }, 60_000);
});
