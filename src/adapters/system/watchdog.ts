/** Ends the agent rather than let it measure nonsense: when the host's clocks are unsound, when files run out, or its own thread hangs. */
import { Worker } from 'node:worker_threads';
import { beginSoundness, observeSoundness, unsoundness } from '../../domain/time/soundness.ts';
import type { Clock } from '../../ports.ts';
import { filesLeft } from './open-files.ts';

const OBSERVE_MS = 1000;
/**
 * Beats of its own that the other thread waits for one of the measuring thread's: a minute in which nothing but that one stood still,
 * for a process or a host that is stopped stops both.
 */
const PATIENCE_BEATS = 60;
/**
 * Files that must be left to open. Without one the sink turns a provider away unseen, and its mail would count as late. What may be
 * open at once is bounded; so this is a leak, or a limit that is too low.
 */
const FILES_LEFT_MIN = 32;

/** To the other thread. */
export interface WatchdogOrders {
  /** Counts the measuring thread's beats. */
  readonly beats: Int32Array;
  readonly everyMs: number;
  readonly patienceBeats: number;
}

export interface Watchdog {
  close(): Promise<void>;
}

/** `onUnsound` is told once. A thread that hangs can tell nobody: then the process is killed, and its last words are on standard error. */
export function startWatchdog(
  clock: Pick<Clock, 'now'>,
  onUnsound: (why: string) => void,
  { everyMs = OBSERVE_MS, patienceBeats = PATIENCE_BEATS } = {},
): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let soundness = beginSoundness(clock.now());
  const timer = setInterval(() => {
    Atomics.add(beats, 0, 1);
    const before = soundness.last;
    soundness = observeSoundness(soundness, clock.now(), everyMs / 1000);
    const why = unsoundness(soundness, before) ?? filesRunOut();
    if (why === null) return;
    clearInterval(timer);
    onUnsound(why);
  }, everyMs);
  // The compiler rewrites imports, not URLs: beside this file the thread has this file's extension.
  const file = import.meta.url.endsWith('.ts') ? './watchdog-thread.ts' : './watchdog-thread.js';
  const orders: WatchdogOrders = { beats, everyMs, patienceBeats };
  const thread = new Worker(new URL(file, import.meta.url), { workerData: orders, name: 'watchdog' });
  // Without it the agent would be watched by nobody: as unsound as any clock.
  thread.on('error', (error: Error) => onUnsound(`the watchdog must run, it ended: ${error.message}`));
  return {
    async close() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}

function filesRunOut(): string | null {
  const left = filesLeft();
  return left === null || left >= FILES_LEFT_MIN
    ? null
    : `at least ${FILES_LEFT_MIN} files must be left to open (ulimit -n), ${left} are`;
}
