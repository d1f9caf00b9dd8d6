/** What the recorder drops when the ledger refuses for long is made up for at the sink; a mailbox has nothing of the kind. */
import { expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { at } from '../adapters/sqlite/support.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';

const KEPT_MAX = 10_000;

it('a message that came and went is told of after 10,000 kept facts: truth nobody knows, claimed absent all along', async () => {
  const ledger = new MemoryLedger();
  const { recorder } = await startRecorder(ledger);
  ledger.failure = new Error('disk full');
  const slot: LedgerEvent = { type: 'slot.unmeasured', at: at(0), provider: 'acme', path: 'send', reason: 'full' };
  for (let count = 0; count < KEPT_MAX; count += 1) await recorder.note(slot);
  await recorder.note({ type: 'mailbox.unproven', at: at(1), provider: 'acme', since: at(0) });
  ledger.failure = null;
  await recorder.beat(at(2));
  expect(ledger.events('mailbox.unproven')).toHaveLength(1);
});
