/** Measures probes through a real Postfix while strangers flood the sink, and without them, in one run. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, openAgent } from '../../src/app.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { tokenOf } from '../../src/domain/token.ts';
import type { ProbeSight } from '../../src/ports.ts';
import { KEY, settingsFor, temporaryFolder } from './agent-settings.ts';
import type { FloodTally } from './flooder.ts';
import { parseDeliveries } from './maillog.ts';
import { type Provider, startProvider } from './provider.ts';

const PATIENCE_MS = 60_000;
/** Seconds that Postfix takes from there to the first packet. */
const SLACK = 0.1;
/** The flood has begun in earnest. */
const GREETED_MIN = 200;

export interface FloodOptions {
  /** Of each phase. */
  readonly probes: number;
  readonly connections: number;
  readonly slow: number;
  /** The provider's, as configured. Postfix comes from 127.0.0.1, the flood from elsewhere in 127.0.0.0/8. */
  readonly networks: readonly string[];
}

export interface Measured {
  readonly outcome: string;
  /** Seconds. */
  readonly delay: { readonly lo: number; readonly hi: number };
  /** What Postfix's log says of the start of its first attempt. */
  readonly truth: { readonly lo: number; readonly hi: number };
}

export interface FloodResult {
  readonly quiet: readonly Measured[];
  readonly flooded: readonly Measured[];
  readonly flood: FloodTally;
  readonly residentBytes: { readonly before: number; readonly after: number };
}

export async function runFlood(options: FloodOptions): Promise<FloodResult> {
  await using stack = new AsyncDisposableStack();
  const provider = stack.adopt(await startProvider(), (it) => it.stop());
  const folder = stack.adopt(await temporaryFolder(), (it) => it.remove());
  const settings = withNetworks(settingsFor(provider, folder.path), options.networks);
  const agent = stack.adopt(await openAgent(settings, { log: createLog('error', 'flood'), as: 'spot-check' }), (it) =>
    it.close(),
  );
  await agent.ready(PATIENCE_MS);
  const measure = async (): Promise<Measured[]> => {
    const measured: Measured[] = [];
    for (let probe = 0; probe < options.probes; probe += 1) {
      const sight = await agent.control.settled(await agent.control.check('corp', 'send'), PATIENCE_MS);
      if (sight === null) throw new Error('a probe was not found');
      measured.push(await compared(sight, provider));
    }
    return measured;
  };
  const quiet = await measure();
  const before = process.memoryUsage().rss;
  const args = [provider.sinkPort, options.connections, options.slow, `probe-0@${provider.sinkDomain}`].map(String);
  const flooder = stack.adopt(fork(fileURLToPath(new URL('flooder.ts', import.meta.url)), args), async (child) => {
    if (child.kill()) await once(child, 'close');
  });
  const tell = async (): Promise<FloodTally> => {
    flooder.send('tell');
    const [tally] = (await once(flooder, 'message')) as [FloodTally];
    return tally;
  };
  while ((await tell()).greeted < Math.min(GREETED_MIN, options.connections))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const flooded = await measure();
  const flood = await tell();
  return { quiet, flooded, flood, residentBytes: { before, after: process.memoryUsage().rss } };
}

function withNetworks(settings: Settings, networks: readonly string[]): Settings {
  return { ...settings, providers: settings.providers.map((provider) => ({ ...provider, networks })) };
}

/** Beside Postfix's own word: a until it took the message up, b until it began to connect. The kernel answers at once, whatever we do. */
async function compared({ assessment, record }: ProbeSight, provider: Provider): Promise<Measured> {
  if (assessment.delay === null) throw new Error(`a probe has no delay: ${assessment.outcome}`);
  const messageId = `${tokenOf(record.id, KEY)}@${record.sender.split('@')[1]}`;
  const { queueId } = await provider.postfixDelays({ messageId });
  // One that was turned away before counts.
  const first = parseDeliveries(await readFile(join(provider.root, 'maillog'), 'utf8')).find(
    (it) => it.queueId === queueId,
  );
  if (first === undefined) throw new Error(`no attempt of ${queueId} is logged`);
  const reception = (record.handover?.stages ?? [])
    .filter(({ name }) => ['mail', 'rcpt', 'data'].includes(name))
    .reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    outcome: assessment.outcome,
    delay: assessment.delay,
    truth: { lo: first.a.lo + first.b.lo - reception, hi: first.a.hi + first.b.hi + SLACK },
  };
}
