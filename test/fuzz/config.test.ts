/** Some seconds of broken configurations, and those that found something. */
import { expect, test } from 'vitest';
import { fuzzConfig } from './config.ts';

test('a configuration is settings or problems with a place, and shows no secret', { timeout: 120_000 }, async () => {
  expect(await fuzzConfig(1, 400)).toEqual({ tried: 400, findings: [] });
});
