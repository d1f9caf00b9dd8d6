/** A raw SMTP server that does at each step what a test tells it: reply, refuse, stay silent, come late, or drop the connection. */
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import { Wire } from './wire.ts';

/** A step is what the server is about to answer; `ehlo-tls` is the EHLO after STARTTLS, `dot` the end of the message. */
export const STEPS = [
  'greeting',
  'ehlo',
  'helo',
  'starttls',
  'ehlo-tls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'dot',
  'noop',
  'rset',
  'quit',
] as const;
export type Step = (typeof STEPS)[number];

export interface Action {
  /** Raw text instead of the step's usual reply, CRLF is added unless it ends with `…`; null sends nothing. */
  readonly reply?: string | null;
  readonly afterMs?: number;
  readonly after?: Promise<unknown>;
  /** What follows the reply: `close` sends FIN, `reset` RST, `silence` leaves the client to itself. */
  readonly ending?: 'close' | 'reset' | 'silence';
}
export const refuse = (reply: string): Action => ({ reply });
export const silence: Action = { reply: null, ending: 'silence' };
export const close: Action = { reply: null, ending: 'close' };
export const reset: Action = { reply: null, ending: 'reset' };

export interface TlsScript {
  readonly cert: string;
  readonly key: string;
  readonly implicit: boolean;
  readonly maxVersion?: 'TLSv1.1';
}

export interface Script {
  /** Keywords in the EHLO reply. */
  readonly offers?: readonly string[];
  readonly on?: Partial<Record<Step, Action>>;
  /** With `implicit` from the first byte, else by STARTTLS. */
  readonly tls?: TlsScript;
  /** Closes without a word as soon as a client connects. */
  readonly hostile?: boolean;
}

export interface ScriptedServer {
  readonly host: string;
  readonly port: number;
  /** Command lines as they came, of all connections. */
  readonly commands: readonly string[];
  /** Messages as they came, dots still stuffed. */
  readonly messages: readonly string[];
  /** Monotonic microseconds: the final dot read, and just before the reply to it was written. */
  readonly dotReadUs: number | null;
  readonly dotRepliedUs: number | null;
  /** Resolves when a client has come to the step. */
  reached(step: Step): Promise<void>;
  /** Resolves when no client is connected any more. */
  deserted(): Promise<void>;
  /** Drops every connection. */
  hangUp(): void;
  stop(): Promise<void>;
}

const USUAL: Readonly<Record<Step, string>> = {
  greeting: '220 scripted.test ESMTP',
  ehlo: '',
  'ehlo-tls': '',
  helo: '250 scripted.test',
  starttls: '220 2.0.0 ready',
  auth: '235 2.7.0 welcome',
  mail: '250 2.1.0 sender ok',
  rcpt: '250 2.1.5 recipient ok',
  data: '354 go ahead',
  dot: '250 2.0.0 Ok: queued as 4ABC',
  noop: '250 2.0.0 ok',
  rset: '250 2.0.0 ok',
  quit: '221 2.0.0 bye',
};
const STEP_BY_VERB: Readonly<Record<string, Step>> = {
  EHLO: 'ehlo',
  HELO: 'helo',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  NOOP: 'noop',
  RSET: 'rset',
  QUIT: 'quit',
};

interface Notes {
  commands: string[];
  messages: string[];
  dotReadUs: number | null;
  dotRepliedUs: number | null;
  reach(step: Step): void;
}

