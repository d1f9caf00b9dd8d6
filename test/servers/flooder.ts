/**
 * A flood from many addresses of loopback, in a process of its own: `flooder.ts <port> <connections> <slow> <recipient>`. Each of
 * `connections` names a recipient and then holds on to its place; each of `slow` lets a message trickle. Who is sent away comes again.
 * Answers any message of its parent with what it has done so far.
 */
import { connect, type Socket } from 'node:net';

export interface FloodTally {
  readonly connected: number;
  readonly greeted: number;
  /** Sent away with 421, or dropped. */
  readonly ended: number;
  /** Which the sink holds now, as far as this side can tell. */
  readonly held: number;
}

const AGAIN_MS = 2000;
const TRICKLE_MS = 500;
/** A second's worth of newcomers is spread over this many parts. */
const START_MS = 10;
const STARTS = 50;

const [, , portText, connectionsText, slowText, recipient] = process.argv;
const port = Number(portText);
const tally = { connected: 0, greeted: 0, ended: 0, held: 0 };

/** Every connection has an address of its own, so that no limit by address stops it. */
const addressOf = (network: number, index: number): string =>
  `127.${network}.${Math.floor(index / 250)}.${1 + (index % 250)}`;

function hold(from: string, script: (socket: Socket) => void): void {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  let greeted = false;
  socket.once('connect', () => {
    tally.connected += 1;
    tally.held += 1;
  });
  socket.on('data', (chunk: Buffer) => {
    if (greeted || !chunk.toString('latin1').startsWith('220')) return;
    greeted = true;
    tally.greeted += 1;
    script(socket);
  });
  socket.on('error', () => undefined);
  socket.once('close', (hadError) => {
    tally.ended += 1;
    if (!hadError || socket.bytesRead > 0) tally.held -= 1;
    setTimeout(() => hold(from, script), AGAIN_MS);
  });
}

const envelope = `EHLO flood.test\r\nMAIL FROM:<>\r\nRCPT TO:<${recipient}>\r\n`;
const holdsOn = (socket: Socket): void => void socket.write(envelope);
function trickles(socket: Socket): void {
  socket.write(`${envelope}DATA\r\n`);
  const timer = setInterval(() => socket.write('x'), TRICKLE_MS);
  socket.once('close', () => clearInterval(timer));
}

function start(count: number, network: number, script: (socket: Socket) => void): void {
  let begun = 0;
  const timer = setInterval(() => {
    for (let part = 0; part < STARTS && begun < count; part += 1) {
      hold(addressOf(network, begun), script);
      begun += 1;
    }
    if (begun >= count) clearInterval(timer);
  }, START_MS);
}

process.on('message', () => process.send?.(tally));
start(Number(slowText), 2, trickles);
start(Number(connectionsText), 1, holdsOn);
