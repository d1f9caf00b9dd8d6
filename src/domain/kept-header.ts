/** The header section of a captured probe, kept for breaches and spot checks alone: what a person reads who asks why. */
import { assess } from './delay/delay.ts';
import type { ProbeRecord } from './record.ts';
import type { Instant } from './time/instant.ts';

/**
 * As it came out of the provider. The token in it is shown as it stands, and harms nobody: it is read again only once the probe's
 * outcome is known, and from then on a copy that bears it is a duplicate and a report on it no news (record.ts). It is the MAC of its
 * own probe's id and opens no other; whoever carried the message has seen it anyway.
 */
export interface KeptHeader {
  /** Latin1: each character is one byte. At most KEPT_HEADER_BYTES_MAX of them. */
  readonly text: string;
  /** Whether there was more. */
  readonly cut: boolean;
}

/** A few kilobytes are usual; a provider that breaks its word at each probe must not fill the disk with what it writes. */
export const KEPT_HEADER_BYTES_MAX = 16_384;

/**
 * What to keep of the header that came with a capture in `[earliest, latest]`: null unless the probe was a spot check, or its delay
 * may exceed the contract's maximum by what is known now. What comes to be known later makes no delay longer at its upper end.
 */
export function headerToKeep(
  record: ProbeRecord,
  capture: { readonly earliest: Instant | null; readonly latest: Instant },
  header: string,
  maximumSeconds: number,
): KeptHeader | null {
  if (
    record.kind !== 'spot' &&
    !mayExceed({ ...record, capture: { ...capture, found: null, hops: [] } }, maximumSeconds)
  )
    return null;
  return { text: header.slice(0, KEPT_HEADER_BYTES_MAX), cut: header.length > KEPT_HEADER_BYTES_MAX };
}

/** Absence bears on a lower bound alone. */
function mayExceed(record: ProbeRecord, maximumSeconds: number): boolean {
  const { delay } = assess(record, new Map());
  return delay !== null && delay.hi > maximumSeconds;
}
