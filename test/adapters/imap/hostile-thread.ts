/** A hostile server in a thread of its own, so that what it writes is not of the heap that a test measures. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { FAULTS, type Stage, startHostileServer } from './hostile-server.ts';

interface Order {
  readonly stage: Stage;
  /** A name in FAULTS. */
  readonly fault: string;
}

export interface ServerApart {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startHostileThread(stage: Stage, fault: string): Promise<ServerApart> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { stage, fault } satisfies Order });
  const [{ host, port }] = (await once(worker, 'message')) as [{ host: string; port: number }];
  return {
    host,
    port,
    async close() {
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort !== null) {
  const { stage, fault } = workerData as Order;
  const { host, port } = await startHostileServer(stage, FAULTS[fault] ?? (() => undefined));
  parentPort.postMessage({ host, port });
}
