/** What every Control must keep. */
import { expect, it } from 'vitest';
import { CHECK_MS_MAX, type Clock, type Control } from '../../src/ports.ts';

/* oxlint-disable vitest/valid-title, vitest/expect-expect, vitest/no-conditional-tests -- registers tests for what the hosts can do */
export interface ControlUnderTest {
  readonly control: Control;
  readonly clock: Clock;
  /** Lets all time limits pass until `work` is done. */
  readonly expire: <T>(work: Promise<T>) => Promise<T>;
}

/** Which of the neutral hosts can be reached; `silent`: none, and none says so. */
export type Reachable = 'all' | 'one' | 'none' | 'silent';
/** What the hosts are given by. */
export type Given = 'names' | 'addresses';

export function describeControl(
  make: (reachable: Reachable, given: Given) => Promise<ControlUnderTest>,
  can: { readonly given: readonly Given[]; readonly silent: boolean },
): void {
  const never = (): AbortSignal => new AbortController().signal;
  const [usual = 'names'] = can.given;

  it.each([
    ['all', true],
    ['one', true],
    ['none', false],
  ] as const)('with %s of its hosts within reach it is healthy: %s', async (reachable, healthy) => {
    for (const given of can.given) {
      const { control, expire } = await make(reachable, given);
      expect(await expire(control.healthy(false, never()))).toBe(healthy);
      expect(await expire(control.healthy(false, never())), 'asked again').toBe(healthy);
    }
  });

  it('shows that names can be looked up only by a host that has one and can be reached', async () => {
    for (const given of can.given) {
      const { control, expire } = await make('all', given);
      expect(await expire(control.healthy(true, never()))).toBe(given === 'names');
      const { control: away, expire: patience } = await make('none', given);
      expect(await patience(away.healthy(true, never()))).toBe(false);
    }
  });

  it('is not healthy when it is aborted before it knows', async () => {
    const { control, expire } = await make('all', usual);
    expect(await expire(control.healthy(false, AbortSignal.abort()))).toBe(false);
  });

  if (can.silent) {
    it('is not healthy where no host says anything, and says so in time', async () => {
      const { control, clock, expire } = await make('silent', usual);
      const from = clock.now();
      expect(await expire(control.healthy(false, never()))).toBe(false);
      expect((clock.now().monoUs - from.monoUs) / 1000).toBeLessThanOrEqual(CHECK_MS_MAX);
    });

    it('is not healthy when it is aborted while it waits, and waits no longer', async () => {
      const { control, clock } = await make('silent', usual);
      const stop = new AbortController();
      const from = clock.now();
      const asking = control.healthy(false, stop.signal);
      stop.abort();
      expect(await asking).toBe(false);
      expect(clock.now().monoUs).toBe(from.monoUs);
    });
  }
}
