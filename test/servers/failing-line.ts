/** A line to a real mail server, unencrypted, that loses the reply to a message or holds it back. */
import { connect, createServer, type Socket } from 'node:net';
import { LOOPBACK, listening, trackSockets } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';

export interface FailingLine {
  readonly at: HostPort;
  /** Resolves when a whole message has gone through. */
  readonly messageSent: Promise<void>;
  close(): Promise<void>;
}

const END_OF_DATA = '\r\n.\r\n';

/** What the server says to a message, once it has said it. */
export type ReplyFate = 'pass' | 'cut';

export async function startFailingLine(to: HostPort, reply: Promise<ReplyFate>): Promise<FailingLine> {
  const sent = Promise.withResolvers<void>();
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const end of [near, far]) end.on('error', cut).on('close', cut);
    relay(near, far, sent.resolve, async (bytes) => {
      if ((await reply) === 'cut') cut();
      else near.write(bytes);
    });
  });
  const cutAll = trackSockets(server);
  server.listen(0, LOOPBACK);
  return {
    at: await listening(server),
    messageSent: sent.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}

/** `onReply` is given what the server says after the message, in place of the client. */
function relay(near: Socket, far: Socket, onMessage: () => void, onReply: (bytes: Buffer) => Promise<void>): void {
  let tail = '';
  let isSent = false;
  near.on('data', (bytes: Buffer) => {
    tail = (tail + bytes.toString('latin1')).slice(-bytes.length - END_OF_DATA.length);
    if (tail.includes(END_OF_DATA)) {
      isSent = true;
      onMessage();
    }
    far.write(bytes);
  });
  far.on('data', (bytes: Buffer) => {
    if (isSent) void onReply(bytes);
    else near.write(bytes);
  });
}
