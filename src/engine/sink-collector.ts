/** Turns what reaches the sink into facts: captured probes, failed attempts, bounces, and proof that the sink can be reached. */
import { DELAY_MAXIMUM_LIMIT } from '../domain/contract.ts';
import type { LedgerEvent, TransferAttempted } from '../domain/event.ts';
import { recognise } from '../domain/mail/recognise.ts';
import type { DeliveryStatus, Path } from '../domain/probe.ts';
import { DUPLICATES_MAX, newsOf, type ProbeRecord } from '../domain/record.ts';
import {
  earlierOf,
  earliest as earliestOf,
  type Instant,
  isBefore,
  laterOf,
  spanBetween,
} from '../domain/time/instant.ts';
import { isLowered, isSilenced } from '../domain/timeline.ts';
import { verifyToken } from '../domain/token.ts';
import type { Clock, Log, Observer, SinkListener, SinkMessage, SinkReply, SinkTransaction } from '../ports.ts';
import { LedgerRefused } from '../ports.ts';
import type { AnchorKeeper } from './anchor-keeper.ts';
import type { LineWatch } from './line-watch.ts';
import type { Recorder } from './recorder.ts';
import { attemptOf, capturedEvent, duplicated } from './sink-events.ts';
import { createSinkPeers, type SinkClient } from './sink-peers.ts';
import { createTurnedAway } from './turned-away.ts';
import type { Wake } from './wake.ts';

export interface SinkCollector extends Omit<SinkListener, 'failed'> {
  /** Up to when all that happened at the sink is recorded: a connection that is still open may carry a transfer not yet known. */
  settledUntil(now: Instant): Instant;
  /**
   * Records what the silence says: that nothing still pending has reached the sink until now, if an operator vouches for it, else that
   * nothing shows that it can be reached. To be called every few seconds while it is open.
   */
  listen(): Promise<void>;
}

/** Seconds between two durable proofs of absence; a limit crossed in between is proven at once. */
const PROOF_EVERY = 60;
/** Seconds between two notes of one silence, which lasts until it is told no more. */
const SILENCE_EVERY = 3600;
const TAKEN: SinkReply = { code: 250, text: 'taken' };
const TRY_AGAIN: SinkReply = { code: 451, text: 'local error, try again later' };

export interface SinkCollectorOptions {
  /** A token is verified by any of them. */
  readonly keys: readonly Uint8Array[];
  readonly clients: readonly SinkClient[];
  readonly reachability: 'inbound' | 'assumed';
  /** Whether a connection from this host proves anything: only where the sink itself listens on loopback alone. */
  readonly loopbackCounts: boolean;
  /** Seconds. The contract's maximum of a delay. */
  readonly maximumSeconds: (provider: string, path: Path) => number;
}

