/** What every Control must keep. */
import { expect, it } from 'vitest';
import type { Control } from '../../src/ports.ts';

export interface ControlUnderTest {
  readonly control: Control;
  /** Lets all time limits pass until `work` is done. */
  readonly expire: <T>(work: Promise<T>) => Promise<T>;
}

/** Which of the neutral hosts, all given by their addresses, can be reached. */
export type Reachable = 'all' | 'one' | 'none';

export function describeControl(make: (reachable: Reachable) => Promise<ControlUnderTest>): void {
  it.each([
    ['all', true],
    ['one', true],
    ['none', false],
  ] as const)('with %s of its hosts within reach it is healthy: %s', async (reachable, healthy) => {
    const { control, expire } = await make(reachable);
    expect(await expire(control.healthy(false, new AbortController().signal))).toBe(healthy);
    expect(await expire(control.healthy(false, new AbortController().signal)), 'asked again').toBe(healthy);
  });

  it('shows that names can be looked up only by a host that has one', async () => {
    const { control, expire } = await make('all');
    expect(await expire(control.healthy(true, new AbortController().signal))).toBe(false);
  });

  it('is not healthy when it is aborted before it knows', async () => {
    const { control, expire } = await make('all');
    expect(await expire(control.healthy(false, AbortSignal.abort()))).toBe(false);
  });
}
