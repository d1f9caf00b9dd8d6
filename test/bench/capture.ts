/** Packets on loopback as the kernel stamped them, put together to conversations, and the agent's monotonic clock on the same scale. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Bytes that one side sent, by the packets that brought them. */
export interface Flow {
  /** latin1. */
  readonly text: string;
  /** Wall time in microseconds of the packet that brought the byte at `offset`. */
  atUs(offset: number): number;
  readonly packets: readonly { readonly atUs: number; readonly offset: number }[];
}
/** One TCP connection. */
export interface Conversation {
  readonly serverPort: number;
  /** Of its first packet. */
  readonly beganUs: number;
  readonly client: Flow;
  readonly server: Flow;
}
/** `wall = monotonic + offset`, where the offset lies in `[lo, hi]`, microseconds. */
export interface Offset {
  readonly lo: number;
  readonly hi: number;
}
export interface Captured {
  readonly conversations: readonly Conversation[];
  readonly offset: Offset;
}
export interface Capture {
  /** Rejects where packets were lost, or the wall clock was set meanwhile. */
  end(): Promise<Captured>;
  /** For whoever has no use for what was captured any more. */
  close(): Promise<void>;
}

const PROGRAM = 'dumpcap';
/** The kernel's ring; what does not fit is lost. */
const BUFFER_MIB = 64;
/** Milliseconds between two datagrams that tie the clocks together. */
const TIE_MS = 100;
/** Milliseconds that the kernel may keep a packet before it hands it over. */
const FLUSH_MS = 500;

/** Captures what goes over these TCP ports of 127.0.0.1 until `end`, by way of a file. Needs root, and tshark's dumpcap. */
export async function startCapture(file: string, ports: readonly number[]): Promise<Capture> {
  const listener = createSocket('udp4');
  listener.bind(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port: tiePort } = listener.address();
  const sender = createSocket('udp4');
  sender.connect(tiePort, '127.0.0.1');
  await once(sender, 'connect');
  const filter = [...ports.map((port) => `tcp port ${port}`), `udp port ${tiePort}`].join(' or ');
  const args = ['-i', 'lo', '-q', '-P', '-B', String(BUFFER_MIB), '-f', filter, '-w', file];
  const child = spawn(PROGRAM, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const told = await capturing(child);
  const ties: Tie[] = [];
  const timer = setInterval(() => ties.push(tie(sender, ties.length)), TIE_MS);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    clearInterval(timer);
    sender.close();
    listener.close();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await closed;
  };
  return {
    async end() {
      await pause(FLUSH_MS);
      await close();
      const lost = /dropped on interface '[^']*': \d+\/(\d+)/.exec(told())?.[1];
      if (lost !== '0') throw new Error(`no packet may be lost, ${lost ?? 'nobody knows how many'} were: ${told()}`);
      const packets = parsePackets(readFileSync(file));
      return { conversations: conversationsOf(packets, ports), offset: offsetOf(packets, tiePort, ties) };
    },
    close,
  };
}

