/** Keeps messages of ours that came back with the provider's signature over the chain's head: neither side can rewrite what lies before. */

import type { DkimKeySeen, LedgerEvent } from '../domain/event.ts';
import { recordsIn } from '../domain/evidence/anchor.ts';
import { headerValues, parseHeader } from '../domain/mail/header.ts';
import { chainHeadOf } from '../domain/mail/message.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import type { Clock, KeyLookup, Log, ReceivedMessage, SignatureCheck } from '../ports.ts';
import type { Recorder } from './recorder.ts';

/** Checks DKIM signatures, and finds the keys for it. */
export interface Dkim {
  readonly check: SignatureCheck;
  readonly lookup: KeyLookup;
}
export interface AnchorKeeper {
  /** Takes note of a captured probe. Returns at once: nobody waits for DNS. */
  captured(record: ProbeRecord, message: ReceivedMessage): void;
}

/** Seconds between two anchors of a provider. A message is some 4 kB: half a megabyte a day, and a rewriter's freedom is ten minutes. */
const ANCHOR_EVERY = 600;
/** Bytes of header and body. A probe is 1 kB when it leaves; systems on its way add to its header. */
const ANCHOR_BYTES_MAX = 32_768;

/** `seen`: the keys that the ledger has. What is under way when `signal` is aborted is left. */
export function createAnchorKeeper(
  seen: readonly DkimKeySeen[],
  { check, lookup }: Dkim,
  parts: { readonly recorder: Recorder; readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): AnchorKeeper {
  const { recorder, clock, log } = parts;
  const known = [...seen];
  const lastTried = new Map<string, Instant>();

  /** The keys of the message's signatures that DNS shows otherwise than the ledger has them. */
  const freshKeys = async (message: ReceivedMessage): Promise<readonly DkimKeySeen[]> => {
    const named = check(message, recordsIn(known)).filter(({ domain }) => domain !== '');
    const distinct = new Map(
      named.map(({ domain, selector }) => [`${selector}._domainkey.${domain}`, { domain, selector }]),
    );
    const found = await Promise.all(
      [...distinct.values()].map(async ({ domain, selector }): Promise<readonly DkimKeySeen[]> => {
        const record = await lookup.find(domain, selector, signal);
        if (record === null || recordsIn(known)(domain, selector).includes(record)) return [];
        return [{ type: 'dkim.key-seen', at: clock.now(), domain, selector, record }];
      }),
    );
    return found.flat();
  };

  /** Only what holds now is kept, so that one which later does not was altered. */
  const anchor = async (record: ProbeRecord, message: ReceivedMessage): Promise<void> => {
    const { id: probe, provider } = record;
    const head = chainHeadOf(message.header, message.body);
    if (head === null) return;
    const fresh = await freshKeys(message);
    if (signal.aborted) return;
    const findings = check(message, recordsIn([...known, ...fresh]));
    if (findings.every(({ problem }) => problem !== null)) {
      log.info('no signature of the provider holds, so nothing is anchored', { provider, probe, findings });
      return;
    }
    const kept: LedgerEvent = { type: 'anchor.signed', at: clock.now(), probe, provider, head, ...message };
    await recorder.record([...fresh, kept]);
    known.push(...fresh);
  };

  return {
    captured(record, { header, body }) {
      const { provider } = record;
      const now = clock.now();
      const last = lastTried.get(provider);
      if (last !== undefined && spanBetween(last, now).lo < ANCHOR_EVERY) return;
      // Longer, it may not be whole (HEADER_BYTES_MAX, BODY_BYTES_MAX).
      if (signal.aborted || header.length + body.length > ANCHOR_BYTES_MAX) return;
      if (headerValues(parseHeader(header), 'DKIM-Signature').length === 0) return;
      lastTried.set(provider, now);
      anchor(record, { header, body }).catch((error: unknown) =>
        log.warn('an anchor could not be recorded', { provider, error }),
      );
    },
  };
}
