/** Fails a test file that leaves a worker, a child process, a server or a socket behind. Set up before every file. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/** Resources that keep a process alive or belong to someone who must close them; timers of libraries come and go. */
const OWNED = ['Worker', 'ProcessWrap', 'TCPServerWrap', 'TCPSocketWrap', 'PipeServerWrap', 'UDPWrap', 'FSEventWrap'];
/** A close is complete only some turns of the event loop later. */
const SETTLE_MS_MAX = 3000;
const LOOK_EVERY_MS = 20;

const before = owned();

afterAll(async () => {
  for (let waitedMs = 0; leaked().length > 0 && waitedMs < SETTLE_MS_MAX; waitedMs += LOOK_EVERY_MS) {
    await delay(LOOK_EVERY_MS);
  }
  expect(leaked(), 'left open by this file').toEqual([]);
});

function leaked(): string[] {
  const left = owned();
  for (const kind of before) {
    const at = left.indexOf(kind);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

function owned(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => OWNED.includes(kind));
}
