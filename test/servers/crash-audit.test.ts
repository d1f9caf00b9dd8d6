/** The audit of the crash loop finds what it is there to find. */
import { expect, test } from 'vitest';
import { decodeEvent, encodeEvent } from '../../src/domain/codec.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { newProbeId, tokenOf } from '../../src/domain/token.ts';
import { accepted, at, captured, planned } from '../adapters/sqlite/support.ts';
import { audit, type CrashFacts, foldExport, readBooks } from './crash-audit.ts';

const ID = newProbeId(new Uint8Array(10).fill(3));
const TOKEN = tokenOf(ID, new Uint8Array(32));
const START: LedgerEvent = { type: 'agent.started', at: at(0), version: '1', unwatchedSince: null };
const HANDED: LedgerEvent = { type: 'probe.handed-over', at: at(3), probe: ID, handover: accepted(3) };
const WHOLE: readonly LedgerEvent[] = [START, planned(ID, 1), HANDED, captured(ID, 9)];
const MAILLOG = [
  `x provider/postfix/cleanup[1]: QUEUED: message-id=<${TOKEN}@corp.test>`,
  'x provider/postfix/qmgr[1]: QUEUED: from=<alice@corp.test>, size=9, nrcpt=1 (queue active)',
  'x provider/postfix/smtp[1]: QUEUED: to=<p@sink.test>, relay=x, delay=1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 taken)',
].join('\n');

function found(events: readonly LedgerEvent[], maillog = MAILLOG, over: Partial<CrashFacts> = {}): readonly string[] {
  const lines = events.map((event, seq) => `{"seq":${seq + 1},"hash":"","event":${encodeEvent(event)}}`).join('\n');
  const ledger = foldExport(lines, decodeEvent);
  return audit({ ledger, books: readBooks(maillog), stored: [], promised: [], killsUs: [], ...over });
}

test('books that agree show nothing', () => {
  expect(found(WHOLE)).toEqual([]);
});

test.each<[string, readonly LedgerEvent[], string]>([
  ['a plan that was lost', [START, HANDED, captured(ID, 9)], 'lost: '],
  ['an acknowledged capture that was lost', [START, planned(ID, 1), HANDED], 'lost: '],
  ['a probe that Postfix took and that stays open', [START, planned(ID, 1), HANDED], 'wrong: '],
  ['a second capture', [...WHOLE, captured(ID, 10)], 'twice: '],
  ['a start after another that names no gap', [...WHOLE, { ...START, at: at(20) }], 'gap: '],
])('%s is found', (_name, events, finding) => {
  expect(found(events)).toContainEqual(expect.stringContaining(finding));
});

test('a gap that begins after the crash is found', () => {
  const again: LedgerEvent = { ...START, at: at(20), unwatchedSince: at(15) };
  const killsUs = [at(12).monoUs];
  expect(found([...WHOLE, again], MAILLOG, { killsUs })).toEqual([expect.stringContaining('gap: ')]);
});

test('a capture that no server knows of is found', () => {
  expect(found(WHOLE, '')).toContainEqual(expect.stringContaining('invented: '));
});

test('what a mailbox holds or HTTP promised, and nobody planned, is found', () => {
  const stranger = newProbeId(new Uint8Array(10).fill(4));
  expect(found(WHOLE, MAILLOG, { stored: [stranger], promised: [stranger] })).toHaveLength(2);
});

test('more than the daily copy is found', () => {
  expect(found(WHOLE, MAILLOG, { stored: [ID, ID] })).toEqual(['left: 2 messages of one day stay in the mailbox']);
});
