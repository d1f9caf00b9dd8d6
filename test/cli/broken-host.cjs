/** Preloaded into a daemon: makes its host or one of its threads fail as the variable BREAK says. */
const threads = require('node:worker_threads');
const { syncBuiltinESMExports } = require('node:module');

const what = process.env.BREAK;
if (threads.isMainThread && what === 'clock-unset') Date.now = () => 1000;
if (threads.isMainThread && what === 'clock-wild') {
  const now = Date.now;
  // Every other second is five minutes away.
  Date.now = () => now() + (Math.floor(now() / 1000) % 2) * 300_000;
}
if (threads.isMainThread && what === 'ledger') {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options) {
      super(file, options);
      if (options?.name === 'ledger') setTimeout(() => void this.terminate(), 3000);
    }
  };
  syncBuiltinESMExports();
}
