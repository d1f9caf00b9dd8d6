/** Where exclusions are entered while the agent runs: durable first, and in step with what is entered beside it. */
import { expect, it, vi } from 'vitest';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import { createExclusionDesk } from '../../src/engine/exclusion-desk.ts';
import { LedgerRefused } from '../../src/ports.ts';
import { exclusion } from '../domain/month-case.ts';
import { seededRandom } from '../fakes/agent.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

function desk() {
  const clock = new VirtualClock();
  const ledger = new MemoryLedger();
  const recorder = {
    record: async (events: Parameters<MemoryLedger['append']>[0]) => {
      await ledger.append(events).catch((error: unknown) => {
        throw new LedgerRefused(error);
      });
    },
  };
  const added = (of: Exclusion) => ({ type: 'exclusion.added', at: clock.now(), exclusion: of }) as const;
  const retracted = (id: string) => ({ type: 'exclusion.retracted', at: clock.now(), id, by: 'a', note: 'b' }) as const;
  const changed = vi.fn<() => void>();
  const parts = { ledger, recorder, clock, random: seededRandom(1), changed };
  return { ledger, added, retracted, changed, desk: createExclusionDesk(parts) };
}

it('knows nothing before it is asked, then what the ledger has in force, in order', async () => {
  const { desk: it, ledger, added, retracted } = desk();
  const [late, early, gone] = [exclusion(5, 6), exclusion(1, 2), exclusion(3, 4)];
  await ledger.append([late, early, gone].map(added));
  await ledger.append([retracted(gone.id)]);
  expect(it.known()).toEqual([]);
  expect(await it.inForce()).toEqual([early, late]);
  expect(it.known()).toEqual([early, late]);
});

it('reads only what is new, and each entry in its turn, however many ask at once', async () => {
  const { desk: it, ledger, added, retracted } = desk();
  const asked: (number | undefined)[] = [];
  const marked = ledger.marked.bind(ledger);
  let first = true;
  ledger.marked = async (types, afterSeq) => {
    asked.push(afterSeq);
    const entries = await marked(types, afterSeq);
    // The first answer is slow: what comes after it is taken after it all the same.
    if (first) {
      first = false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return entries;
  };
  const one = exclusion(1, 2);
  await ledger.append([added(one)]);
  const slow = it.inForce();
  await Promise.resolve();
  await ledger.append([retracted(one.id)]);
  expect(await Promise.all([slow, it.inForce()])).toEqual([[one], []]);
  expect(asked).toEqual([0, 1]);
  await it.inForce();
  expect(asked).toEqual([0, 1, 2]);
});

it('works again after the ledger could not be read', async () => {
  const { desk: it, ledger, added } = desk();
  await ledger.append([added(exclusion(1, 2))]);
  const marked = ledger.marked.bind(ledger);
  ledger.marked = () => Promise.reject(new Error('closed'));
  await expect(it.inForce()).rejects.toThrow('closed');
  ledger.marked = marked;
  expect(await it.inForce()).toHaveLength(1);
});

it('enters nothing that the ledger refuses', async () => {
  const { desk: it, ledger } = desk();
  const { id: _id, ...entered } = exclusion(1, 2);
  ledger.failure = new Error('disk full');
  await expect(it.add(entered)).rejects.toThrow(LedgerRefused);
  ledger.failure = null;
  expect(await it.inForce()).toEqual([]);
  const made = await it.add(entered);
  expect(it.known()).toEqual([made]);
  expect(await it.retract('nobody', { by: 'a', note: 'b' })).toBe(false);
  expect(await it.retract(made.id, { by: 'a', note: 'b' })).toBe(true);
  expect(it.known()).toEqual([]);
});

it('tells of an exclusion and of a retraction once it knows them', async () => {
  const { desk: it, changed } = desk();
  const { id: _id, ...entered } = exclusion(1, 2);
  const told: number[] = [];
  changed.mockImplementation(() => told.push(it.known().length));
  const { id } = await it.add(entered);
  await it.retract(id, { by: 'a', note: 'b' });
  expect(told).toEqual([1, 0]);
});

it('has entered what is durable, though the ledger cannot be read then', async () => {
  const { desk: it, ledger, changed } = desk();
  const { id: _id, ...entered } = exclusion(1, 2);
  const marked = ledger.marked.bind(ledger);
  ledger.marked = () => Promise.reject(new Error('closed'));
  const made = await it.add(entered);
  expect(it.known()).toEqual([made]);
  expect(changed).toHaveBeenCalledTimes(1);
  ledger.marked = marked;
  expect(await it.inForce()).toEqual([made]);
});
