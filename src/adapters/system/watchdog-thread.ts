/** The watchdog's thread: kills the process when the measuring thread does not beat any more. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogOrders } from './watchdog.ts';

const STANDARD_ERROR = 2;

const { beats, everyMs, patienceBeats } = workerData as WatchdogOrders;
let last = Atomics.load(beats, 0);
let missed = 0;

setInterval(() => {
  const now = Atomics.load(beats, 0);
  missed = now === last ? missed + 1 : 0;
  last = now;
  if (missed < patienceBeats) return;
  const seconds = Math.round((missed * everyMs) / 1000);
  try {
    // Straight to the file: the log and this thread's own streams go through the thread that hangs.
    const msg = `the measuring thread has not run for ${seconds} s: the process ends, and nothing that was recorded is lost`;
    writeSync(STANDARD_ERROR, `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg })}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}, everyMs);
