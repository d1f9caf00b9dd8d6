/** How a command learns that it is to stop. */
import { constants } from 'node:os';
import { ExitWith } from './exit.ts';

/** What a shell adds to the number of the signal that ended a command. */
const EXIT_SIGNALLED = 128;

/**
 * Resolves at the first SIGTERM or SIGINT, or what `also` names; a second one ends the process at once.
 * SIGHUP is for what runs on a terminal: a daemon that was told to outlive its own (nohup) must not hear it.
 */
export function stopSignal(...also: readonly 'SIGHUP'[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT', ...also] as const) {
      process.on(signal, () => {
        if (asked) process.exit(EXIT_SIGNALLED + constants.signals[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** For a command that ends by itself: aborted at the first signal, with the ExitWith as its reason. */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  void stopSignal('SIGHUP').then((signal) =>
    stop.abort(new ExitWith(EXIT_SIGNALLED + constants.signals[signal], [`ended by ${signal}`])),
  );
  return stop.signal;
}
