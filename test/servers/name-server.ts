/** A DNS server (RFC 1035 §4) that gives every name one address, or fails as resolvers do. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** `silence` is a server that cannot be reached. */
export type Answer = 'address' | 'nxdomain' | 'servfail' | 'silence';

export interface NameServer {
  /** What is said from now on to a question for a name. */
  use(answer: (name: string) => Answer): void;
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** A response, recursion desired and available. */
const RESPONSE = 0x81_80;
const CODES = { address: 0, nxdomain: 3, servfail: 2 } as const;

/** On port 53 of `host`, with `address` for every name at first. */
export async function startNameServer(host: string, address: string): Promise<NameServer> {
  const socket = createSocket('udp4');
  let answer: (name: string) => Answer = () => 'address';
  socket.on('message', (query, peer) => {
    const { name, type, end } = questionOf(query);
    const said = answer(name);
    if (said === 'silence') return;
    const found = said === 'address' && type === TYPE_A;
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(RESPONSE | CODES[said], 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found ? 1 : 0, 6);
    const parts = [header, query.subarray(HEADER_BYTES, end), ...(found ? [record(address)] : [])];
    socket.send(Buffer.concat(parts), peer.port, peer.address);
  });
  socket.bind(53, host);
  await once(socket, 'listening');
  return {
    use: (next) => {
      answer = next;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The question's name, type A, class IN, to be forgotten at once. */
function record(address: string): Buffer {
  return Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
}
