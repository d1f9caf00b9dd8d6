/** The destination MX of the `send` path: takes probes and what comes back to their senders, notes when each transfer began, relays nothing. */
import type { AddressInfo } from 'node:net';
import type { HostPort, SinkSettings } from '../../domain/settings.ts';
import type { Clock, Log, Sink, SinkListener } from '../../ports.ts';
import { CLOSE_MS_MAX } from './limits.ts';
import { recipientRule } from './recipients.ts';
import { SinkServer } from './server.ts';

/**
 * States: closed → opening → open → closing → closed; a closed sink can be opened again.
 * `senders` are the agent's own envelope senders at the sink's domain: bounces come back to them.
 */
export function createSink(settings: SinkSettings, senders: readonly string[], clock: Clock, log: Log): Sink {
  const ours = recipientRule({ domain: settings.domain, count: settings.recipients, senders });
  let current: SinkServer | null = null;

  return {
    async open(listener) {
      if (current !== null) throw new Error('sink can be opened only while it is closed, it is not');
      const server = makeServer(settings, ours, { listener, clock, log });
      current = server;
      try {
        return await listen(server, settings, listener);
      } catch (error) {
        current = null;
        throw error;
      }
    },
    async close() {
      const server = current;
      if (server === null) return;
      const drained = new AbortController();
      const grace = clock.sleep(CLOSE_MS_MAX, drained.signal).then(() => server.destroySessions());
      await server.drain();
      drained.abort();
      await grace;
      if (current === server) current = null;
    },
  };
}

function makeServer(
  settings: SinkSettings,
  ours: (address: string) => string | null,
  parts: { readonly listener: SinkListener; readonly clock: Clock; readonly log: Log },
): SinkServer {
  try {
    return new SinkServer(settings, ours, parts);
  } catch (cause) {
    throw new Error(`sink.tls must hold a PEM certificate and its key: ${messageOf(cause)}`, { cause });
  }
}

async function listen(
  server: SinkServer,
  { listen: { host, port } }: SinkSettings,
  listener: SinkListener,
): Promise<HostPort> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failure = (what: string, cause: Error) =>
    new Error(`${what} on ${host}:${port}: ${reasonOf(cause)}`, { cause });
  const fail = (cause: Error) => reject(failure('sink cannot listen', cause));
  server.server.once('error', fail);
  server.listen(port, host, () => resolve());
  await promise;
  server.server.off('error', fail);
  // Such as no memory for another connection. That files run out Node never tells: adapters/system/watchdog counts them.
  server.server.on('error', (cause) => listener.failed(failure('sink cannot accept', cause)));
  const address = server.server.address() as AddressInfo;
  return { host: address.address, port: address.port };
}

/** `listen EACCES: permission denied 0.0.0.0:25`, or `accept ENOBUFS`, without what we say ourselves. */
function reasonOf(cause: Error): string {
  return cause.message.replace(/^(listen|accept) /, '').replace(/ \S+:\d+$/, '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
