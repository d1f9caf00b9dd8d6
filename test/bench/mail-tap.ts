/** A way to an MX that keeps what goes through it, so that a message can be delivered once more, as a host does that missed the reply. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { HostPort } from '../../src/domain/settings.ts';
import { type Passage, startPassage } from './passage.ts';

export interface TappedMessage {
  readonly sender: string;
  readonly recipient: string;
  /** As it stood on the wire, dots doubled, without the last one. */
  readonly data: string;
}
export interface Tap extends Passage {
  /** Each once it is whole, in their order. */
  readonly messages: readonly TappedMessage[];
}

const MESSAGE = /^MAIL FROM:\s*<([^>]*)>[^]*?^RCPT TO:\s*<([^>]*)>[^]*?^DATA\r\n([^]*?)\r\n\.\r\n/im;

/** Takes one message from each connection. */
export async function startTap(to: HostPort): Promise<Tap> {
  const messages: TappedMessage[] = [];
  const passage = await startPassage(to, (near) => {
    let said = '';
    let found = false;
    near.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      const match = found ? null : MESSAGE.exec(said);
      if (match === null) return;
      found = true;
      messages.push({ sender: match[1] ?? '', recipient: match[2] ?? '', data: match[3] ?? '' });
    });
  });
  return { ...passage, messages };
}

/** Rejects unless it is taken. */
export async function injectCopy(to: HostPort, { sender, recipient, data }: TappedMessage): Promise<void> {
  const socket = connect(to.port, to.host).setEncoding('latin1');
  try {
    let said = '';
    const answered = async (code: string): Promise<void> => {
      while (!new RegExp(`^${code} .*\\r\\n$`, 'm').test(said)) said += String((await once(socket, 'data'))[0]);
      said = '';
    };
    await answered('220');
    for (const [command, code] of [
      ['EHLO copy.test', '250'],
      [`MAIL FROM:<${sender}>`, '250'],
      [`RCPT TO:<${recipient}>`, '250'],
      ['DATA', '354'],
      [`${data}\r\n.`, '250'],
    ] as const) {
      socket.write(`${command}\r\n`, 'latin1');
      await answered(code);
    }
    socket.end('QUIT\r\n');
  } finally {
    socket.destroy();
  }
}