export function createSinkCollector(
  options: SinkCollectorOptions,
  parts: {
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly observer: Observer;
    readonly log: Log;
    readonly anchors: AnchorKeeper;
    readonly line: LineWatch;
    readonly wake: Wake;
  },
): SinkCollector {
  const { recorder, clock, observer, log, anchors, line, wake } = parts;
  /** Connections now open, and since when one of them may carry a transfer that is not known yet. */
  const openSince = new Map<string, Instant>();
  /** Those whose message is being recorded; the peer may have left before its reply. */
  const taking = new Set<SinkTransaction>();
  const turnedAway = createTurnedAway(recorder, clock);
  const peers = createSinkPeers(options.clients, options.loopbackCounts, recorder);
  let lastHeard = heardBefore(recorder, clock.now());
  let lastSilent: Instant | null = null;

  /** Since when the oldest open connection that `counts` may carry a transfer that is not known yet; `now` if there is none. */
  const oldestOpen = (now: Instant, counts: (peer: string) => boolean): Instant => {
    let oldest = now;
    for (const [peer, since] of openSince) if (isBefore(since, oldest) && counts(peer)) oldest = since;
    return oldest;
  };
  /** As `oldestOpen`, messages that are read and not recorded yet included. */
  const oldestUnsettled = (now: Instant, counts: (peer: string) => boolean): Instant => {
    let oldest = oldestOpen(now, counts);
    for (const { peer, earliest } of taking) if (isBefore(earliest, oldest) && counts(peer)) oldest = earliest;
    return oldest;
  };
  /** A transfer's start, or that of another connection of the provider that is still open: it may have been the first attempt. */
  const firstPossible = (transaction: SinkTransaction, provider: string): Instant =>
    oldestOpen(transaction.earliest, (peer) => peer !== transaction.peer && peers.mayBeFrom(peer, provider));
  const noteOrigin = (peer: string, provider: string): void => {
    if (peers.brought(peer, provider))
      log.warn('a probe came from outside the provider’s networks: they are incomplete, or a NAT hides them', {
        provider,
        peer,
      });
  };
  const attributed = (record: ProbeRecord, transaction: SinkTransaction, code: number): TransferAttempted => {
    noteOrigin(transaction.peer, record.provider);
    const earliest = firstPossible(transaction, record.provider);
    return { ...attemptOf({ ...transaction, earliest }, code, clock.now()), probe: record.id, provider: null };
  };

  /** An attempt that nobody can attribute, if it says anything new: strangers who know an address of ours must not fill the ledger. */
  const noteUnattributed = (attempt: Omit<TransferAttempted, 'probe' | 'provider'>, provider: string): void => {
    const event: TransferAttempted = { ...attempt, probe: null, provider };
    if ([...recorder.state.open.values()].some((record) => isLowered(record, event, recorder.state.boots)))
      void recorder.note(event);
  };

  /** Those of a probe that is over or has its first attempt already change nothing: whoever replays its token must not fill the ledger. */
  const noteAttributed = async (probe: string, transaction: SinkTransaction, code: number): Promise<void> => {
    const record = recorder.state.open.get(probe);
    if (record?.path !== 'send' || record.attempt !== null || record.capture !== null) return;
    await recorder.note(attributed(record, transaction, code));
  };

  const prove = async (at: Instant): Promise<void> => {
    // What a provider tried while our line was down did not reach the sink either.
    const until = earlierOf(
      oldestUnsettled(at, () => true),
      line.knownUntil(at),
    );
    // While the line was not heard of since the host booted, nothing is proven of what was sent since.
    if (until.boot !== at.boot || !needsProof(recorder, until)) return;
    const proof: LedgerEvent = { type: 'absence.proven', at: clock.now(), channel: 'sink', until };
    // The next proof says more than this one, so it need not be kept.
    await recorder.record([proof]).catch((error: unknown) => {
      if (!(error instanceof LedgerRefused)) log.error('that the sink can be reached could not be recorded', { error });
    });
  };

  /** Records that the sink may not have been reachable since something was heard last, where something was on its way to it for too long. */
  const noteSilence = async (since: Instant, at: Instant): Promise<void> => {
    const silenced =
      options.reachability === 'inbound' &&
      [...recorder.state.open.values()].some((record) => isSilenced(record, since, at));
    if (!silenced) return;
    lastSilent = at;
    await recorder.note({ type: 'sink.unproven', at, since });
  };

  /** Something from outside got through: the sink can be reached, and if that is news, could perhaps not be before. */
  const heard = async (at: Instant): Promise<void> => {
    const since = lastHeard;
    lastHeard = at;
    await noteSilence(since, at);
    await prove(at);
  };

  const capture = async (id: string, transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply> => {
    const record = await recorder.find(id);
    if (record === null || record.path !== 'send') {
      observer.tokenRefused(record === null ? 'unknown' : 'wrong-path');
      return TAKEN;
    }
    if (record.capture !== null) {
      observer.tokenRefused('duplicate');
      if (record.duplicates.length < DUPLICATES_MAX)
        await recorder.record([duplicated(record, transaction, clock.now())]);
      return TAKEN;
    }
    await turnedAway.settleAll();
    noteOrigin(transaction.peer, record.provider);
    const earliest = firstPossible(transaction, record.provider);
    const maximum = options.maximumSeconds(record.provider, record.path);
    await recorder.record([capturedEvent(record, { ...transaction, earliest }, message, maximum, clock.now())]);
    anchors.captured(record, message);
    return TAKEN;
  };

  const takeNotice = async (id: string, statuses: readonly DeliveryStatus[]): Promise<void> => {
    const record = await recorder.find(id);
    const status = record === null ? null : newsOf(record, statuses);
    if (record === null) observer.tokenRefused('unknown');
    if (status === null) return;
    const notified: LedgerEvent = { type: 'probe.notified', at: clock.now(), probe: id, where: 'sink', status };
    try {
      await recorder.record([notified]);
    } catch (error) {
      // It comes again, but in hours; until then it would look as if nobody knew why the message is missing.
      await recorder.note(notified);
      throw error;
    }
  };

  const take = async (transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply> => {
    let reply = TAKEN;
    for (const found of recognise(message, options.keys)) {
      if (found.kind === 'probe') {
        try {
          reply = await capture(found.id, transaction, message);
        } catch (error) {
          // The peer will come again, but its transfer began now.
          await noteAttributed(found.id, transaction, TRY_AGAIN.code);
          throw error;
        }
      } else if (found.kind === 'notice') {
        await takeNotice(found.id, found.statuses);
      } else {
        observer.tokenRefused(found.kind);
      }
    }
    return reply;
  };

  return {
    connected(peer, at) {
      void wake.check();
      observer.sinkConnected();
      openSince.set(peer, at);
      void line.heard(at);
      if (peers.isFromOutside(peer)) void heard(at);
    },
    async received(transaction, message) {
      openSince.set(transaction.peer, earliestOf(message.endOfData));
      taking.add(transaction);
      try {
        return await take(transaction, message);
      } catch (error) {
        // The recorder tells of a ledger that refuses, once; peers come again every few minutes.
        if (!(error instanceof LedgerRefused))
          log.error('a message at the sink could not be recorded, the peer is asked to come again', {
            peer: transaction.peer,
            error,
          });
        return TRY_AGAIN;
      } finally {
        taking.delete(transaction);
      }
    },
    abandoned(transaction, code) {
      const { peer, sender, recipients, envelopeId } = transaction;
      const attempt = attemptOf(transaction, code, clock.now());
      const token = envelopeId === null ? null : verifyToken(envelopeId, options.keys);
      // One that is on its way to a mailbox is not transferred here, whoever says so.
      if (token?.ok === true && endsAtSink(recorder, token.id)) return void noteAttributed(token.id, transaction, code);
      for (const provider of peers.suspects(peer, { sender, recipients })) {
        noteUnattributed(attempt, provider);
      }
    },
    vanished(peer, since) {
      const at = clock.now();
      const steps = { accepted: since, ehlo: null, mail: null, rcpt: null, data: null };
      const attempt = attemptOf({ earliest: since, latest: at, steps, recipients: [], peer }, 0, at);
      for (const provider of peers.suspects(peer, null)) noteUnattributed(attempt, provider);
    },
    turnedAway(peer, since) {
      for (const { provider } of options.clients)
        if (peers.mayBeFrom(peer, provider) && awaitsTransfer(recorder, provider)) turnedAway.note(provider, since);
    },
    disconnected: (peer) => void openSince.delete(peer),
    refused: (reason) => observer.sinkRefused(reason),
    async listen() {
      await turnedAway.settle();
      const at = earliestOf(clock.now());
      if (options.reachability === 'assumed') await prove(at);
      else if (lastSilent === null || spanBetween(lastSilent, at).lo > SILENCE_EVERY) await noteSilence(lastHeard, at);
    },
    settledUntil(now) {
      const oldest = oldestUnsettled(earliestOf(now), (peer) =>
        options.clients.some(({ provider }) => peers.mayBeFrom(peer, provider)),
      );
      return earlierOf(turnedAway.unsettledSince(), earlierOf(oldest, line.knownUntil(now)));
    },
  };
}

function awaitsTransfer(recorder: Recorder, provider: string): boolean {
  return [...recorder.state.open.values()].some((record) => record.path !== 'internal' && record.provider === provider);
}

/** Of a probe that is over nothing is asked: it changes no more. */
function endsAtSink(recorder: Recorder, id: string): boolean {
  return (recorder.state.open.get(id)?.path ?? 'send') === 'send';
}

/**
 * Silence goes on across a restart: what the last run heard stands in its last proof, over a reboot in what is open, and without one
 * it heard nothing of what is open.
 */
function heardBefore({ state }: Recorder, now: Instant): Instant {
  const open = [...state.open.values()];
  const proofs = open.flatMap(({ path, absentUntil }) =>
    path === 'send' && absentUntil !== null ? [absentUntil] : [],
  );
  return (
    state.absence.get('sink') ??
    (proofs.length > 0
      ? proofs.reduce((last, proof) => laterOf(last, proof, state.boots))
      : open.reduce((first, { planned }) => earlierOf(first, planned, state.boots), now))
  );
}

/** Whether a proof up to `until` says more than the last one: it is a minute old, or a pending probe has passed the maximum since. */
function needsProof(recorder: Recorder, until: Instant): boolean {
  const last = recorder.state.absence.get('sink') ?? null;
  let awaited = false;
  for (const { path, handover } of recorder.state.open.values()) {
    if (path === 'internal' || handover?.kind !== 'accepted') continue;
    awaited = true;
    const before = last === null ? 0 : spanBetween(handover.acknowledged, last).lo;
    if (before <= DELAY_MAXIMUM_LIMIT && spanBetween(handover.acknowledged, until).lo > DELAY_MAXIMUM_LIMIT)
      return true;
  }
  return awaited && (last === null || spanBetween(last, until).lo >= PROOF_EVERY);
}
