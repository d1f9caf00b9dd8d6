/** What every Control must keep. */
import { expect, it } from 'vitest';
import type { Control } from '../../src/ports.ts';

export interface ControlUnderTest {
  readonly control: Control;
  /** Lets all time limits pass until `work` is done. */
  readonly expire: <T>(work: Promise<T>) => Promise<T>;
}

/** Which of the neutral hosts can be reached. */
export type Reachable = 'all' | 'one' | 'none';

export function describeControl(make: (reachable: Reachable) => Promise<ControlUnderTest>): void {
  it.each([
    ['all', true],
    ['one', true],
    ['none', false],
  ] as const)('with %s of its hosts within reach it is healthy: %s', async (reachable, healthy) => {
    const { control, expire } = await make(reachable);
    expect(await expire(control.healthy(new AbortController().signal))).toBe(healthy);
    expect(await expire(control.healthy(new AbortController().signal)), 'asked again').toBe(healthy);
  });

  it('is not healthy when it is aborted before it knows', async () => {
    const { control, expire } = await make('all');
    expect(await expire(control.healthy(AbortSignal.abort()))).toBe(false);
  });
}
