/** Where exclusions are entered and taken back while the agent runs; it knows those entered beside it too. */
import type { LedgerEntry, LedgerEvent } from '../domain/event.ts';
import type { Exclusion } from '../domain/exclusion.ts';
import { newProbeId } from '../domain/token.ts';
import type { Clock, ExclusionDesk, LedgerReader, Random } from '../ports.ts';
import type { Recorder } from './recorder.ts';

export interface DeskParts {
  /** The command `exclusion` writes to the ledger by itself: only a reader of it sees that. */
  readonly ledger: Pick<LedgerReader, 'marked'>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  /** Called once `known` has what was entered or taken back here. */
  readonly changed: () => void;
}

const EXCLUSION_TYPES = ['exclusion.added', 'exclusion.retracted'] as const;

export function createExclusionDesk({ ledger, recorder, clock, random, changed }: DeskParts): ExclusionDesk {
  const known = new Map<string, Exclusion>();
  let afterSeq = 0;
  let last: Promise<unknown> = Promise.resolve();

  const apply = (event: LedgerEvent): void => {
    if (event.type === 'exclusion.added') known.set(event.exclusion.id, event.exclusion);
    if (event.type === 'exclusion.retracted') known.delete(event.id);
  };
  const take = ({ seq, event }: LedgerEntry): void => {
    afterSeq = seq;
    apply(event);
  };
  const inOrder = (): readonly Exclusion[] => [...known.values()].sort((one, other) => one.fromMs - other.fromMs);
  /** One after another: entries are taken in the order of the chain. */
  const refresh = (): Promise<readonly Exclusion[]> => {
    const read = last.then(async () => {
      for (const entry of await ledger.marked(EXCLUSION_TYPES, afterSeq)) take(entry);
      return inOrder();
    });
    last = read.catch(() => undefined);
    return read;
  };
  const record = async (event: LedgerEvent): Promise<void> => {
    await recorder.record([event]);
    // It is durable, so whoever is told that this failed would enter it twice; the next reading that works takes it again.
    await refresh().catch(() => apply(event));
    changed();
  };

  return {
    known: inOrder,
    inForce: refresh,
    async add(entered) {
      const exclusion: Exclusion = { id: newProbeId(random.bytes(10)), ...entered };
      await record({ type: 'exclusion.added', at: clock.now(), exclusion });
      return exclusion;
    },
    async retract(id, said) {
      if (!(await refresh()).some((exclusion) => exclusion.id === id)) return false;
      await record({ type: 'exclusion.retracted', at: clock.now(), id, ...said });
      return true;
    },
  };
}
