/** Throws hostile sessions at the real sink over real sockets, and says what it did that it must not. */
import { setTimeout as pause } from 'node:timers/promises';
import { createSink } from '../../src/adapters/smtp-sink/sink.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { seededUniform } from '../../src/domain/pseudo-random.ts';
import { SINK_RECIPIENTS_MAX } from '../../src/domain/settings.ts';
import type { Log, SinkListener, SinkTransaction } from '../../src/ports.ts';
import { CERTIFICATES } from '../adapters/smtp-client/fixtures.ts';
import { RawClient } from '../adapters/smtp-sink/raw-client.ts';
import { chanceOf, hostileSession } from './smtp-grammar.ts';
import { holdSession } from './smtp-peer.ts';

export interface Fuzzed {
  readonly tried: number;
  /** What went wrong, with the session's seed; empty is what one wants. */
  readonly findings: readonly string[];
}

/** Sessions at a time. */
const AT_ONCE = 24;
/** After the peer is gone, the sink's side ends within what smtp-server gives a peer that does not close. */
const GONE_MS_MAX = 10_000;
/** All of the pool that there may ever have been, whatever is configured now. */
const POOL = Array.from({ length: SINK_RECIPIENTS_MAX }, (_, index) => `probe-${index}`);
const OWN = new Set([
  'postmaster',
  ...[...POOL, 'postmaster', 'abuse', 'receive'].map((local) => `${local}@sink.test`),
]);

/** Session `index` of a run is that of the seed `<seed>/<index>`, whatever the others do. */
export async function fuzzSink(
  seed: number | string,
  count: number,
  tried: () => void = () => undefined,
): Promise<Fuzzed> {
  const findings: string[] = [];
  const watched = new WatchingListener(findings);
  const clock = systemClock();
  const settings = {
    listen: { host: '127.0.0.1', port: 0 },
    hostname: 'mx.sink.test',
    domain: 'sink.test',
    recipients: 4,
    tls: CERTIFICATES.localhost,
    reachability: 'inbound' as const,
  };
  const sink = createSink(settings, { senders: ['receive@sink.test'], networks: [] }, clock, loggingTo(findings));
  const crashed = (error: unknown): void => void findings.push(`crashed: ${String(error)}`);
  process.on('uncaughtException', crashed);
  try {
    const { port } = await sink.open(watched);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next; index < count; index = next) {
        next += 1;
        const session = hostileSession(chanceOf(seededUniform(`${seed}/${index}`)));
        const problems = await holdSession(port, `127.0.0.${2 + (index % 8)}`, session);
        findings.push(...problems.map((problem) => `${seed}/${index}: ${problem}`));
        tried();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await watched.emptied();
    findings.push(...(await deliver(port, watched)));
  } finally {
    await sink.close();
    clock.close();
    process.off('uncaughtException', crashed);
  }
  return { tried: count, findings };
}

/** What a real probe, sent after all that, comes to. */
async function deliver(port: number, { headers }: WatchingListener): Promise<readonly string[]> {
  const client = new RawClient(port);
  await client.greet();
  for (const line of ['MAIL FROM:<probe@provider.test>', 'RCPT TO:<probe-1@sink.test>', 'DATA']) await client.ask(line);
  const { code } = await client.ask('X-Mailflow-Probe: after-all\r\n\r\nbody\r\n.');
  client.destroy();
  const isCaptured = headers.at(-1) === 'X-Mailflow-Probe: after-all\r\n';
  return code === 250 && isCaptured ? [] : [`a probe afterwards got ${code}, captured: ${isCaptured}`];
}

/** Holds the sink to its port: each connection begins and ends once, and nobody but us is a recipient. */
class WatchingListener implements SinkListener {
  /** Of the newest message. */
  readonly headers: string[] = [];
  readonly #findings: string[];
  readonly #open = new Set<string>();

  constructor(findings: string[]) {
    this.#findings = findings;
  }

  connected(peer: string): void {
    if (this.#open.has(peer)) this.#findings.push(`${peer} connected twice`);
    this.#open.add(peer);
  }
  async received(transaction: SinkTransaction, { header }: { readonly header: string }) {
    this.#look(transaction);
    if (transaction.recipients.length === 0) this.#findings.push(`${transaction.peer} sent a message to nobody`);
    this.headers.splice(0, this.headers.length, header);
    return { code: 250, text: '2.6.0 taken' };
  }
  abandoned(transaction: SinkTransaction): void {
    this.#look(transaction);
  }
  vanished(peer: string): void {
    this.#awaits(peer);
  }
  turnedAway(peer: string): void {
    this.#awaits(peer);
  }
  disconnected(peer: string): void {
    this.#awaits(peer);
    this.#open.delete(peer);
  }
  refused(): void {}
  failed(error: Error): void {
    this.#findings.push(`failed: ${error.message}`);
  }

  /** Resolves when nobody is connected any more, or says who is. */
  async emptied(): Promise<void> {
    for (let waitedMs = 0; this.#open.size > 0 && waitedMs < GONE_MS_MAX; waitedMs += 20) await pause(20);
    for (const peer of this.#open) this.#findings.push(`${peer} is still connected`);
  }

  #look({ peer, recipients }: SinkTransaction): void {
    this.#awaits(peer);
    for (const recipient of recipients)
      if (!OWN.has(recipient)) this.#findings.push(`${peer} has the recipient ${JSON.stringify(recipient)}`);
  }

  #awaits(peer: string): void {
    if (!this.#open.has(peer)) this.#findings.push(`${peer} is told of, and not connected`);
  }
}

function loggingTo(findings: string[]): Log {
  const ignore = (): void => undefined;
  const tell = (message: string, data?: object): void =>
    void findings.push(`${message}: ${String((data as { error?: unknown })?.error)}`);
  return { debug: ignore, info: ignore, warn: tell, error: tell };
}
