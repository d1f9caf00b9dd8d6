/** Live progress of spot checks on a terminal: one line each, redrawn in place; silent anywhere else. */
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import type { ProbeView } from '../domain/probe-view.ts';

export interface Progress {
  show(view: ProbeView): void;
  /** Takes the lines away. */
  clear(): void;
}

export function createProgress(out: WriteStream): Progress {
  const lines = new Map<string, string>();
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  return {
    show(view) {
      if (!out.isTTY) return;
      lines.set(view.id, describeProgress(view));
      erase();
      for (const line of lines.values())
        out.write(`${stripVTControlCharacters(line).slice(0, Math.max(20, (out.columns || 80) - 1))}\n`);
      drawn = lines.size;
    },
    clear: erase,
  };
}

/** `acme/send  12.3 s  waiting for the message at the sink`. */
export function describeProgress(view: ProbeView): string {
  const head = `${view.provider}/${view.path}`.padEnd(24);
  return `${head} ${view.ageSeconds.toFixed(1).padStart(7)} s  ${awaitedText(view)}`;
}

function awaitedText({ awaiting, path, outcome, error }: ProbeView): string {
  if (awaiting === null) return error === null ? outcome : `${outcome}: ${error}`;
  if (awaiting === 'capture')
    return path === 'send'
      ? 'accepted; waiting for the message at the sink'
      : 'accepted; waiting for the message in the mailbox';
  if (awaiting === 'retry') return `waiting for the next attempt (${error ?? 'deferred'})`;
  return `handing over: ${awaiting}`;
}
