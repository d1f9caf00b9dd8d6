/** The price of caution is counted by kind of fault, over all worlds. */
import { expect, it } from 'vitest';
import { delivered } from '../adapters/sqlite/support.ts';
import { addCaution, addWorld, type Caution, cautionTable, noCaution, verdictLines } from './caution.ts';
import { handMade, MONTH, message } from './hand-made.ts';
import { createOracleWith } from './oracle.ts';
import type { WorldView } from './simulation.ts';

/** One probe of two seconds' width, in a world that draws from these faults. */
function cautionOf(faults: WorldView['books']['faults'], kinds: WorldView['faults']): Caution {
  const made = handMade({ events: delivered('a', 0), messages: [message('a', 0, 7)] });
  const view = { ...made, faults: kinds, books: { ...made.books, faults } };
  const caution = noCaution();
  const oracle = createOracleWith((seen) => addWorld(caution, seen))(view);
  oracle.monthFinal(MONTH);
  oracle.ended();
  return caution;
}

it('tells how often nothing could be said, and how wide delays were, by what disturbed them', () => {
  const caution = cautionOf(
    [
      { kind: 'kill', fromMs: 5000, toMs: 6000 },
      { kind: 'suspend', fromMs: 9e7, toMs: 1e8 },
    ],
    ['kill', 'suspend'],
  );
  addCaution(caution, cautionOf([], []));
  const rows = new Map(cautionTable(caution).map((row) => [row.split('  ')[0], row]));
  expect([...rows.keys()].slice(2)).toEqual(['any or none', 'nothing', 'kill', 'suspend']);
  expect(rows.get('any or none')).toMatch(/50\.0% .*100\.0% .*100\.0% .* 2\.0 s .* 2\.0 s .*2$/);
  expect(rows.get('kill')).toMatch(/ 2\.0 s .* 2\.0 s .*1$/);
  // It came long after the probe had arrived.
  expect(rows.get('suspend')).toMatch(/ - .* - .*0$/);
  expect(verdictLines(caution)[0]).toBe('delay         MET 50.0%  BREACH 0.0%  INCONCLUSIVE 50.0%');
});
