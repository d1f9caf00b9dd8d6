/** What shows that mail can reach the sink from outside. */
import { expect, it } from 'vitest';
import { agent } from './agent.ts';

it('port 25 is blocked outside, a load balancer of our own asks from 10.0.0.7: truth not known, claimed at least 3600 s, a breach', async () => {
  const made = await agent({ sinkOnLoopback: false });
  const id = await made.probe('send');
  for (let asked = 0; asked < 400; asked += 1) {
    const session = made.sink.connect('10.0.0.7');
    session?.close();
    await made.clock.advance(10);
  }
  expect((await made.claim(id)).lo).toBeLessThanOrEqual(3600);
  await made.stop();
});
