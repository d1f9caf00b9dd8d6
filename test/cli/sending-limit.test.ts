/** The day's limit of messages by the agent as it is, its ledger on disk: across restarts, over HTTP and by the command. */
import { expect, it } from 'vitest';
import { type Agent } from '../../src/app.ts';
import { run } from '../servers/command.ts';
import { configured, daemonOf, TOKEN } from './configured.ts';

const ROOM = 3;

async function post({ url }: Agent): Promise<Response> {
  return fetch(new URL('/api/v1/probes', url ?? ''), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: '{"path":"internal"}',
  });
}

it('holds whenever the agent starts anew, and is told with when there is room again', {
  timeout: 120_000,
}, async () => {
  const whole = await configured();
  const config = await whole.changed('limited.yml', (text) => `${text}sending: {messages_per_day: ${ROOM}}\n`);
  const limited = { ...whole, config };
  // Each run sends one; the day's messages are as many as the runs.
  for (let sent = 0; sent < ROOM; sent += 1) {
    const agent = await daemonOf(limited);
    expect((await post(agent)).status).toBe(202);
    await agent.close();
  }
  const agent = await daemonOf(limited);
  const refused = await post(agent);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
  const error = "the day's share of spot checks is sent (sending.messages_per_day): again at 00:00 UTC";
  expect(await refused.json()).toEqual({ error });
  const metrics = await (await fetch(new URL('/metrics', agent.url ?? ''))).text();
  expect(metrics).toContain('mailflow_sending_refused_total{kind="spot"} 1');
  // By the daemon, and by itself.
  const asked = await run(['check', '-c', config, '--path', 'internal']);
  expect(asked).toMatchObject({ code: 3, stdout: '' });
  expect(asked.stderr).toContain(error);
  await agent.close();
  const alone = await run(['check', '-c', config, '--path', 'internal']);
  expect(alone).toMatchObject({ code: 3, stdout: '', stderr: `mailflow-probe: ${error}\n` });
});
