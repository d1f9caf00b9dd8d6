/** A DNS server on loopback that knows TXT records and nothing else (RFC 1035 §4), and remembers what it was asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsResponder {
  /** As `Resolver.setServers` takes it. */
  readonly address: string;
  /** By name; may be changed while it runs. */
  readonly records: Map<string, string>;
  readonly asked: string[];
  close(): Promise<void>;
}

const NXDOMAIN = 3;
const STRING_BYTES_MAX = 255;

export async function startDnsResponder(records: Readonly<Record<string, string>>): Promise<DnsResponder> {
  const socket = createSocket('udp4');
  const known = new Map(Object.entries(records));
  const asked: string[] = [];
  socket.on('message', (query, peer) => {
    const { name, end } = questionOf(query);
    asked.push(name);
    socket.send(answerTo(query.subarray(0, end), known.get(name) ?? null), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records: known,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The name after the header of 12 bytes, and where the question ends. */
function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function answerTo(question: Buffer, text: string | null): Buffer {
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  // A response, recursion desired and available.
  header.writeUInt16BE(0x8180 | (text === null ? NXDOMAIN : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(text === null ? 0 : 1, 6);
  if (text === null) return Buffer.concat([header, question.subarray(12)]);
  const strings: Buffer[] = [];
  for (let from = 0; from < text.length; from += STRING_BYTES_MAX) {
    const part = Buffer.from(text.slice(from, from + STRING_BYTES_MAX), 'latin1');
    strings.push(Buffer.from([part.length]), part);
  }
  const data = Buffer.concat(strings);
  // The question's name again, TXT, IN, a minute.
  const fixed = Buffer.from('c00c001000010000003c0000', 'hex');
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([header, question.subarray(12), fixed, data]);
}
