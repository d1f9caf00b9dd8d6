/** Fails a test file that leaves a worker, a child process, a server or a socket behind. Set up before every file. */
import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/** What someone opened and someone must close, by Node's own names; timers and file handles of libraries come and go. */
const OWNED = new Set([
  'WORKER',
  'PROCESSWRAP',
  'TCPSERVERWRAP',
  'TCPWRAP',
  'PIPESERVERWRAP',
  'UDPWRAP',
  'FSEVENTWRAP',
]);
/** A close is complete only some turns of the event loop later; `fetch` keeps an idle connection for 4 s. */
const SETTLE_MS_MAX = 6000;
const LOOK_EVERY_MS = 20;

const open = new Map<number, string>();
const hook = createHook({
  init(id, type) {
    if (OWNED.has(type)) open.set(id, `${type}${opener()}`);
  },
  destroy(id) {
    open.delete(id);
  },
}).enable();

// Registered first, so it runs after every afterAll of the file.
afterAll(async () => {
  for (let waitedMs = 0; open.size > 0 && waitedMs < SETTLE_MS_MAX; waitedMs += LOOK_EVERY_MS)
    await delay(LOOK_EVERY_MS);
  hook.disable();
  expect([...open.values()], 'left open by this file').toEqual([]);
});

/** The innermost line of ours that led here, if the stack still holds one. */
function opener(): string {
  const frames = new Error('opened').stack?.split('\n') ?? [];
  const ours = frames.find(
    (line) => /\/(src|test)\//.test(line) && !line.includes('/node_modules/') && !line.includes('leaks.ts'),
  );
  return ours === undefined ? '' : ` opened ${ours.trim()}`;
}
