/** A socket as a server reads SMTP from it: by lines and by messages. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export class Wire {
  readonly socket: Socket;
  ended = false;
  #buffer = '';
  #wake: (() => void) | null = null;
  readonly #onData = (chunk: Buffer) => {
    this.#buffer += chunk.toString('latin1');
    this.#wake?.();
  };

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', this.#onData);
    socket.on('close', () => {
      this.ended = true;
      this.#wake?.();
    });
  }

  /** Null at the end of the connection. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        return line;
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async message(): Promise<string> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== null && line !== '.'; line = await this.line()) lines.push(line);
    return lines.map((line) => `${line}\r\n`).join('');
  }

  write(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text);
  }

  /** RST, or under TLS, which cannot, an end without a close notify. */
  reset(): void {
    if (this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Gives the socket up to TLS. */
  release(): Socket {
    this.socket.off('data', this.#onData);
    return this.socket;
  }
}
