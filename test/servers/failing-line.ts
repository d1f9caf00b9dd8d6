/** A line to a real mail server, unencrypted, that loses a message, or the reply to it, or holds that back. */
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

/** What becomes of what the server says to a message, once it has said it. */
export type ReplyFate = 'pass' | 'cut';

/** With `losesMessage` the connection is cut as soon as the end of a message comes, which the server never sees. */
export async function startFailingLine(
  to: HostPort,
  reply: Promise<ReplyFate>,
  losesMessage = false,
): Promise<FailingLine> {
  const sent = Promise.withResolvers<void>();
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const end of [near, far]) end.on('error', cut).on('close', cut);
    const onMessage = (): void => {
      sent.resolve();
      if (losesMessage) cut();
    };
    relay(near, far, onMessage, async (bytes) => {
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
    if (!far.destroyed) far.write(bytes);
  });
  far.on('data', (bytes: Buffer) => {
    if (isSent) void onReply(bytes);
    else near.write(bytes);
  });
}
