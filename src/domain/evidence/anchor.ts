/** Anchors: entries of the ledger whose hash somebody else has signed or stored, so that what lies before them cannot be rewritten. */

import type { DkimKeySeen } from '../event.ts';
import { isoText } from '../time/instant.ts';
import type { ChainHead } from './chain.ts';

/** What one DKIM signature of a message comes to. */
export interface SignatureFinding {
  /** Whose it says to be, lower case; empty where the field cannot be read. */
  readonly domain: string;
  readonly selector: string;
  /** When it was made by the signer's own clock, milliseconds since the epoch; null if it does not say. */
  readonly signedMs: number | null;
  /** Why it proves nothing; null if it holds over the whole body. */
  readonly problem: string | null;
}

/** A message of ours that came back out of a provider. */
export interface SignedMessage {
  readonly provider: string;
  /** When the agent recorded it, milliseconds since the epoch. */
  readonly recordedMs: number;
  /** As the ledger says the body says it, and as the body does; null where it says nothing. */
  readonly head: ChainHead;
  readonly bodyHead: ChainHead | null;
  readonly signatures: readonly SignatureFinding[];
}
/** DKIM keys as a look-up by domain and selector, in their order: a selector's key may have been replaced. */
export function recordsIn(
  keys: readonly Pick<DkimKeySeen, 'domain' | 'selector' | 'record'>[],
): (domain: string, selector: string) => readonly string[] {
  return (domain, selector) =>
    keys.filter((key) => key.domain === domain && key.selector === selector).map(({ record }) => record);
}

/** What the chain has at an entry. `before` the first one of a bundle nothing is known. */
export type ChainPlace =
  | { readonly kind: 'entry'; readonly hash: string }
  | { readonly kind: 'before' }
  | { readonly kind: 'missing' };

/** By whom an entry is anchored, and since when by their clock, or by ours where theirs did not say. */
interface Anchoring {
  /** `d=mail.example`, or `mailbox`. */
  readonly by: string;
  readonly ms: number;
}
export type AnchorResult =
  | { readonly kind: 'holds'; readonly by: readonly Anchoring[] }
  | { readonly kind: 'before' }
  /** `rewritten`: it holds, and the chain has something else there. */
  | { readonly kind: 'fails' | 'rewritten'; readonly reason: string };

export function checkAnchor(message: SignedMessage, place: ChainPlace): AnchorResult {
  const { head, bodyHead, signatures, recordedMs } = message;
  const good = signatures.filter(({ problem }) => problem === null);
  if (good.length === 0) {
    const reasons = new Set(signatures.map(({ domain, problem }) => `d=${domain}: ${problem}`));
    return { kind: 'fails', reason: reasons.size === 0 ? 'the message has no signature' : [...reasons].join('; ') };
  }
  if (bodyHead === null || bodyHead.seq !== head.seq || bodyHead.hash !== head.hash)
    return { kind: 'fails', reason: `the signed body does not name entry ${head.seq} with the hash ${head.hash}` };
  if (place.kind === 'before') return { kind: 'before' };
  if (place.kind === 'missing' || place.hash !== head.hash)
    return {
      kind: 'rewritten',
      reason: rewritten(good.map(({ domain }) => `d=${domain}`).join(', '), 'signed', head, place),
    };
  return {
    kind: 'holds',
    by: good.map(({ domain, signedMs }) => ({ by: `d=${domain}`, ms: signedMs ?? recordedMs })),
  };
}

/** A message of ours that lies in a provider's mailbox, with what its body says and when the provider's server took it in. */
export interface StoredHead {
  readonly provider: string;
  readonly head: ChainHead;
  readonly storedMs: number;
  /** Folder and UID. */
  readonly where: string;
}

/** Whoever has the mailbox's password can put a message there too: it binds the agent's keeper less than a signature does. */
export function checkStored({ head, storedMs }: StoredHead, place: ChainPlace): AnchorResult {
  if (place.kind === 'before') return place;
  if (place.kind === 'missing' || place.hash !== head.hash)
    return { kind: 'rewritten', reason: rewritten('the mailbox', 'stored', head, place) };
  return { kind: 'holds', by: [{ by: 'mailbox', ms: storedMs }] };
}

