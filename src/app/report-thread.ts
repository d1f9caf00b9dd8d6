/** The port `Reports` by a thread of its own: what waits for a report on the measuring thread is only its bytes. */
import { Worker } from 'node:worker_threads';
import { monthOf } from '../domain/time/calendar.ts';
import type { Held } from '../engine/reports.ts';
import { type Clock, REPORTS_MAX, type RenderedReport, type ReportRequest, type Reports, TooBusy } from '../ports.ts';

export interface ReportSettings {
  readonly folder: string;
  /** Where contracts have several zones, the running month is that of the first. */
  readonly held: readonly Held[];
  readonly version: string;
}
/** To the thread. */
export interface ReportTask extends ReportRequest {
  readonly id: number;
  readonly month: string;
  readonly nowMs: number;
}
/** From it, one for each task. */
export type ReportAnswer =
  | { readonly id: number; readonly kind: 'done'; readonly rendered: RenderedReport | null }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

export interface ReportThread extends Reports {
  /** Ends an evaluation under way. */
  close(): Promise<void>;
}

interface Pending {
  readonly key: string;
  readonly asked: Promise<RenderedReport | null>;
  readonly resolve: (rendered: RenderedReport | null) => void;
  readonly reject: (error: Error) => void;
}

/** Starts nothing before the first request, and a new thread at the next one after its thread died. */
export function createReportThread(settings: ReportSettings, clock: Pick<Clock, 'now'>): ReportThread {
  const pending = new Map<number, Pending>();
  let worker: Worker | null = null;
  let lastId = 0;
  let closed = false;

  function start(): Worker {
    // The compiler rewrites imports, not URLs: beside this file the worker has this file's extension.
    const file = import.meta.url.endsWith('.ts') ? './report-worker.ts' : './report-worker.js';
    const started = new Worker(new URL(file, import.meta.url), { workerData: settings, name: 'reports' });
    let why: unknown;
    started.on('message', (answer: ReportAnswer) => {
      const { resolve, reject } = pending.get(answer.id) ?? {};
      pending.delete(answer.id);
      if (answer.kind === 'done') resolve?.(answer.rendered);
      else reject?.(new Error(answer.message));
    });
    started.on('error', (error) => {
      why = error;
    });
    started.on('exit', (code) => {
      worker = null;
      const died = new Error(`the report thread must run until it is closed, it ended with code ${code}`, {
        cause: why,
      });
      for (const { resolve, reject } of pending.values()) {
        // By then HTTP is closed, and whoever asked is gone.
        if (closed) resolve(null);
        else reject(died);
      }
      pending.clear();
    });
    return started;
  }

  return {
    rendered({ month: wanted, format, language }) {
      const [first] = settings.held;
      if (first === undefined || closed) return Promise.resolve(null);
      const nowMs = clock.now().wallMs;
      const month = wanted ?? monthOf(nowMs, first.contract.timeZone);
      const key = `${month} ${format} ${language}`;
      for (const each of pending.values()) if (each.key === key) return each.asked;
      if (pending.size >= REPORTS_MAX) return Promise.reject(new TooBusy());
      const { promise: asked, resolve, reject } = Promise.withResolvers<RenderedReport | null>();
      const id = ++lastId;
      pending.set(id, { key, asked, resolve, reject });
      worker ??= start();
      worker.postMessage({ id, month, nowMs, format, language } satisfies ReportTask);
      return asked;
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  };
}
