/** Random: the seeded one of the tests, and the operating system's. */
import { describe } from 'vitest';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { seededRandom } from '../fakes/agent.ts';
import { describeRandom } from './random.ts';

describe('the seeded generator', () => {
  describeRandom(() => seededRandom(1));
});
describe("the operating system's generator", () => {
  describeRandom(() => systemRandom);
});
