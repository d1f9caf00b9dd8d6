/** A few hundred hostile sessions: the sink neither falls nor hangs, takes nothing for others, and still captures probes. */
import { expect, test } from 'vitest';
import { fuzzSink } from './sink.ts';

test('the sink stands whatever is said to it', async () => {
  expect(await fuzzSink('suite', 300)).toEqual({ tried: 300, findings: [] });
}, 60_000);
