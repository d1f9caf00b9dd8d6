/** HTTP by hand: bytes as they are to a server, and all that comes back. */
import { connect, type Socket } from 'node:net';

/** Milliseconds without another byte, after which an answer counts as whole on a connection that stays open. */
const QUIET = 150;
/** Milliseconds in which something must come, or the connection end. */
const PATIENCE = 20_000;

export interface RawAnswer {
  /** All bytes, as latin1. */
  readonly text: string;
  /** Of the first answer; null where there is none. */
  readonly status: number | null;
  /** Of the first answer, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** `silent`: nothing came, and the connection stayed. */
  readonly ending: 'closed' | 'open' | 'silent';
}

/** Sends the pieces one after the other and reads until the server closes, or says nothing more. */
export function exchange(url: string, ...pieces: readonly string[]): Promise<RawAnswer> {
  return answerOf(url, pieces, PATIENCE);
}

async function answerOf(url: string, pieces: readonly string[], patienceMs: number): Promise<RawAnswer> {
  const socket = await dial(url);
  const parts: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<RawAnswer['ending']>();
  socket.setTimeout(patienceMs);
  socket.on('data', (part: Buffer) => {
    parts.push(part);
    socket.setTimeout(QUIET);
  });
  socket.on('timeout', () => resolve(parts.length > 0 ? 'open' : 'silent'));
  socket.on('close', () => resolve('closed'));
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    if (pieces.length > 1) await new Promise((next) => setImmediate(next));
  }
  const ending = await promise;
  socket.destroy();
  return { ...readAnswer(Buffer.concat(parts).toString('latin1')), ending };
}

/** An open connection on which errors are of no interest. */
export async function dial(url: string, localAddress?: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const from = localAddress === undefined ? {} : { localAddress };
  const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port), ...from });
  socket.on('error', () => {});
  // Refused or cut at once: whoever reads sees it closed.
  await new Promise((next) => socket.once('connect', next).once('close', next));
  return socket;
}

/** The first of what came, answers by the way (1xx) left out. */
export function readAnswer(text: string): Omit<RawAnswer, 'ending'> {
  const final = text.replace(/^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, '');
  const end = final.indexOf('\r\n\r\n');
  const [line = '', ...lines] = final.slice(0, Math.max(0, end)).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1];
  const headers = lines.map((each): [string, string] => {
    const colon = each.indexOf(':');
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
  });
  return {
    text,
    status: status === undefined ? null : Number(status),
    headers: new Map(headers),
    body: final.slice(end + 4),
  };
}
