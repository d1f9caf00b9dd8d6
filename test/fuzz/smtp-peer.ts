/** Holds one hostile session with the sink over a real socket, and says what was wrong with the answers. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Session } from './smtp-grammar.ts';

/** How long a reply is waited for: hostile bytes often get none. */
const REPLY_MS_MAX = 40;
/** The banner comes after 100 ms. */
const BANNER_MS_MAX = 1000;
/** smtp-server gives a peer that does not close its side 5 s, and takes a turn of the event loop, which all sessions here share, for each dot. */
const END_MS_MAX = 20_000;
/** One reply, all its lines; nothing that a terminal or a log would act on. */
const REPLY = /^(?:\d{3}[- ][\x20-\x7e]{0,500}\r\n)*$/;

/** The problems found, none if the session ended as it should. */
export async function holdSession(port: number, from: string, session: Session): Promise<readonly string[]> {
  const raw = connect({ host: '127.0.0.1', port, localAddress: from, allowHalfOpen: true, noDelay: true });
  const plain = heardOn(raw);
  let socket: Socket = raw;
  let heard = plain;
  if (session.greeted) await heard.more(BANNER_MS_MAX);
  for (const { bytes, waits, tls } of session.writes) {
    if (heard.closed()) break;
    if (tls && socket === raw) {
      raw.write('STARTTLS\r\n');
      await heard.more(REPLY_MS_MAX);
      raw.removeAllListeners('data');
      // Where the sink did not agree, it gets the handshake for a command.
      socket = connectTls({ socket: raw, rejectUnauthorized: false });
      heard = heardOn(socket);
      await Promise.race([once(socket, 'secureConnect'), once(socket, 'error'), pause(5 * REPLY_MS_MAX)]).catch(
        () => undefined,
      );
    }
    socket.write(bytes);
    if (waits) await heard.more(REPLY_MS_MAX);
  }
  return leave(raw, socket, session, [plain, heard]);
}

async function leave(
  raw: Socket,
  socket: Socket,
  { ending }: Session,
  heard: readonly Heard[],
): Promise<readonly string[]> {
  const closed = raw.closed ? Promise.resolve() : once(raw, 'close').then(() => undefined);
  if (ending === 'reset') raw.resetAndDestroy();
  // A handshake that the sink takes no part in would keep back the end of the TLS above it.
  else if (ending === 'end') raw.end();
  // Behind whatever message may still be open.
  else socket.write('\r\n.\r\nRSET\r\nQUIT\r\n');
  if (ending === 'quit') {
    await heard.at(-1)?.more(10 * REPLY_MS_MAX);
    socket.destroy();
  }
  // It does not close its own side; the sink has to.
  const ended = await Promise.race([
    closed.then(() => true),
    ...heard.map((each) => each.over),
    pause(END_MS_MAX).then(() => false),
  ]);
  const problems = heard.flatMap((each) =>
    REPLY.test(each.text()) ? [] : [`said ${JSON.stringify(each.text().slice(-300))}`],
  );
  socket.destroy();
  raw.destroy();
  return ended ? problems : [...problems, `did not end after ${ending}`];
}

interface Heard {
  /** Resolves when something new was heard, nothing more will be, or the time is up. */
  readonly more: (ms: number) => Promise<void>;
  readonly text: () => string;
  readonly closed: () => boolean;
  /** Resolves with true once the other side has closed. */
  readonly over: Promise<true>;
}

function heardOn(socket: Socket): Heard {
  let text = '';
  let isClosed = false;
  let wake: () => void = () => undefined;
  const over = new Promise<true>((resolve) => {
    const end = (): void => {
      isClosed = true;
      wake();
      resolve(true);
    };
    socket.on('end', end).on('close', end).on('error', end);
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  return {
    async more(ms) {
      if (isClosed) return;
      const patience = new AbortController();
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([news, pause(ms, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
    },
    text: () => text,
    closed: () => isClosed,
    over,
  };
}