/** `whose` has `signed` or `stored` a hash that is not the chain's. */
function rewritten(whose: string, what: string, { seq, hash }: ChainHead, place: ChainPlace): string {
  const has = place.kind === 'entry' ? `has ${place.hash}` : 'has no such entry';
  return `${whose} ${what} entry ${seq} as ${hash}, the chain ${has}: the ledger was rewritten`;
}

/** What one party has anchored of the chain. */
export interface AnchoredBy {
  readonly provider: string;
  readonly by: string;
  readonly count: number;
  /** The lowest and the highest anchored entry, RFC 3339 in UTC. */
  readonly first: AnchoredEntry;
  readonly last: AnchoredEntry;
  /** The most entries without an anchor among them, up to the last anchor: after `afterSeq`, up to `toSeq`. */
  readonly longestStretch: { readonly afterSeq: number; readonly toSeq: number };
}
export interface AnchoredEntry {
  readonly seq: number;
  readonly at: string;
}
export interface AnchorSummary {
  /** None is contradicted, none fails. */
  readonly ok: boolean;
  readonly anchoredBy: readonly AnchoredBy[];
  /** Anchors of entries before the first one there is. */
  readonly before: number;
  readonly failed: number;
  /** The first FAILURES_MAX of them: where it stands, and what is wrong. */
  readonly failures: readonly { readonly where: string; readonly reason: string }[];
}
/** Whoever broke one often broke all; nobody reads more. */
const FAILURES_MAX = 20;

interface Tallied {
  readonly provider: string;
  readonly by: string;
  readonly places: { readonly seq: number; readonly ms: number }[];
}

/** Sums up anchors as they are checked, whatever their order. */
export class AnchorTally {
  readonly #firstSeq: number;
  readonly #parties = new Map<string, Tallied>();
  readonly #failures: { where: string; reason: string }[] = [];
  #failed = 0;
  #before = 0;

  /** `firstSeq`: the chain's first entry. */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  add(where: string, provider: string, seq: number, result: AnchorResult): void {
    switch (result.kind) {
      case 'holds':
        for (const { by, ms } of result.by) this.#party(provider, by).places.push({ seq, ms });
        return;
      case 'before':
        this.#before += 1;
        return;
      case 'fails':
      case 'rewritten':
        this.#failed += 1;
        if (this.#failures.length < FAILURES_MAX) this.#failures.push({ where, reason: result.reason });
    }
  }

  summary(): AnchorSummary {
    return {
      ok: this.#failed === 0,
      anchoredBy: [...this.#parties.values()].map((party) => this.#sumUp(party)),
      before: this.#before,
      failed: this.#failed,
      failures: this.#failures,
    };
  }

  #party(provider: string, by: string): Tallied {
    const key = JSON.stringify([provider, by]);
    const party = this.#parties.get(key) ?? { provider, by, places: [] };
    this.#parties.set(key, party);
    return party;
  }

  #sumUp({ provider, by, places }: Tallied): AnchoredBy {
    const sorted = places.toSorted((one, other) => one.seq - other.seq);
    let longest = { afterSeq: this.#firstSeq - 1, toSeq: this.#firstSeq - 1 };
    let after = this.#firstSeq - 1;
    for (const { seq } of sorted) {
      if (seq - after > longest.toSeq - longest.afterSeq) longest = { afterSeq: after, toSeq: seq };
      after = Math.max(after, seq);
    }
    const entry = (place: { seq: number; ms: number } | undefined): AnchoredEntry => ({
      seq: place?.seq ?? 0,
      at: isoText(place?.ms ?? 0),
    });
    return {
      provider,
      by,
      count: places.length,
      first: entry(sorted[0]),
      last: entry(sorted.at(-1)),
      longestStretch: longest,
    };
  }
}
