/** An IMAP server that says what a test tells it to, for what no real server can be made to do. */
import { createServer, type Server, type Socket } from 'node:net';

/** The lines that answer a command, without CRLF; `TAG` stands for the command's tag. Null hangs up in the middle of a line. */
export type Answer = readonly string[] | null;

export interface ScriptedServer {
  readonly host: string;
  readonly port: number;
  /** Every command so far, without its tag. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

const OK = ['TAG OK done'];

/** `script` answers a command, or returns undefined for the usual answer. On a free port unless one is `wanted`. */
export async function startScriptedServer(
  capabilities: string,
  script: (command: string) => Answer | undefined,
  wanted = 0,
): Promise<ScriptedServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client that drops the connection is part of the tests.
    socket.on('error', () => socket.destroy());
    serve(socket, capabilities, (command) => {
      commands.push(command);
      return script(command);
    });
  });
  const port = await listen(server, wanted);
  return {
    host: '127.0.0.1',
    port,
    commands,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket, capabilities: string, script: (command: string) => Answer | undefined): void {
  socket.write(`* OK [CAPABILITY IMAP4rev1 ${capabilities}] ready\r\n`);
  let idleTag = '';
  let pending = '';
  socket.on('data', (bytes) => {
    const lines = (pending + bytes.toString('latin1')).split('\r\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const [tag = '', ...words] = line.split(' ');
      const command = words.join(' ');
      if (line === 'DONE') socket.write(`${idleTag} OK done\r\n`);
      if (line === 'DONE') continue;
      if (command === 'IDLE') idleTag = tag;
      const scripted = script(command);
      const answer = scripted === undefined ? usualAnswer(command, capabilities) : scripted;
      if (answer === null) {
        socket.end('* LIST (');
        return;
      }
      // In one write, or Nagle's algorithm holds the second line back.
      socket.write(answer.map((each) => `${each.replace(/^TAG/, tag)}\r\n`).join(''));
      if (command === 'LOGOUT') socket.end();
    }
  });
}

/** What a server that means no harm says; `TAG` stands for the command's tag. */
export function usualAnswer(command: string, capabilities: string): readonly string[] {
  if (command === 'CAPABILITY') return [`* CAPABILITY IMAP4rev1 ${capabilities}`, ...OK];
  if (command === 'IDLE') return ['+ idling'];
  if (command === 'LOGOUT') return ['* BYE', ...OK];
  if (command.startsWith('LIST')) return ['* LIST () "/" INBOX', ...OK];
  if (command.startsWith('STATUS')) return ['* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)', ...OK];
  if (/^(?:SELECT|EXAMINE)/.test(command)) return ['* 2 EXISTS', '* OK [UIDVALIDITY 17] valid', ...OK];
  return OK;
}

async function listen(server: Server, wanted: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
