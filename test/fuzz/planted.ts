/** Surfaces with known faults, for the tests of the fuzzer itself. */
import fc from 'fast-check';
import { fuzzValues, must, type Surface } from './surface.ts';

const leaked: Uint8Array[] = [];

export const SURFACES: Readonly<Record<string, Surface>> = {
  wrong: {
    about: 'fails on numbers from 100 on',
    fuzz: fuzzValues(fc.nat(), (value) => must(value < 100, 'too large')),
    roundCount: 100,
  },
  hangs: {
    about: 'an expression that is exponential',
    fuzz: fuzzValues(fc.nat({ max: 3 }), (value) =>
      must(!/^(?:a|a)*$/.test(`${'a'.repeat(60 + value)}b`), 'it came to an end'),
    ),
    roundCount: 1,
  },
  hoards: {
    about: 'keeps all it makes',
    fuzz: async (_, count) => {
      const kept: number[][] = [];
      while (kept.length < count * 1e9) kept.push(Array.from({ length: 1_000_000 }, (_each, n) => n / 3));
      return { tried: kept.length, findings: [] };
    },
    roundCount: 1,
  },
  leaks: {
    about: 'keeps a buffer of each try',
    fuzz: fuzzValues(fc.nat(), () => void leaked.push(new Uint8Array(20_000).fill(1))),
    roundCount: 1000,
  },
};
