/** Turns what reaches the sink into facts: captured probes, failed attempts, bounces, and proof that the sink can be reached. */
import { DELAY_MAXIMUM_LIMIT } from '../domain/contract.ts';
import type { LedgerEvent } from '../domain/event.ts';
import { headerValues, parseHeader } from '../domain/header.ts';
import { type Instant, isBefore, spanBetween } from '../domain/instant.ts';
import { isInNetworks, peerAddress } from '../domain/network.ts';
import { parseReceived } from '../domain/received.ts';
import { recognise } from '../domain/recognise.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { verifyToken } from '../domain/token.ts';
import type { Clock, Log, Observer, SinkListener, SinkMessage, SinkReply, SinkTransaction } from '../ports.ts';
import type { Recorder } from './recorder.ts';

/** What tells whose connection it is: the envelope sender of what is submitted, and the networks it leaves from. */
export interface SinkClient {
  readonly provider: string;
  readonly sender: string | null;
  readonly networks: readonly string[];
}

export interface SinkCollector extends SinkListener {
  /** Records that nothing still pending has reached the sink until now; for a sink that an operator vouches for. */
  vouch(): Promise<void>;
}

/** Seconds between two durable proofs of absence; a limit crossed in between is proven at once. */
const PROOF_EVERY = 60;
/** Signature fields kept as evidence, bytes in all; a few DKIM and ARC sets of the usual 1 kB. */
const SIGNATURES_BYTES_MAX = 8192;
const SIGNATURE_FIELDS = ['DKIM-Signature', 'ARC-Seal', 'ARC-Message-Signature', 'ARC-Authentication-Results'];
const TAKEN: SinkReply = { code: 250, text: 'taken' };
const TRY_AGAIN: SinkReply = { code: 451, text: 'local error, try again later' };

