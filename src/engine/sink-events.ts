/** The facts that transactions at the sink become. */
import type { LedgerEvent, TransferAttempted } from '../domain/event.ts';
import { headerToKeep } from '../domain/kept-header.ts';
import { headerValues, parseHeader } from '../domain/mail/header.ts';
import { parseReceived } from '../domain/mail/received.ts';
import type { ProbeRecord } from '../domain/record.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { SinkMessage, SinkTransaction } from '../ports.ts';

/** Signature fields kept as evidence, bytes in all; a few DKIM and ARC sets of the usual 1 kB. */
const SIGNATURES_BYTES_MAX = 8192;
const SIGNATURE_FIELDS = ['DKIM-Signature', 'ARC-Seal', 'ARC-Message-Signature', 'ARC-Authentication-Results'];

/** An attempt that failed, whosesoever it was. */
export function attemptOf(
  {
    earliest,
    latest,
    steps,
    recipients,
    peer,
  }: Pick<SinkTransaction, 'earliest' | 'latest' | 'steps' | 'recipients' | 'peer'>,
  code: number,
  at: Instant,
): Omit<TransferAttempted, 'probe' | 'provider'> {
  return { type: 'transfer.attempted', at, earliest, latest, steps, recipients, peer, code };
}

export function capturedEvent(
  record: ProbeRecord,
  transaction: SinkTransaction,
  message: SinkMessage,
  maximumSeconds: number,
  at: Instant,
): LedgerEvent {
  const kept = headerToKeep(record, transaction, message.header, maximumSeconds);
  const fields = parseHeader(message.header);
  const { earliest, latest, steps, peer, helo, tls, reusedConnection } = transaction;
  const { endOfData, bodySha256 } = message;
  return {
    type: 'transfer.captured',
    at,
    probe: record.id,
    earliest,
    latest,
    steps,
    endOfData,
    peer,
    helo,
    tls,
    reusedConnection,
    bodySha256,
    hops: parseReceived(fields),
    signatures: signaturesOf(fields),
    ...(kept === null ? {} : { keptHeader: kept }),
  };
}

export function duplicated(record: ProbeRecord, transaction: SinkTransaction, at: Instant): LedgerEvent {
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
