/** The reading thread of a daemon: opened when it is asked first, and again when it is asked after it died. */
import type { Ledger, LedgerReader } from '../../ports.ts';

/**
 * `openOne` opens a thread, which tells by `onDeath` that it ended by itself. Every call rejects with LedgerError while it cannot be
 * opened: who asks comes again in half a minute, so that needs no patience of its own.
 */
export function createReader(openOne: (onDeath: () => void) => Promise<Ledger>): LedgerReader {
  let opening: Promise<Ledger> | null = null;
  const forget = (): void => {
    opening = null;
  };
  const open = (): Promise<Ledger> =>
    openOne(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
  const use = async <T>(ask: (ledger: Ledger) => Promise<T>): Promise<T> => {
    opening ??= open();
    return ask(await opening);
  };
  return {
    standing: (matter) => use((ledger) => ledger.standing(matter)),
    closing: (matter) => use((ledger) => ledger.closing(matter)),
    marked: (types, afterSeq) => use((ledger) => ledger.marked(types, afterSeq)),
    firstMs: () => use((ledger) => ledger.firstMs()),
    archive: () => use((ledger) => ledger.archive()),
    async close() {
      // One that cannot be opened, or dies meanwhile, leaves nothing to close.
      await opening?.then((ledger) => ledger.close()).catch(() => undefined);
    },
  };
}
