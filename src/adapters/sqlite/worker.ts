/** The ledger's thread: takes what has queued up, writes it in one transaction, answers in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FromWorker, isWrite, type Request, type WorkerSettings, type WriteRequest } from './protocol.ts';
import { openStore, type Store, toFailure } from './store.ts';

/** Requests in one transaction: bounds how long the first of them waits for its acknowledgement. */
const BATCH_REQUESTS_MAX = 1_000;

if (parentPort === null) throw new Error('worker.ts must run as a worker thread');
const port = parentPort;
const { folder, role } = workerData as WorkerSettings;

const store = open();
if (store !== null) serve(store);

function open(): Store | null {
  try {
    const opened = openStore(folder, role);
    answer({ kind: 'open' });
    return opened;
  } catch (error) {
    answer({ kind: 'unopened', failure: toFailure('open the ledger', folder, error) });
    return null;
  }
}

function serve(opened: Store): void {
  let queue: Request[] = [];
  port.on('message', (request: Request) => {
    // What arrives while a commit runs is delivered before the next immediate, and so shares one commit.
    if (queue.push(request) === 1) setImmediate(drain);
  });

  function drain(): void {
    const requests = queue;
    queue = [];
    let batch: WriteRequest[] = [];
    const writeBatch = () => {
      if (batch.length > 0) answerAll(batch, opened.write(batch));
      batch = [];
    };
    for (const request of requests) {
      if (isWrite(request)) {
        batch.push(request);
        if (batch.length === BATCH_REQUESTS_MAX) writeBatch();
        continue;
      }
      writeBatch();
      if (request.op === 'close') close(request.id);
      else answer({ id: request.id, ...opened.read(request) });
    }
    writeBatch();
  }

  function close(id: number): void {
    opened.close();
    answer({ id, kind: 'done', output: null });
    port.close();
  }
}

function answerAll(batch: readonly WriteRequest[], outcomes: ReturnType<Store['write']>): void {
  for (const [index, outcome] of outcomes.entries()) {
    const request = batch[index];
    if (request !== undefined) answer({ id: request.id, ...outcome });
  }
}

function answer(message: FromWorker): void {
  port.postMessage(message);
}
