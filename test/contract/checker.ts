/** What every Checker must keep. */
import { expect, it } from 'vitest';
import type { CheckDepth } from '../../src/domain/endpoint.ts';
import { CHECK_MS_MAX, type Checker, type CheckReport, type Clock } from '../../src/ports.ts';

/* oxlint-disable vitest/valid-title, vitest/expect-expect, vitest/no-conditional-tests -- registers tests for the servers that can conduct themselves so */
/**
 * What the server does. `refuse`: it refuses a login for good, or the mailbox's address. `throttle`: it asks us to come less often.
 * `mute`: it takes connections and never says anything.
 */
export type Conduct = 'well' | 'absent' | 'mute' | 'refuse' | 'throttle';

export interface CheckerUnderTest {
  readonly checker: Checker;
  readonly clock: Clock;
  /** `[shallow, deep]`: what it can be asked for. */
  readonly depths: readonly [CheckDepth, CheckDepth];
  /** Resolves when a `mute` server was met. */
  readonly reached: () => Promise<void>;
  /** Lets all time limits pass until `work` is done. */
  readonly expire: <T>(work: Promise<T>) => Promise<T>;
  readonly conductFromNowOn: (conduct: Conduct) => Promise<void>;
}

const never = (): AbortSignal => new AbortController().signal;

export function describeChecker(
  make: (conduct: Conduct) => Promise<CheckerUnderTest>,
  conducts: readonly Conduct[],
): void {
  async function deep({ checker, depths }: CheckerUnderTest): Promise<CheckReport> {
    return checker.check(depths[1], never());
  }

  const where = (conduct: Conduct, name: string, test: () => Promise<void>): void => {
    if (conducts.includes(conduct)) it(name, test);
  };

  it('finds a server up, at both depths, and says when it began and how long it took', async () => {
    const under = await make('well');
    const from = under.clock.now();
    for (const depth of [under.depths[1], under.depths[0]]) {
      const report = await under.checker.check(depth, never());
      expect(report).toMatchObject({ depth, result: { kind: 'up' } });
      expect(report.began.monoUs).toBeGreaterThanOrEqual(from.monoUs);
      expect(report.seconds).toBeGreaterThanOrEqual(0);
      expect(report.began.monoUs + report.seconds * 1e6).toBeLessThanOrEqual(under.clock.now().monoUs + 1);
    }
  });

  it('goes deeper than it was asked where it keeps no connection yet, or no more, and says so', async () => {
    const under = await make('well');
    const [shallow, full] = under.depths;
    const keeps = shallow === 'session';
    const shown: string[] = [];
    for (const depth of [shallow, shallow, full, shallow])
      shown.push((await under.checker.check(depth, never())).depth);
    expect(shown).toEqual(keeps ? [full, shallow, full, shallow] : [shallow, shallow, full, shallow]);
    await under.checker.close();
    expect((await under.checker.check(shallow, never())).depth).toBe(keeps ? full : shallow);
  });

  it('takes a kept session that its server ended unnoticed for no fault, and logs in anew in the same check', async () => {
    const under = await make('well');
    const [shallow, full] = under.depths;
    await deep(under);
    await under.conductFromNowOn('absent');
    await under.conductFromNowOn('well');
    const report = await under.checker.check(shallow, never());
    expect(report).toMatchObject({ depth: shallow === 'session' ? full : shallow, result: { kind: 'up' } });
  });

  it('finds a server that is not there down, with a stable code', async () => {
    const { result } = await deep(await make('absent'));
    if (result.kind !== 'down') throw new Error(JSON.stringify(result));
    expect(result.stage).toBe('connect');
    expect(result.code).toMatch(/^[A-Z_]+$/);
  });

  it('notices that a server went away, and that it came back', async () => {
    const under = await make('well');
    const [shallow] = under.depths;
    expect((await under.checker.check(shallow, never())).result.kind).toBe('up');
    await under.conductFromNowOn('absent');
    expect((await under.checker.check(shallow, never())).result.kind).toBe('down');
    await under.conductFromNowOn('well');
    expect((await under.checker.check(shallow, never())).result.kind).toBe('up');
  });

  where('refuse', 'finds a server that refuses for good down, with what it said', async () => {
    const { result } = await deep(await make('refuse'));
    if (result.kind !== 'down') throw new Error(JSON.stringify(result));
    expect(['auth', 'rcpt']).toContain(result.stage);
    expect(result.code).toMatch(/^(?:5\d\d|[A-Z]+)$/);
    expect(result.text.length).toBeLessThan(2000);
  });

  where('throttle', 'takes being asked to come less often for no fault, and says what it was', async () => {
    const { result } = await deep(await make('throttle'));
    if (result.kind !== 'inconclusive') throw new Error(JSON.stringify(result));
    expect(result.reason).not.toBe('');
  });

  where('mute', 'finds a server that went mute down, in time, though it keeps a session', async () => {
    const under = await make('well');
    await deep(under);
    await under.conductFromNowOn('mute');
    const from = under.clock.now();
    const report = await under.expire(under.checker.check(under.depths[0], never()));
    expect(report.result).toMatchObject({ kind: 'down', code: 'TIMEOUT' });
    expect((under.clock.now().monoUs - from.monoUs) / 1000).toBeLessThanOrEqual(CHECK_MS_MAX);
    expect(report.began.monoUs).toBeGreaterThanOrEqual(from.monoUs);
    expect(report.began.monoUs + report.seconds * 1e6).toBeLessThanOrEqual(under.clock.now().monoUs + 1);
  });

  where('mute', 'finds a server that never answers down, in time', async () => {
    const under = await make('mute');
    const from = under.clock.now();
    const report = await under.expire(deep(under));
    expect(report.result).toMatchObject({ kind: 'down', code: 'TIMEOUT' });
    expect((under.clock.now().monoUs - from.monoUs) / 1000).toBeLessThanOrEqual(CHECK_MS_MAX);
  });

  where('mute', 'ends inconclusive at an abort, and can be used again', async () => {
    const under = await make('mute');
    const stop = new AbortController();
    const checking = under.checker.check(under.depths[1], stop.signal);
    await under.reached();
    stop.abort();
    expect((await checking).result.kind).toBe('inconclusive');
    await under.conductFromNowOn('well');
    expect((await deep(under)).result.kind).toBe('up');
  });

  it('checks nothing where the signal is aborted already', async () => {
    const under = await make('well');
    expect((await under.checker.check(under.depths[1], AbortSignal.abort())).result.kind).toBe('inconclusive');
  });

  it('may be closed at any time, and twice', async () => {
    const under = await make('well');
    await under.checker.close();
    await deep(under);
    await under.checker.close();
    await under.checker.close();
    expect((await deep(under)).result.kind).toBe('up');
  });
}
