/** A way to a server that can be cut, shut, and opened again at the same port. */
import { connect, createServer, type Server } from 'node:net';
import { LOOPBACK, listening, trackSockets } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';

export interface Gate {
  readonly at: HostPort;
  /** Drops every connection; new ones get through. */
  cut(): void;
  /** Drops every connection and listens no more. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** Open at first. */
export async function startGate(to: HostPort): Promise<Gate> {
  let stop: { readonly server: Server; readonly cut: () => void } | null = null;
  const start = async (port: number): Promise<HostPort> => {
    const server = createServer((near) => {
      const far = connect(to.port, to.host);
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const)
        end.on('error', () => other.destroy()).on('close', () => other.destroy());
      near.pipe(far).pipe(near);
    });
    stop = { server, cut: trackSockets(server) };
    server.listen(port, LOOPBACK);
    return listening(server);
  };
  const at = await start(0);
  return {
    at,
    cut: () => stop?.cut(),
    async shut() {
      const { server, cut } = stop ?? {};
      stop = null;
      if (server === undefined) return;
      const closed = new Promise((resolve) => server.close(resolve));
      cut?.();
      await closed;
    },
    async open() {
      if (stop === null) await start(at.port);
    },
  };
}
