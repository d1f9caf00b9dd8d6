/** The report thread: asks the ledger for what takes long and renders it, one task after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { renderReport } from '../adapters/report/render.ts';
import { openLedger } from '../adapters/sqlite/ledger.ts';
import { reportMonth } from '../engine/reports.ts';
import type { RenderedReport } from '../ports.ts';
import type { ReportAnswer, ReportSettings, ReportTask } from './report-thread.ts';

if (parentPort === null) throw new Error('report-worker.ts must run as a worker thread');
const port = parentPort;
const { folder, held, version } = workerData as ReportSettings;

const ignore = (): void => {};
/** A ledger that ends fails the task, which tells why. */
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const ledger = await openLedger(folder, { role: 'reader', log });

// One at a time: a bad month takes hundreds of megabytes.
let last = Promise.resolve();
port.on('message', (task: ReportTask) => {
  last = last.then(() => answer(task));
});

async function answer(task: ReportTask): Promise<void> {
  const { id } = task;
  try {
    const rendered = await render(task);
    // Handed over, not copied.
    post({ id, kind: 'done', rendered }, rendered === null ? [] : [rendered.body.buffer as ArrayBuffer]);
  } catch (error) {
    post({ id, kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

async function render(task: ReportTask): Promise<RenderedReport | null> {
  switch (task.kind) {
    case 'delays':
      return json(await ledger.delays(task.query));
    case 'preview':
      if (task.matter.month < ((await ledger.archive())?.before ?? '')) return null;
      return json(await ledger.preview(task.matter, task.change));
    case 'report': {
      const { month, nowMs, format, language } = task;
      const judged = await reportMonth(ledger, held, { month, nowMs, version });
      if (judged === null) return null;
      const { contentType, body, policy = null } = renderReport(judged, format, language);
      return { contentType, policy, body: bytesOf(body) };
    }
  }
}

function json(value: object): RenderedReport {
  return { contentType: 'application/json; charset=utf-8', policy: null, body: bytesOf(JSON.stringify(value)) };
}

/** Not a Buffer: a small one shares its memory with others, which cannot be handed over. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function post(message: ReportAnswer, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
