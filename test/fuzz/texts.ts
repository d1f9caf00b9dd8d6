/** Texts as strangers write them: real samples cut, doubled, spliced and filled with what parsers stumble over. */
import fc from 'fast-check';

/** What a text is made of, small so that a failing one shrinks to few steps. */
export interface Recipe {
  readonly sample: number;
  readonly steps: readonly Step[];
}
type Step =
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }
  | { readonly kind: 'double'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'insert'; readonly at: number; readonly piece: number; readonly times: number }
  | { readonly kind: 'overwrite'; readonly at: number; readonly code: number }
  | { readonly kind: 'splice'; readonly at: number; readonly sample: number; readonly from: number };

const STEPS_MAX = 12;
const place = fc.nat(65_535);
const length = fc.nat(400);
const times = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 3000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: place, length }),
  fc.record({ kind: fc.constant('double' as const), at: place, length, times }),
  fc.record({ kind: fc.constant('insert' as const), at: place, piece: fc.nat(10_000), times }),
  fc.record({ kind: fc.constant('overwrite' as const), at: place, code: fc.nat(255) }),
  fc.record({ kind: fc.constant('splice' as const), at: place, sample: fc.nat(100), from: place }),
);

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  sample: fc.nat(100),
  steps: fc.array(step, { maxLength: STEPS_MAX }),
});

/** Latin1, at most `lengthMax` long, of samples and pieces that are not empty. */
export function cook(
  { sample, steps }: Recipe,
  samples: readonly string[],
  pieces: readonly string[],
  lengthMax: number,
): string {
  const sampleOf = (number: number): string => samples[number % samples.length] ?? '';
  return steps.reduce((text, each) => {
    const at = text === '' ? 0 : each.at % text.length;
    const [before, after] = [text.slice(0, at), text.slice(at)];
    const changed = (): string => {
      switch (each.kind) {
        case 'cut':
          return before + after.slice(each.length);
        case 'double':
          return before + after.slice(0, each.length).repeat(each.times) + after;
        case 'insert':
          return before + (pieces[each.piece % pieces.length] ?? '').repeat(each.times) + after;
        case 'overwrite':
          return before + String.fromCharCode(each.code) + after.slice(1);
        case 'splice':
          return before + sampleOf(each.sample).slice(each.from % (sampleOf(each.sample).length + 1));
      }
    };
    return changed().slice(0, lengthMax);
  }, sampleOf(sample));
}

/** A beginning, something again and again, and an end: where work grows faster than the text, such a one shows it. */
export function grown(pieces: readonly string[], sizeMax: number): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...pieces);
  // What begins a field decides who reads the rest.
  const beginning = fc.constantFrom('', ...pieces.filter((each) => each.endsWith(': ')));
  const unit = fc.oneof(
    piece,
    fc.tuple(piece, piece, piece).map((each) => each.join('')),
  );
  return fc
    .tuple(beginning, unit, piece)
    .map(
      ([before, again, after]) => before + again.repeat(Math.ceil(sizeMax / again.length)).slice(0, sizeMax) + after,
    );
}