export function createSinkCollector(
  options: { readonly key: Uint8Array; readonly clients: readonly SinkClient[] },
  parts: { readonly recorder: Recorder; readonly clock: Clock; readonly observer: Observer; readonly log: Log },
): SinkCollector {
  const { recorder, clock, observer, log } = parts;
  /** Connections now open, and since when one of them may carry a transfer that is not known yet. */
  const openSince = new Map<string, Instant>();
  /** First transactions that we could not record and asked to come again: the retry must not count as the start. */
  const turnedAway = new Map<string, SinkTransaction>();

  /** Whose attempt it may have been. Where networks are not known, the sender tells, or any recipient of ours does. */
  const suspects = (peer: string, sender: string | null, recipients: readonly string[]): readonly string[] =>
    options.clients
      .filter(({ networks, sender: own }) =>
        networks.length > 0
          ? isInNetworks(peerAddress(peer), networks)
          : recipients.length > 0 || (sender !== null && sender === own),
      )
      .map(({ provider }) => provider)
      .filter((provider) => awaitsTransfer(recorder, provider));

  const prove = async (at: Instant): Promise<void> => {
    let until = at;
    for (const since of openSince.values()) if (isBefore(since, until)) until = since;
    if (!needsProof(recorder, until)) return;
    await recorder.note({ type: 'absence.proven', at: clock.now(), channel: 'sink', until });
  };

  const capture = async (id: string, transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply> => {
    const record = await recorder.find(id);
    if (record === null || record.path !== 'send') {
      observer.tokenRefused(record === null ? 'unknown' : 'wrong-path');
      return TAKEN;
    }
    const event =
      record.capture === null
        ? capturedEvent(record, turnedAway.get(id) ?? transaction, transaction, message, clock.now())
        : duplicated(record, transaction, clock.now());
    await recorder.record([event]);
    if (event.type === 'probe.duplicated') observer.tokenRefused('duplicate');
    turnedAway.delete(id);
    return TAKEN;
  };

  const take = async (transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply> => {
    let reply = TAKEN;
    for (const found of recognise(message, options.key)) {
      if (found.kind === 'probe') {
        try {
          reply = await capture(found.id, transaction, message);
        } catch (error) {
          if (!turnedAway.has(found.id)) turnedAway.set(found.id, transaction);
          throw error;
        }
      } else if (found.kind === 'notice') {
        if ((await recorder.find(found.id)) === null) observer.tokenRefused('unknown');
        else
          await recorder.record([
            { type: 'probe.notified', at: clock.now(), probe: found.id, where: 'sink', status: found.status },
          ]);
      } else {
        observer.tokenRefused(found.kind);
      }
    }
    return reply;
  };

  return {
    connected(peer, at) {
      observer.sinkConnected();
      openSince.set(peer, at);
      void prove(at);
    },
    async received(transaction, message) {
      openSince.set(transaction.peer, message.endOfData);
      try {
        return await take(transaction, message);
      } catch (error) {
        log.error('a message at the sink could not be recorded, the peer is asked to come again', {
          peer: transaction.peer,
          error,
        });
        return TRY_AGAIN;
      }
    },
    abandoned({ earliest, latest, steps, recipients, peer, sender, envelopeId }, code) {
      const attempt = {
        type: 'transfer.attempted',
        at: clock.now(),
        earliest,
        latest,
        steps,
        recipients,
        peer,
        code,
      } as const;
      const token = envelopeId === null ? null : verifyToken(envelopeId, options.key);
      if (token?.ok === true) return void recorder.note({ ...attempt, probe: token.id, provider: null });
      for (const provider of suspects(peer, sender === '' ? null : sender, recipients)) {
        void recorder.note({ ...attempt, probe: null, provider });
      }
    },
    vanished(peer, accepted) {
      const at = clock.now();
      for (const provider of suspects(peer, null, [])) {
        void recorder.note({
          type: 'transfer.attempted',
          at,
          probe: null,
          provider,
          recipients: [],
          earliest: accepted,
          latest: at,
          steps: { accepted, ehlo: null, mail: null, rcpt: null, data: null },
          peer,
          code: 0,
        });
      }
    },
    disconnected: (peer) => void openSince.delete(peer),
    refused: (reason) => observer.sinkRefused(reason),
    vouch: () => prove(clock.now()),
  };
}

function capturedEvent(
  record: ProbeRecord,
  first: SinkTransaction,
  last: SinkTransaction,
  message: SinkMessage,
  at: Instant,
): LedgerEvent {
  const fields = parseHeader(message.header);
  const { steps, peer, helo, tls, reusedConnection } = last;
  const { endOfData, bodySha256 } = message;
  return {
    type: 'transfer.captured',
    at,
    probe: record.id,
    earliest: first.earliest,
    latest: first.latest,
    steps,
    endOfData,
    peer,
    helo,
    tls,
    reusedConnection,
    bodySha256,
    hops: parseReceived(fields),
    signatures: signaturesOf(fields),
  };
}

function duplicated(record: ProbeRecord, transaction: SinkTransaction, at: Instant): LedgerEvent {
  return { type: 'probe.duplicated', at, probe: record.id, where: `sink ${transaction.peer}` };
}

function signaturesOf(fields: ReturnType<typeof parseHeader>): readonly string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const name of SIGNATURE_FIELDS) {
    for (const value of headerValues(fields, name)) {
      bytes += name.length + value.length;
      if (bytes <= SIGNATURES_BYTES_MAX) kept.push(`${name}: ${value}`);
    }
  }
  return kept;
}

function awaitsTransfer(recorder: Recorder, provider: string): boolean {
  return [...recorder.state.open.values()].some((record) => record.path === 'send' && record.provider === provider);
}

/** Whether a proof up to `until` says more than the last one: it is a minute old, or a pending probe has passed the maximum since. */
function needsProof(recorder: Recorder, until: Instant): boolean {
  const last = recorder.state.absence.get('sink') ?? null;
  let awaited = false;
  for (const { path, handover } of recorder.state.open.values()) {
    if (path !== 'send' || handover?.kind !== 'accepted') continue;
    awaited = true;
    const before = last === null ? 0 : spanBetween(handover.acknowledged, last).lo;
    if (before <= DELAY_MAXIMUM_LIMIT && spanBetween(handover.acknowledged, until).lo > DELAY_MAXIMUM_LIMIT)
      return true;
  }
  return awaited && (last === null || spanBetween(last, until).lo >= PROOF_EVERY);
}
