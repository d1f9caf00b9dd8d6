/** Sessions as hostile peers might hold them: the grammar of SMTP, bent by chance. */

export interface Chance {
  readonly below: (count: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  /** True once in so many times. */
  readonly once: (times: number) => boolean;
}

export function chanceOf(uniform: () => number): Chance {
  const below = (count: number): number => Math.floor(uniform() * count);
  return {
    below,
    pick: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    once: (times) => below(times) === 0,
  };
}

export type Ending = 'end' | 'reset' | 'quit' | 'quit and stay';

export interface Session {
  /** What is written, one after the other. `tls` begins TLS before it; `waits` for a reply, or a while, behind it. */
  readonly writes: readonly { readonly bytes: Buffer; readonly waits: boolean; readonly tls: boolean }[];
  /** Whether the first bytes wait for the banner. */
  readonly greeted: boolean;
  readonly ending: Ending;
}

const PIECES = [
  'probe-0',
  'probe-3',
  'probe-4',
  'postmaster',
  'abuse',
  'receive',
  'user',
  'sink.test',
  'elsewhere.test',
  '[127.0.0.1]',
];
const GLUE = [
  '@',
  '@',
  '@',
  '%',
  '!',
  ':',
  ',',
  '"',
  '\\',
  '.',
  ' ',
  '<',
  '>',
  '\0',
  '\r',
  '\n',
  '\t',
  'ü',
  '\u200b',
  '',
];
const PARAMETERS = [
  'SIZE=9',
  'SIZE=99999999999999999999',
  'SIZE=-1',
  'BODY=8BITMIME',
  'SMTPUTF8',
  'ENVID=a+0D+0Ab',
  'ENVID=x',
  'RET=FULL',
  'NOTIFY=NEVER,DELAY',
  'ORCPT=rfc822;x',
  'AUTH=<>',
  '__proto__=x',
  '=',
  'X',
];
const OTHERS = [
  'RSET',
  'NOOP',
  'VRFY x',
  'EXPN x',
  'HELP',
  'AUTH PLAIN AA==',
  'AUTH',
  'STARTTLS',
  'BDAT 3 LAST',
  'XCLIENT ADDR=1',
  'PROXY TCP4 1.2.3.4 1.2.3.4 1 2',
  'GET / HTTP/1.1',
  'constructor',
  '__proto__',
  'QUIT',
  '',
];
const BODIES = [
  '\r\n',
  '\n',
  '\r',
  '.',
  '..',
  '\r\n.\r',
  '\n.\n',
  '\r\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\0',
  'A: b\r\n',
  'X-Mailflow-Probe: x\r\n',
  'Received: from a by b\r\n',
  'text',
  'é',
  '\x1b[0m',
  'DATA\r\n',
  'MAIL FROM:<>\r\n',
];
const ENDS = ['\r\n', '\n', '\r', '\n\r', '\0\r\n', ''];
const NAMES = ['client.test', '[127.0.0.1]', 'a b', '', 'x'.repeat(400)];

/** One session, the same for the same chance: some nearly as they should be, so that they get far, others wild. */
export function hostileSession(chance: Chance): Session {
  const { below, pick, once } = chance;
  /** What is bent is one in so many. */
  const tameness = pick([5, 20, 60]);
  const lines: string[] = [];
  for (let transaction = below(4); transaction >= 0; transaction -= 1)
    lines.push(...transactionLines(chance, tameness));
  const bent = shuffled(lines, chance, tameness).map((line) =>
    mutated(Buffer.from(line, once(2) ? 'utf8' : 'latin1'), chance, tameness),
  );
  const cut = once(3) ? bent.flatMap((bytes) => halves(bytes, chance)) : bent;
  const tlsAt = once(6) ? below(cut.length) : -1;
  return {
    writes: cut.map((bytes, index) => ({ bytes, waits: !once(3), tls: index === tlsAt })),
    greeted: !once(12),
    ending: once(60) ? 'quit and stay' : pick(['end', 'reset', 'quit']),
  };
}

function transactionLines(chance: Chance, tameness: number): string[] {
  const { below, pick, once } = chance;
  const line = (text: string): string => `${text}${once(tameness) ? pick(ENDS) : '\r\n'}`;
  const named = (own: string): string =>
    `<${once(tameness) ? address(chance) : own}>${once(4) ? parameters(chance) : ''}`;
  const lines = [line(`${pick(['EHLO', 'HELO', 'ehlo'])} ${once(tameness) ? pick(NAMES) : 'client.test'}`)];
  lines.push(line(`MAIL FROM:${named(pick(['', 'a@provider.test']))}`));
  for (let count = below(4); count >= 0; count -= 1)
    lines.push(line(`RCPT TO:${named(pick(['probe-0@sink.test', address(chance)]))}`));
  if (once(3)) lines.push(line(pick(OTHERS)));
  lines.push(line('DATA'), `${body(chance)}${once(tameness) ? pick(['\n.\n', '\r\n.\n', '']) : '\r\n.\r\n'}`);
  return lines;
}

function address({ below, pick }: Chance): string {
  let text = pick(PIECES);
  for (let count = below(5); count > 0; count -= 1) text += pick(GLUE) + pick(PIECES);
  return text;
}

function parameters({ pick, once }: Chance): string {
  let text = '';
  while (once(3)) text += ` ${pick(PARAMETERS)}`;
  return text;
}

function body({ below, pick, once }: Chance): string {
  let text = 'A: b\r\n';
  for (let count = below(30); count > 0; count -= 1) text += pick(BODIES);
  return once(25) ? text.repeat(400) : text;
}

function shuffled(lines: string[], { below, once }: Chance, tameness: number): string[] {
  if (!once(tameness)) return lines;
  const [from, to] = [below(lines.length), below(lines.length)];
  const moved = [...lines];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

function mutated(bytes: Buffer, { below, once }: Chance, tameness: number): Buffer {
  if (!once(tameness) || bytes.length === 0) return bytes;
  const at = below(bytes.length);
  switch (below(5)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256)]), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256)]), bytes.subarray(at + 1)]);
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(once(4) ? 70_000 : 200, bytes[at]),
        bytes.subarray(at),
      ]);
    default:
      return Buffer.concat(Array.from({ length: 1 + below(60) }, () => bytes));
  }
}

function halves(bytes: Buffer, { below }: Chance): Buffer[] {
  const at = below(bytes.length + 1);
  return [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0);
}
