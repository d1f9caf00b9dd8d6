/** The ports `Reports` and `Inquiries` by a thread of its own: what waits for an answer on the measuring thread is only its bytes. */
import { Worker } from 'node:worker_threads';
import type { SeriesQuery } from '../domain/delay/delay-series.ts';
import type { Exclusion } from '../domain/exclusion.ts';
import type { Path } from '../domain/probe.ts';
import type { ExclusionChange } from '../domain/report/exclusion-preview.ts';
import type { Matter } from '../domain/report/report.ts';
import { type Month, monthOf, monthRange } from '../domain/time/calendar.ts';
import type { Held } from '../engine/reports.ts';
import {
  type Clock,
  DELAYS_MAX,
  type Inquiries,
  REPORTS_MAX,
  type RenderedReport,
  type ReportRequest,
  type Reports,
  TooBusy,
} from '../ports.ts';

export interface ReportSettings {
  readonly folder: string;
  /** Where contracts have several zones, the running month is that of the first. */
  readonly held: readonly Held[];
  readonly version: string;
}
/** To the thread. */
export type ReportTask = { readonly id: number } & Work;
type Work =
  | ({ readonly kind: 'report'; readonly month: Month; readonly nowMs: number } & Omit<ReportRequest, 'month'>)
  | { readonly kind: 'delays'; readonly query: SeriesQuery }
  | { readonly kind: 'preview'; readonly matter: Matter; readonly change: ExclusionChange };
/** From it, one for each task. */
export type ReportAnswer =
  | { readonly id: number; readonly kind: 'done'; readonly rendered: RenderedReport | null }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

export interface ReportThread extends Reports, Inquiries {
  /** Ends an evaluation under way. */
  close(): Promise<void>;
}

interface Pending {
  readonly key: string;
  readonly isDelays: boolean;
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

  /** `key` names what is asked for: who asks for the same at once gets the same. */
  function ask(key: string, work: Work): Promise<RenderedReport | null> {
    if (closed) return Promise.resolve(null);
    for (const each of pending.values()) if (each.key === key) return each.asked;
    const isDelays = work.kind === 'delays';
    const others = [...pending.values()].filter((each) => each.isDelays === isDelays).length;
    if (isDelays && others >= DELAYS_MAX)
      return Promise.reject(
        new TooBusy(`at most ${DELAYS_MAX} series of delays can be made at once: try again in a minute`),
      );
    if (others >= REPORTS_MAX) return Promise.reject(new TooBusy());
    const { promise: asked, resolve, reject } = Promise.withResolvers<RenderedReport | null>();
    const id = ++lastId;
    pending.set(id, { key, isDelays, asked, resolve, reject });
    worker ??= start();
    worker.postMessage({ id, ...work } satisfies ReportTask);
    return asked;
  }

  return {
    rendered({ month: wanted, format, language }) {
      const [first] = settings.held;
      if (first === undefined) return Promise.resolve(null);
      const nowMs = clock.now().wallMs;
      const month = wanted ?? monthOf(nowMs, first.contract.timeZone);
      return ask(`${month} ${format} ${language}`, { kind: 'report', month, nowMs, format, language });
    },
    delays(asked) {
      const query = { ...asked, maximumSeconds: maximumOf(settings.held, asked), nowMs: clock.now().wallMs };
      return ask(`delays ${JSON.stringify(asked)}`, { kind: 'delays', query });
    },
    preview(change) {
      const { exclusion } = change;
      const held = settings.held.find(({ provider }) => provider === exclusion.provider);
      if (held === undefined) return Promise.resolve(null);
      const nowMs = clock.now().wallMs;
      const matter = { ...held, month: previewedMonth(exclusion, held.contract.timeZone, nowMs), nowMs };
      return ask(`preview ${JSON.stringify(change)}`, { kind: 'preview', matter, change });
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  };
}

/** As the contract has it for the path, null where it has none. */
export function maximumOf(
  held: readonly Held[],
  { provider, path }: { readonly provider: string; readonly path: Path },
): number | null {
  const { contract } = held.find((each) => each.provider === provider) ?? {};
  for (const clause of contract?.clauses ?? [])
    if (clause.kind === 'delay' && clause.path === path) return clause.maximumSeconds;
  return null;
}

/** The one that runs, unless all of the exclusion was over before it. */
function previewedMonth({ toMs }: Pick<Exclusion, 'toMs'>, timeZone: string, nowMs: number): Month {
  const running = monthOf(nowMs, timeZone);
  return toMs > monthRange(running, timeZone).fromMs ? running : monthOf(toMs - 1, timeZone);
}
