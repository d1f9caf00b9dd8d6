/** Events and records as JSON text, instants in a short form, and back: what is written is what is hashed. */
import type { LedgerEvent } from './event.ts';
import type { Instant } from './time/instant.ts';

/** Marks an instant in JSON: `["@", wallMs, monoUs, suspendedMs, errorUs, boot]`, a third of the bytes of the object. */
const INSTANT_MARK = '@';

/** Canonical bytes of an event; `decodeEvent` gives back an equal one. */
export function encodeEvent(event: LedgerEvent): string {
  return encode(event);
}

/** Throws SyntaxError on text that is no JSON. The chain's hash, not this, tells whether the text is genuine. */
export function decodeEvent(text: string): LedgerEvent {
  return decode<LedgerEvent>(text);
}

/** Any plain value of the domain; instants are shortened. */
export function encode(value: unknown): string {
  return JSON.stringify(shorten(value));
}

/** As `encode`, of a list whose items never change: each is encoded once, however often it is asked for. */
export function encodeEach(items: readonly object[]): string {
  return `[${items.map(encodeOnce).join(',')}]`;
}

const ENCODED = new WeakMap<object, string>();

function encodeOnce(item: object): string {
  const known = ENCODED.get(item);
  if (known !== undefined) return known;
  const text = encode(item);
  ENCODED.set(item, text);
  return text;
}

/** A copy as far as there are instants in it. A replacer of JSON.stringify takes half as long again, and every append asks for it several times. */
function shorten(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isInstant(value)) return [INSTANT_MARK, value.wallMs, value.monoUs, value.suspendedMs, value.errorUs, value.boot];
  if (Array.isArray(value)) return value.map(shorten);
  let copy: Record<string, unknown> | null = null;
  const parts = value as Record<string, unknown>;
  for (const key of Object.keys(parts)) {
    const before = parts[key];
    if (before === null || typeof before !== 'object') continue;
    const after = shorten(before);
    if (after === before) continue;
    copy ??= { ...parts };
    copy[key] = after;
  }
  return copy ?? value;
}

export function decode<T>(text: string): T {
  return restore(JSON.parse(text)) as T;
}

/** In place. A reviver of JSON.parse does the same in five times the time, and a month has a hundred thousand records. */
function restore(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isShortened(value)) return toInstant(value);
  const parts = value as Record<string, unknown>;
  for (const key of Object.keys(parts)) {
    const before = parts[key];
    if (before === null || typeof before !== 'object') continue;
    const after = restore(before);
    if (after !== before) parts[key] = after;
  }
  return value;
}

function isInstant(item: unknown): item is Instant {
  return item !== null && typeof item === 'object' && 'monoUs' in item && 'boot' in item;
}

/** Four numbers after the mark: no list of texts from the network looks like that. */
function isShortened(item: unknown): item is readonly unknown[] {
  return (
    Array.isArray(item) &&
    item.length === 6 &&
    item[0] === INSTANT_MARK &&
    typeof item[1] === 'number' &&
    typeof item[2] === 'number' &&
    typeof item[3] === 'number' &&
    typeof item[4] === 'number'
  );
}

function toInstant([, wallMs, monoUs, suspendedMs, errorUs, boot]: readonly unknown[]): Instant {
  return {
    wallMs: Number(wallMs),
    monoUs: Number(monoUs),
    suspendedMs: Number(suspendedMs),
    errorUs: Number(errorUs),
    boot: String(boot),
  };
}
