/** The hash chain over the ledger's events: each entry carries the hash of the one before it. */
import { hash } from 'node:crypto';
import { canonicalText } from './canonical.ts';

/** An entry of the chain and its hash, lower-case hex: by it everything before is fixed. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** The hash before the first entry: names the format, so that another format is another chain. */
export const GENESIS = hash('sha256', 'mailflow-probe ledger 1');

/** Lower-case hex SHA-256 of the previous hash, a line feed, and the event's text as stored. */
export function chainHash(previous: string, eventText: string): string {
  return hash('sha256', `${previous}\n${eventText}`);
}

/** Lower-case hex SHA-256 of plain data, whatever the order of its keys. */
export function contentHash(value: unknown): string {
  return hash('sha256', canonicalText(value));
}
