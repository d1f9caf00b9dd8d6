/** Some seconds of hostile requests, and those that found something. */
import { expect, test } from 'vitest';
import { fuzzHttp } from './http.ts';

test('the server stays up, answers in time and acts for nobody without the token', { timeout: 120_000 }, async () => {
  expect(await fuzzHttp(1, 500)).toEqual({ tried: 500, findings: [] });
});
