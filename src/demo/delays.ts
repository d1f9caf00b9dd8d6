/** The delays the demo's provider injects, settable while it runs, and a memory of which message got which. */
import { headerValues, parseHeader } from '../domain/mail/header.ts';
import { TOKEN_FIELD } from '../domain/mail/message.ts';
import { PATHS, type Path } from '../domain/probe.ts';
import { findTokens } from '../domain/token.ts';
import type { Random } from '../ports.ts';

/** Seconds: always the same, or with an exponential of mean `spread` on top of `fixed`. */
export type Delay = number | { readonly fixed: number; readonly spread: number };

export interface Delays {
  /** Throws RangeError on a delay that is negative or not finite. */
  set(path: Path, delay: Delay): void;
  /** Draws the delay of one message, seconds, and remembers it by whatever the message can be asked for by. */
  inject(path: Path, message: string): number;
  /** Seconds drawn for a message, by its probe id, token or Message-ID; null if it is not remembered. */
  injected(reference: string): number | null;
}

/** A table shows the last few dozen; this covers them and their stragglers. */
const REMEMBERED_MAX = 2000;
/** A token begins with the probe's id. */
const ID_LENGTH = 16;

export function createDelays(initial: Readonly<Record<Path, Delay>>, random: Random): Delays {
  const settings = new Map<Path, Delay>();
  const memory = new Map<string, number>();
  const set = (path: Path, delay: Delay): void => {
    const parts = typeof delay === 'number' ? [delay] : [delay.fixed, delay.spread];
    if (!parts.every((part) => Number.isFinite(part) && part >= 0)) {
      throw new RangeError(`delay of ${path} must be finite and at least 0 s, is ${JSON.stringify(delay)}`);
    }
    settings.set(path, delay);
  };
  for (const path of PATHS) set(path, initial[path]);

  return {
    set,
    inject(path, message) {
      const seconds = draw(settings.get(path) ?? 0, random);
      for (const key of keysOf(message)) {
        // A message that passes twice, as a resent one does, is remembered by its last delay, as the newest.
        memory.delete(key);
        memory.set(key, seconds);
      }
      for (const oldest of memory.keys()) {
        if (memory.size <= REMEMBERED_MAX) break;
        memory.delete(oldest);
      }
      return seconds;
    },
    injected: (reference) => memory.get(keyOf(reference)) ?? null,
  };
}

function draw(delay: Delay, random: Random): number {
  return typeof delay === 'number' ? delay : delay.fixed - Math.log1p(-random.uniform()) * delay.spread;
}

function keysOf(message: string): readonly string[] {
  const fields = parseHeader(message);
  return [...headerValues(fields, TOKEN_FIELD), ...headerValues(fields, 'Message-ID')].map(keyOf);
}

/** The probe's id where there is a token in it, else itself. */
function keyOf(reference: string): string {
  const [token] = findTokens(reference);
  return token === undefined ? reference.trim() : token.slice(0, ID_LENGTH);
}
