/** Notices at a start that the token key is another one: what was sent under the old key can no longer be recognised, so its absence shows nothing. */
import type { LedgerEvent } from '../domain/event.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { earlierOf, type Instant } from '../domain/time/instant.ts';
import type { Ledger } from '../ports.ts';

/** Resolves with what to record of the open probes; nothing if the last start named the same key, or none (it was recorded before they were named). */
export async function keyChange(
  tokenKey: string,
  open: readonly ProbeRecord[],
  ledger: Pick<Ledger, 'marked'>,
  at: Instant,
): Promise<readonly LedgerEvent[]> {
  if (open.length === 0) return [];
  const last = (await ledger.marked(['agent.started'])).at(-1)?.event;
  const before = last?.type === 'agent.started' ? last.identity?.tokenKey : undefined;
  if (before === undefined || before === tokenKey) return [];
  const toSink = open.filter(({ path }) => path === 'send').map(({ planned }) => planned);
  const first = toSink.reduce<Instant | null>((earliest, planned) => earlierOf(earliest, planned), null);
  const providers = new Set(open.filter(({ path }) => path !== 'send').map(({ provider }) => provider));
  return [
    ...(first === null ? [] : [{ type: 'sink.unproven', at, since: first } as const]),
    ...[...providers].map((provider) => ({ type: 'mailbox.unproven', at, provider, since: null }) as const),
  ];
}
