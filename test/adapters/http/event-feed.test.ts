/** What a stream holds of a client that reads too little, with answers that say how much is unread. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createEventFeed } from '../../../src/adapters/http/event-feed.ts';
import type { StatusBoard } from '../../../src/ports.ts';
import { silentLog } from '../../fakes/fake-provider.ts';

/** A client that leaves all unread that it is sent, at least `unread` bytes. */
class Unread extends EventEmitter {
  writableLength: number;
  readonly writableNeedDrain = true;
  destroyed = false;

  constructor(unread: number) {
    super();
    this.writableLength = unread;
  }
  writeHead(): void {}
  write(text: string): void {
    this.writableLength += text.length;
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true;
  }
}

const untilAborted = (_ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));

test('a client that has a megabyte unread is dropped when more comes, and one that has less is not', async () => {
  const told: ((records: readonly unknown[]) => void)[] = [];
  const board = {
    view: () => ({}),
    probe: (record: unknown) => record,
    subscribe(listener: (records: readonly unknown[]) => void) {
      told.push(listener);
      return () => undefined;
    },
  } as unknown as StatusBoard;
  const feed = createEventFeed(board, { sleep: untilAborted }, silentLog);
  onTestFinished(() => feed.close());
  const [stuck, slow] = [new Unread(2 ** 20 + 1), new Unread(0)];
  for (const answer of [stuck, slow])
    feed.add(answer as unknown as ServerResponse, {}, { asker: '127.0.0.1', acting: 'forbidden' });
  for (const tell of told) tell([{ id: 'a-probe' }]);
  await new Promise(setImmediate);
  expect([stuck.destroyed, slow.destroyed]).toEqual([true, false]);
});
