/** The watchdog's thread: kills the process when the measuring thread does not beat any more. */
import { write } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogOrders } from './watchdog.ts';

const STANDARD_ERROR = 2;
/** Milliseconds for the last words: whoever reads them may hang as well. */
const LAST_WORDS = 500;

const { beats, everyMs, patienceBeats } = workerData as WatchdogOrders;
let last = Atomics.load(beats, 0);
let missed = 0;

const watching = setInterval(() => {
  const now = Atomics.load(beats, 0);
  missed = now === last ? missed + 1 : 0;
  last = now;
  if (missed < patienceBeats) return;
  clearInterval(watching);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORDS);
  const seconds = Math.round((missed * everyMs) / 1000);
  // Straight to the file: the log and this thread's own streams go through the thread that hangs.
  const msg = `the measuring thread has not run for ${seconds} s: the process ends, and nothing that was recorded is lost`;
  write(STANDARD_ERROR, `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg })}\n`, () => {});
}, everyMs);