/** On a free port unless one is given. */
export async function startScriptedServer(script: Script = {}, port = 0): Promise<ScriptedServer> {
  const reached = new Map(STEPS.map((step) => [step, Promise.withResolvers<void>()]));
  const notes: Notes = {
    commands: [],
    messages: [],
    dotReadUs: null,
    dotRepliedUs: null,
    reach: (step) => reached.get(step)?.resolve(),
  };
  const sockets = new Set<Socket>();
  let deserted = Promise.withResolvers<void>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) deserted.resolve();
    });
    if (script.hostile === true) socket.destroy();
    else void serve(socket, script, notes);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    get commands() {
      return notes.commands;
    },
    get messages() {
      return notes.messages;
    },
    get dotReadUs() {
      return notes.dotReadUs;
    },
    get dotRepliedUs() {
      return notes.dotRepliedUs;
    },
    async reached(step) {
      await reached.get(step)?.promise;
    },
    async deserted() {
      if (sockets.size === 0) return;
      deserted = Promise.withResolvers();
      await deserted.promise;
    },
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(plain: Socket, script: Script, notes: Notes): Promise<void> {
  const { tls } = script;
  let wire = new Wire(tls?.implicit === true ? upgrade(plain, tls) : plain);
  let secured = tls?.implicit === true;
  if (!(await act(wire, 'greeting', script, notes, secured))) return;
  for (;;) {
    const line = await wire.line();
    if (line === null) return;
    notes.commands.push(line);
    const step = stepOf(line, secured && tls?.implicit !== true);
    if (line === 'AUTH LOGIN') await prompt(wire);
    if (step === null) wire.write('500 5.5.1 what?\r\n');
    else if (!(await act(wire, step, script, notes, secured))) return;
    if (step === 'starttls' && tls !== undefined && (script.on?.starttls?.reply ?? '220').startsWith('220')) {
      wire = new Wire(upgrade(wire.release(), tls));
      secured = true;
    }
    if (step === 'data' && script.on?.data === undefined) {
      notes.messages.push(await wire.message());
      if (wire.ended) return;
      notes.dotReadUs = monotonicUs();
      if (!(await act(wire, 'dot', script, notes, secured))) return;
    }
    if (step === 'quit') return void wire.socket.end();
  }
}

/** Asks for user and password, whatever they are. */
async function prompt(wire: Wire): Promise<void> {
  for (const question of ['Username:', 'Password:']) {
    wire.write(`334 ${Buffer.from(question).toString('base64')}\r\n`);
    await wire.line();
  }
}

function stepOf(line: string, upgraded: boolean): Step | null {
  const step = STEP_BY_VERB[line.split(' ', 1)[0]?.toUpperCase() ?? ''] ?? null;
  return step === 'ehlo' && upgraded ? 'ehlo-tls' : step;
}

/** False when the server has done with the connection. */
async function act(wire: Wire, step: Step, script: Script, notes: Notes, secured: boolean): Promise<boolean> {
  const action = script.on?.[step] ?? {};
  notes.reach(step);
  if (action.afterMs !== undefined) await sleep(action.afterMs);
  await action.after;
  const reply = action.reply === undefined ? usual(step, script, secured) : action.reply;
  if (step === 'dot') notes.dotRepliedUs = monotonicUs();
  if (reply !== null) wire.write(reply.endsWith('…') ? reply.slice(0, -1) : `${reply}\r\n`);
  if (action.ending === 'close') wire.socket.end();
  if (action.ending === 'reset') wire.reset();
  return action.ending === undefined;
}

function usual(step: Step, script: Script, secured: boolean): string {
  if (step !== 'ehlo' && step !== 'ehlo-tls') return USUAL[step];
  const keywords = [...(script.offers ?? [])];
  if (script.tls !== undefined && !secured) keywords.push('STARTTLS');
  const lines = ['scripted.test', ...keywords];
  return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
}

function upgrade(socket: Socket, { cert, key, maxVersion }: TlsScript): TLSSocket {
  const old =
    maxVersion === undefined ? {} : { maxVersion, minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' };
  const secureContext = createSecureContext({ cert, key, ...old });
  const secured = new TLSSocket(socket, { isServer: true, secureContext });
  secured.on('error', () => {});
  // A greeting that waits for a handshake which the client broke off would keep the socket for good.
  secured.on('end', () => socket.destroy());
  return secured;
}

/** The instant in the terms of Instant.monoUs. */
function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
