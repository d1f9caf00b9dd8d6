/** Times the stages of one handover, each from the end of the one before. */

import type { Stage, StageTiming } from '../../domain/probe.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Clock } from '../../ports.ts';

export interface StageClock {
  /** Ends the stage under way and begins this one. */
  enter(stage: Stage, at?: Instant): void;
  /** Ends the stage under way, if it has not been; the one in which a handover failed counts up to the failure. */
  end(at?: Instant): void;
  /** The last one entered. */
  current(): Stage;
  timings(): readonly StageTiming[];
}

export function createStageClock(first: Stage, clock: Clock, onStage: (stage: Stage) => void): StageClock {
  const timings: StageTiming[] = [];
  let current = first;
  let began: Instant | null = null;
  const end = (at: Instant = clock.now()) => {
    if (began !== null) timings.push({ name: current, seconds: (at.monoUs - began.monoUs) / 1e6 });
    began = null;
  };
  const enter = (stage: Stage, at: Instant = clock.now()) => {
    end(at);
    current = stage;
    began = at;
    onStage(stage);
  };
  enter(first);
  return { enter, end, current: () => current, timings: () => timings };
}
