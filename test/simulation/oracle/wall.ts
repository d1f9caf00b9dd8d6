/** What the agent's wall clock showed while something was so. */
import { clip, type MsRange, normalise, type SpanSet, subtract } from '../../../src/domain/time/span-set.ts';
import type { Books } from '../truth.ts';

/** Sets of wall time. A clock that is put back shows a moment twice, and may show it both with and without what was so. */
export interface ShownTime {
  /** Shown only while it was so. */
  readonly surely: SpanSet;
  /** Shown while it was so, perhaps also while it was not. */
  readonly ever: SpanSet;
}

/** `spans` in milliseconds that passed, what lies after `nowMs` is left out. */
export function shownWhile(books: Books, spans: readonly MsRange[], nowMs: number): ShownTime {
  const so = normalise(spans);
  const [during, beside]: [MsRange[], MsRange[]] = [[], []];
  for (const { piece, aheadMs } of piecesOf(books, nowMs)) {
    const shown = (set: SpanSet): SpanSet =>
      set.map(({ fromMs, toMs }) => ({ fromMs: fromMs + aheadMs, toMs: toMs + aheadMs }));
    during.push(...shown(clip(so, piece)));
    beside.push(...shown(subtract([piece], so)));
  }
  const ever = normalise(during);
  return { surely: subtract(ever, normalise(beside)), ever };
}

/** What the clock showed from one moment to another, and whether it was set in between. */
export function shownBetween(books: Books, { fromMs, toMs }: MsRange): MsRange & { readonly stepped: boolean } {
  const offsets = piecesOf(books, Number.POSITIVE_INFINITY)
    .filter(({ piece }) => piece.fromMs <= toMs && piece.toMs >= fromMs)
    .map(({ aheadMs }) => aheadMs);
  const [least, most] = [Math.min(...offsets), Math.max(...offsets)];
  return { fromMs: fromMs + least, toMs: toMs + most, stepped: least !== most };
}

function piecesOf({ wall }: Books, nowMs: number): readonly { readonly piece: MsRange; readonly aheadMs: number }[] {
  return wall.map(({ fromMs, aheadMs }, index) => ({
    piece: { fromMs, toMs: wall[index + 1]?.fromMs ?? nowMs },
    aheadMs,
  }));
}
