/**
 * Something to send mail to, as a yardstick: `sink-target.ts smtp-server` takes all of it with the library that the sink stands on, and does
 * nothing with it; `sink-target.ts bare` answers each line on a socket. Tells its parent the port.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';

const LOOPBACK = '127.0.0.1';

function smtpServer(): Server {
  const { server } = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, _session, callback) {
      stream.on('end', () => callback());
      stream.resume();
    },
  });
  return server;
}

/** No command is checked. */
function bare(): Server {
  return createServer((socket) => {
    socket
      .setNoDelay()
      .setEncoding('latin1')
      .on('error', () => socket.destroy());
    socket.write('220 bare ESMTP\r\n');
    let pending = '';
    let isData = false;
    socket.on('data', (chunk: string) => {
      pending += chunk;
      for (;;) {
        const mark = isData ? '\r\n.\r\n' : '\r\n';
        const end = pending.indexOf(mark);
        if (end < 0) return;
        const line = pending.slice(0, end);
        pending = pending.slice(end + mark.length);
        isData = reply(socket, isData ? '.' : line.toUpperCase());
      }
    });
  });
}

/** Whether a message follows. */
function reply(socket: Socket, line: string): boolean {
  if (line === 'QUIT') socket.end('221 bye\r\n');
  else socket.write(line === 'DATA' ? '354 go on\r\n' : '250 fine\r\n');
  return line === 'DATA';
}

const server = process.argv[2] === 'bare' ? bare() : smtpServer();
server.listen(0, LOOPBACK, () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
