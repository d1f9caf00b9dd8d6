/** The demo's daemon checks the embedded provider's servers. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/app.ts';
import { startDemo } from '../../src/demo/demo.ts';

const ENDPOINTS = ['submission', 'mx', 'mailbox'];
/** Seconds: no probe is due while the test runs, so what is shown of the MX is by a check. */
const NEVER = 86_400;

test('all of its servers are found up within a cell or two', async () => {
  const demo = await startDemo({
    delays: { send: 0, receive: 0, internal: 0 },
    every: NEVER,
    listen: { host: '127.0.0.1', port: 0 },
    log: createLog('error', 'test'),
  });
  onTestFinished(() => demo.close());
  const ups = async (): Promise<readonly (string | undefined)[]> => {
    const text = await (await fetch(`${demo.agent.url}/metrics`)).text();
    return ENDPOINTS.map((each) => new RegExp(`mailflow_endpoint_up\\{.*endpoint="${each}"\\} (\\w+)`).exec(text)?.[1]);
  };
  while ((await ups()).some((up) => up?.toLowerCase() === 'nan')) await pause(100);
  expect(await ups()).toEqual(['1', '1', '1']);
});
