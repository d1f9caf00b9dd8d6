/** An SMTP client that does only what the test says, and notes when. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Monotonic microseconds, on the agent's own scale. */
export const monoUs = (): number => Number(process.hrtime.bigint() / 1000n);

export interface Reply {
  readonly code: number;
  /** All lines. */
  readonly text: string;
}

export class RawClient {
  /** Just before the connection was asked for. */
  readonly connectingUs = monoUs();
  socket: Socket;
  readonly #from: string;
  #localPort = 0;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  /** `from` is any address of loopback. */
  constructor(port: number, from = '127.0.0.1') {
    this.#from = from;
    this.socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    this.socket.once('connect', () => {
      this.#localPort = this.socket.localPort ?? 0;
    });
    this.#listen(this.socket);
  }

  /** `address:port`, as the sink sees it. */
  get name(): string {
    return `${this.#from}:${this.#localPort}`;
  }

  write(text: string | Buffer): void {
    this.socket.write(text, 'latin1');
  }

  /** The next reply; rejects when the connection ends before. */
  async reply(): Promise<Reply> {
    for (;;) {
      const match = /^(?:\d{3}-.*\r\n)*(\d{3})(?: .*)?\r\n/.exec(this.#text);
      if (match !== null) {
        this.#text = this.#text.slice(match[0].length);
        return { code: Number(match[1]), text: match[0] };
      }
      if (this.#ended) throw new Error(`the connection ended before a reply, after ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ask(line: string): Promise<Reply> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** Greets, and says EHLO. */
  async greet(): Promise<Reply> {
    await this.reply();
    return this.ask('EHLO client.test');
  }

  /** `behind` goes in plain text, in the same bytes as the command. */
  async startTls(behind = ''): Promise<TLSSocket> {
    await this.ask(`STARTTLS\r\n${behind}`.trimEnd());
    this.socket.removeAllListeners('data');
    const upgraded = connectTls({ socket: this.socket, rejectUnauthorized: false, maxVersion: 'TLSv1.3' });
    await once(upgraded, 'secureConnect');
    this.socket = upgraded;
    this.#listen(upgraded);
    return upgraded;
  }

  /** Resolves when the other side has closed. */
  async ended(): Promise<void> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('error', end).on('end', end).on('close', end);
  }
}
