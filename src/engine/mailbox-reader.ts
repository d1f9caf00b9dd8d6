/** Reads one message of a mailbox: a probe seen, a further copy, a bounce, or nothing of ours. */
import { headerToKeep } from '../domain/kept-header.ts';
import { parseHeader } from '../domain/mail/header.ts';
import { parseReceived } from '../domain/mail/received.ts';
import { recognise } from '../domain/mail/recognise.ts';
import type { Path } from '../domain/probe.ts';
import { DUPLICATES_MAX, newsOf, type ProbeRecord } from '../domain/record.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { Clock, FetchedMessage, FolderState, Observer } from '../ports.ts';
import type { Recorder } from './recorder.ts';

export interface ReaderOptions {
  readonly provider: string;
  /** A token is verified by any of them. */
  readonly keys: readonly Uint8Array[];
  /** Seconds. The contract's maximum of a delay. */
  readonly maximumSeconds: (provider: string, path: Path) => number;
}
export interface ReaderParts {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * Records what the message is; `absent` is the send time of the last look that did not show it.
 * Resolves to the probe that it is a copy of, verified and recorded, so that it may be deleted; null for anything else.
 */
export async function readMessage(
  message: FetchedMessage,
  folder: FolderState,
  absent: Instant | null,
  { provider, keys, maximumSeconds }: ReaderOptions,
  parts: ReaderParts,
): Promise<ProbeRecord | null> {
  const { recorder, clock, observer } = parts;
  const place = `${folder.path}/${folder.uidValidity}/${message.uid}`;
  let ours: ProbeRecord | null = null;
  for (const found of recognise(message, keys)) {
    if (found.kind === 'forged' || found.kind === 'foreign') {
      observer.tokenRefused(found.kind);
      continue;
    }
    const record = await recorder.find(found.id);
    if (record === null) {
      observer.tokenRefused('unknown');
    } else if (found.kind === 'notice') {
      const status = newsOf(record, found.statuses);
      if (status !== null)
        await recorder.record([{ type: 'probe.notified', at: clock.now(), probe: record.id, where: place, status }]);
    } else if (record.path === 'send' || record.provider !== provider) {
      observer.tokenRefused('wrong-path');
    } else {
      ours = record;
      const maximum = maximumSeconds(provider, record.path);
      await recordSight(record, message, folder, { absent, place, maximum }, parts);
    }
  }
  return ours;
}

async function recordSight(
  record: ProbeRecord,
  message: FetchedMessage,
  folder: FolderState,
  { absent, place, maximum }: { readonly absent: Instant | null; readonly place: string; readonly maximum: number },
  { recorder, clock, observer }: ReaderParts,
): Promise<void> {
  const at = clock.now();
  const { path, role, uidValidity } = folder;
  const { uid, seen } = message;
  if (record.capture === null) {
    const hops = parseReceived(parseHeader(message.header));
    const kept = headerToKeep(record, { earliest: absent, latest: seen }, message.header, maximum);
    await recorder.record([
      {
        ...{ type: 'message.seen', at, probe: record.id, absent, seen, folder: path, role, uidValidity, uid, hops },
        ...(kept === null ? {} : { keptHeader: kept }),
      },
    ]);
    return;
  }
  const first = record.capture.found;
  // After a crash the reader may come by messages that it has recorded already.
  if (
    (first?.folder === path && first.uidValidity === uidValidity && first.uid === uid) ||
    record.duplicates.includes(place)
  )
    return;
  observer.tokenRefused('duplicate');
  if (record.duplicates.length < DUPLICATES_MAX) {
    await recorder.record([{ type: 'probe.duplicated', at, probe: record.id, where: place }]);
  }
}