/** Resolves with what it says, from when it captures on. */
async function capturing(child: ChildProcess): Promise<() => string> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`${PROGRAM} ended: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // The second line comes once the interface is open.
      if (said.includes('File: ')) resolve();
    });
  });
  return () => said;
}

/** Monotonic microseconds just before and just after a datagram was sent. */
interface Tie {
  readonly beforeUs: number;
  readonly afterUs: number;
}

/** A connected datagram socket sends within the call. */
function tie(sender: Socket, index: number): Tie {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(index);
  const before = process.hrtime.bigint();
  sender.send(bytes);
  const after = process.hrtime.bigint();
  return { beforeUs: Number(before) / 1000, afterUs: Number(after) / 1000 };
}

/** What all the datagrams together leave: each lies between two readings of the monotonic clock. */
function offsetOf(packets: readonly Packet[], port: number, ties: readonly Tie[]): Offset {
  let [lo, hi] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { atUs, toPort, tcp, payload } of packets) {
    const sent = tcp === null && toPort === port ? ties[payload.readUInt32BE(0)] : undefined;
    if (sent === undefined) continue;
    lo = Math.max(lo, atUs - sent.afterUs);
    hi = Math.min(hi, atUs - sent.beforeUs);
  }
  // A packet's stamp is cut to the microsecond.
  hi += 1;
  if (!(lo <= hi)) throw new Error(`the wall clock must run with the monotonic one, was ${lo} to ${hi} us ahead of it`);
  return { lo, hi };
}

interface Packet {
  readonly atUs: number;
  readonly fromPort: number;
  readonly toPort: number;
  /** Null for a datagram. */
  readonly tcp: { readonly seq: number; readonly syn: boolean; readonly ack: boolean } | null;
  readonly payload: Buffer;
}

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_HEADER = 14;
const PROTOCOL_TCP = 6;

/** A pcap file in this machine's byte order, of IPv4 over Ethernet, which loopback passes for. */
function parsePackets(file: Buffer): readonly Packet[] {
  const magic = file.readUInt32LE(0);
  if (magic !== PCAP_MICROSECONDS && magic !== PCAP_NANOSECONDS)
    throw new Error(`a capture must be a pcap file, begins with ${magic.toString(16)}`);
  const perUs = magic === PCAP_NANOSECONDS ? 1000 : 1;
  const packets: Packet[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const atUs = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4) / perUs;
    const length = file.readUInt32LE(at + 8);
    packets.push(parsePacket(atUs, file.subarray(at + RECORD_HEADER + ETHERNET_HEADER, at + RECORD_HEADER + length)));
    at += RECORD_HEADER + length;
  }
  return packets;
}

function parsePacket(atUs: number, ip: Buffer): Packet {
  const segment = ip.subarray((ip.readUInt8(0) & 15) * 4, ip.readUInt16BE(2));
  const [fromPort, toPort] = [segment.readUInt16BE(0), segment.readUInt16BE(2)];
  if (ip.readUInt8(9) !== PROTOCOL_TCP) return { atUs, fromPort, toPort, tcp: null, payload: segment.subarray(8) };
  const flags = segment.readUInt8(13);
  const tcp = { seq: segment.readUInt32BE(4), syn: (flags & 2) !== 0, ack: (flags & 16) !== 0 };
  return { atUs, fromPort, toPort, tcp, payload: segment.subarray((segment.readUInt8(12) >> 4) * 4) };
}

/** Those whose beginning was captured, in the order in which they began. */
function conversationsOf(packets: readonly Packet[], ports: readonly number[]): readonly Conversation[] {
  const all: { readonly serverPort: number; readonly beganUs: number; client: FlowMaker; server: FlowMaker }[] = [];
  const byClient = new Map<string, (typeof all)[number]>();
  for (const packet of packets) {
    const { atUs, fromPort, toPort, tcp } = packet;
    if (tcp === null) continue;
    const isClient = ports.includes(toPort);
    const name = isClient ? `${fromPort}>${toPort}` : `${toPort}>${fromPort}`;
    if (tcp.syn && !tcp.ack) {
      const begun = { serverPort: toPort, beganUs: atUs, client: new FlowMaker(), server: new FlowMaker() };
      all.push(begun);
      byClient.set(name, begun);
    }
    const conversation = byClient.get(name);
    (isClient ? conversation?.client : conversation?.server)?.add(packet);
  }
  return all.map((each) => ({ ...each, client: each.client.flow(), server: each.server.flow() }));
}

class FlowMaker {
  readonly #chunks: Buffer[] = [];
  readonly #packets: { readonly atUs: number; readonly offset: number }[] = [];
  #length = 0;
  /** Of the next byte; null before the first packet. */
  #next: number | null = null;

  /** Loopback keeps the order; what was sent twice counts once. */
  add({ atUs, tcp, payload }: Packet): void {
    if (tcp === null) return;
    if (tcp.syn) {
      this.#next = (tcp.seq + 1) >>> 0;
      return;
    }
    if (payload.length === 0 || this.#next === null || tcp.seq !== this.#next) return;
    this.#packets.push({ atUs, offset: this.#length });
    this.#chunks.push(payload);
    this.#length += payload.length;
    this.#next = (tcp.seq + payload.length) >>> 0;
  }

  flow(): Flow {
    const packets = this.#packets;
    return {
      text: Buffer.concat(this.#chunks).toString('latin1'),
      packets,
      atUs(offset) {
        let [low, high] = [0, packets.length];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (packets[middle]!.offset <= offset) low = middle;
          else high = middle;
        }
        return packets[low]?.atUs ?? Number.NaN;
      },
    };
  }
}
