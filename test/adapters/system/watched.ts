/** A process under the watchdog, for its test: `hang` blocks its thread, `leak` opens files without end, `run` does nothing wrong. */
import { openSync } from 'node:fs';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { startWatchdog } from '../../../src/adapters/system/watchdog.ts';

/** Exit codes: what it was told, or that it came to its end untold. */
const TOLD = 9;
const EVERY_MS = 50;
const PATIENCE_BEATS = 20;

const [, , what] = process.argv;
const clock = systemClock();
const dog = startWatchdog(
  clock,
  (why) => {
    process.stdout.write(why);
    process.exitCode = TOLD;
    process.exit();
  },
  { everyMs: EVERY_MS, patienceBeats: PATIENCE_BEATS },
);
setTimeout(() => {
  if (what === 'hang') for (;;);
  if (what === 'leak') setInterval(() => openSync('/dev/null', 'r'), 10);
  if (what === 'run') setTimeout(() => void dog.close().then(() => clock.close()), 2 * PATIENCE_BEATS * EVERY_MS);
}, 200);
