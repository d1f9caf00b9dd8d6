/** An IMAP server that behaves until one command, or its greeting, and then does its worst. */
import { createServer, type Socket } from 'node:net';
import { LOOPBACK, listening, trackSockets } from '../../../src/demo/sockets.ts';
import { usualAnswer } from './scripted-server.ts';

/** What it writes in the place of an answer; `tag` is the command's, which comes without it. */
export type Fault = (socket: Socket, tag: string, command: string) => void;
/** Where it begins: a command's first word, `greeting`, or `look`, the first command that lists all folders. */
export type Stage =
  | 'greeting'
  | 'CAPABILITY'
  | 'LOGIN'
  | 'LIST'
  | 'look'
  | 'STATUS'
  | 'EXAMINE'
  | 'SELECT'
  | 'UID'
  | 'NOOP'
  | 'IDLE';

export interface HostileServer {
  readonly host: string;
  readonly port: number;
  /** Every command so far, without its tag. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

const CAPABILITIES = 'IDLE UIDPLUS';

export async function startHostileServer(stage: Stage, fault: Fault): Promise<HostileServer> {
  const commands: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (stage === 'greeting') fault(socket, '*', '');
    else socket.write(`* OK [CAPABILITY IMAP4rev1 ${CAPABILITIES}] ready\r\n`);
    let pending = '';
    let idleTag = '';
    socket.on('data', (bytes) => {
      const lines = (pending + bytes.toString('latin1')).split('\r\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const [tag = '', ...words] = line.split(' ');
        const command = words.join(' ');
        commands.push(command);
        if (command === 'IDLE') idleTag = tag;
        if (line === 'DONE') socket.write(`${idleTag} OK done\r\n`);
        else if (words[0] === stage || (stage === 'look' && /^LIST "" "?\*/.test(command))) fault(socket, tag, command);
        else
          socket.write(
            usualAnswer(command, CAPABILITIES)
              .map((each) => `${each.replace(/^TAG/, tag)}\r\n`)
              .join(''),
          );
        if (command === 'LOGOUT') socket.end();
      }
    });
  });
  const cut = trackSockets(server);
  server.listen(0, LOOPBACK);
  return {
    ...(await listening(server)),
    commands,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

/** Writes the same for as long as the other side is there, as fast as it reads. */
function endlessly(socket: Socket, text: string): void {
  const bytes = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), 'latin1');
  counting(socket, () => bytes);
}

/** The same with what is `made` for each number. */
function counting(socket: Socket, made: (number: number) => Buffer | string): void {
  let number = 0;
  const more = (): void => {
    while (!socket.destroyed && socket.writable) {
      number += 1;
      if (!socket.write(made(number))) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

/** A message that may be ours, as the first pass over its fields shows it. */
const CANDIDATE = 'Content-Type: multipart/report\r\n\r\n';

const literal = 'x'.repeat(60_000);

export const FAULTS: Readonly<Record<string, Fault>> = {
  'says BYE': (socket) => void socket.end('* BYE go away\r\n'),
  'hangs up': (socket) => void socket.destroy(),
  'hangs up in the middle of a literal': (socket) => void socket.end('* X {100}\r\nabc'),
  'says nothing': () => undefined,
  'announces gigabytes': (socket) => void socket.write(`* X {4294967295}\r\n${'x'.repeat(100_000)}`),
  'announces more than numbers hold': (socket) => void socket.write('* X {99999999999999999999999}\r\n'),
  'sends a line without end': (socket) => endlessly(socket, 'x'),
  'sends responses without end': (socket) => endlessly(socket, '* 4294967295 EXISTS\r\n'),
  'sends folders without end': (socket) =>
    endlessly(socket, '* LIST () "/" a\r\n* STATUS a (UIDNEXT 1 UIDVALIDITY 1)\r\n'),
  'sends literals without end': (socket) =>
    endlessly(socket, `* 1 FETCH (UID 1 BODY[HEADER] {${literal.length}}\r\n${literal})\r\n`),
  'sends one literal after the other in one line': (socket) => endlessly(socket, ` {${literal.length}}\r\n${literal}`),
  'answers another command': (socket) => void socket.write('ZZZ OK done\r\n'),
  'answers twice': (socket, tag) => void socket.write(`${tag} OK one\r\n${tag} NO two\r\n`),
  'says NO': (socket, tag) => void socket.write(`${tag} NO [ALERT] \x1b[2J<b>never</b>\r\n`),
  'says BAD': (socket, tag) => void socket.write(`${tag} BAD what\r\n`),
  'makes numbers up': (socket, tag) =>
    void socket.write(
      `* 4294967295 EXISTS\r\n* STATUS INBOX (UIDNEXT -1 UIDVALIDITY 99999999999)\r\n* OK [UIDVALIDITY x]\r\n${tag} OK\r\n`,
    ),
  'opens brackets without end': (socket) => endlessly(socket, '* LIST ((((((((((((((((((((\r\n'),
  'sends bytes that are no text': (socket, tag) =>
    void socket.write(Buffer.from(`* \x00\xff\xfe {3}\r\n\x80\x81\r\n${tag} \x00\r\n`, 'latin1')),
  'sends folders without end, each another with flags of its own': (socket) =>
    counting(socket, (number) => {
      const flags = Array.from({ length: 5000 }, (_, i) => `\\f${number}-${i}`).join(' ');
      return `* LIST (${flags}) "/" ${number}\r\n* STATUS ${number} (UIDNEXT 1 UIDVALIDITY 1)\r\n`;
    }),
  'sends messages without end, each of another number': (socket, tag, command) => {
    const section = /BODY\.PEEK\[([A-Z.]+)/.exec(command)?.[1] ?? 'HEADER';
    if (section === 'HEADER.FIELDS')
      socket.write(`* 1 FETCH (UID 5 BODY[${section}]<0> {${CANDIDATE.length}}\r\n${CANDIDATE})\r\n${tag} OK done\r\n`);
    else
      counting(
        socket,
        (number) => `* 1 FETCH (UID ${number} BODY[${section}]<0> {${literal.length}}\r\n${literal})\r\n`,
      );
  },
  'sends a hundred messages that are longer than was asked for': (socket, tag, command) => {
    const section = /BODY\.PEEK\[([A-Z.]+)/.exec(command)?.[1] ?? 'HEADER';
    // As long as a literal may be.
    const text = CANDIDATE.trimEnd()
      .concat('\r\n')
      .padEnd(section === 'HEADER.FIELDS' ? 1000 : 262_144, 'x');
    for (let uid = 1; uid <= 100; uid += 1)
      socket.write(`* ${uid} FETCH (UID ${uid} BODY[${section}]<0> {${text.length}}\r\n${text})\r\n`);
    socket.write(`${tag} OK done\r\n`);
  },
  'asks to go on': (socket) => endlessly(socket, '+ go on\r\n'),
};
