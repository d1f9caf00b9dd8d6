/** Live progress of spot checks on a terminal: one line each, redrawn in place; silent anywhere else. */
import type { WriteStream } from 'node:tty';
import type { ProbeView } from '../domain/probe-view.ts';
import { liveLines } from './live.ts';
import { plain } from './plain.ts';

export interface Progress {
  show(view: ProbeView): void;
  /** Takes the lines away. */
  clear(): void;
}

export function createProgress(out: Pick<WriteStream, 'columns' | 'isTTY' | 'rows' | 'write'>): Progress {
  if (!out.isTTY) return { show() {}, clear() {} };
  const live = liveLines(out);
  const lines = new Map<string, string>();
  return {
    show(view) {
      lines.set(view.id, describeProgress(view));
      live.draw([...lines.values()]);
    },
    clear: () => live.clear(),
  };
}

/** `acme/send  12.3 s  waiting for the message at the sink`. */
export function describeProgress(view: ProbeView): string {
  const head = `${view.provider}/${view.path}`.padEnd(24);
  return plain(`${head} ${view.ageSeconds.toFixed(1).padStart(7)} s  ${awaitedText(view)}`);
}

function awaitedText({ awaiting, path, outcome, acceptedAt, error }: ProbeView): string {
  if (awaiting === null) return error === null ? outcome : `${outcome}: ${error}`;
  if (awaiting === 'retry') return `waiting for the next attempt (${error ?? 'deferred'})`;
  if (awaiting !== 'capture') return `handing over: ${awaiting}`;
  const state = acceptedAt === null ? 'perhaps accepted' : 'accepted';
  return `${state}; waiting for the message ${path === 'send' ? 'at the sink' : 'in the mailbox'}`;
}
