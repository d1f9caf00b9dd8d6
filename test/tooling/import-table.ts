/** Which room of src may import what: the table of src/ARCHITECTURE.md as data. */

/** A part of src with rules of its own; an adapter's room is `adapters/` and its folder. */
export type Room =
  | 'bin'
  | 'main'
  | 'app'
  | 'ports'
  | 'cli'
  | 'domain'
  | 'engine'
  | 'page'
  | 'demo'
  | `adapters/${string}`;

interface Rule {
  /** Rooms it may import besides itself; `adapters` means every adapter. */
  readonly rooms: readonly (Room | 'adapters')[];
  /** npm packages: these, or `own` for those of package.json that no other adapter owns. */
  readonly packages: readonly string[] | 'own';
  readonly builtins: 'any' | 'none';
  /** What of it is written in types only; nothing of that room may be left at run time. */
  readonly typesOnly?: readonly Room[];
}

const RULES: Readonly<Record<Exclude<Room, `adapters/${string}`>, Rule>> = {
  bin: { rooms: ['main'], packages: [], builtins: 'any' },
  main: { rooms: ['cli'], packages: [], builtins: 'any' },
  app: { rooms: ['ports', 'domain', 'engine', 'adapters', 'page'], packages: 'own', builtins: 'any' },
  ports: { rooms: ['domain'], packages: [], builtins: 'none' },
  cli: { rooms: ['app', 'domain', 'demo'], packages: ['commander'], builtins: 'any' },
  domain: { rooms: [], packages: [], builtins: 'none' },
  engine: { rooms: ['ports', 'domain'], packages: [], builtins: 'none' },
  page: { rooms: ['domain'], typesOnly: ['domain'], packages: ['uplot'], builtins: 'none' },
  demo: {
    rooms: ['app', 'ports', 'domain'],
    packages: ['smtp-server', 'nodemailer', 'hoodiecrow-imap'],
    builtins: 'any',
  },
};
const ADAPTER: Rule = { rooms: ['ports', 'domain'], packages: 'own', builtins: 'any' };
/** http writes the page's first answer with the page's own views, the report shares its colours. */
const PAGE_WRITER: Rule = { ...ADAPTER, rooms: [...ADAPTER.rooms, 'page'] };
const PAGE_WRITERS: readonly Room[] = ['adapters/http', 'adapters/report'];

/** Built-ins a file may use where its room may use none: hashes are pure. */
const BUILTIN_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'domain/token.ts': ['node:crypto'],
  'domain/evidence/chain.ts': ['node:crypto'],
};

/** Libraries of one technology, by the adapters that own them; a package not named here is free to every adapter. */
const OWNERS: Readonly<Record<string, readonly Room[]>> = {
  nodemailer: ['adapters/smtp-client'],
  'smtp-server': ['adapters/smtp-sink'],
  imapflow: ['adapters/imap'],
  'hoodiecrow-imap': [],
  'prom-client': ['adapters/prometheus'],
  fastify: ['adapters/http'],
  // Served, never loaded.
  uplot: ['adapters/http'],
  yaml: ['adapters/config-file'],
  commander: [],
};

/** What the guard in front reads to know the Node it needs; all else outside src is out of bounds. */
export const MANIFEST = '../package.json';

/** The only room that reads clocks, sets timers and draws random numbers. */
export const CLOCK_ROOM: Room = 'adapters/system';

/** The room of a file, by its path from src with `/`; undefined where the house has none for it. */
export function roomOf(path: string): Room | undefined {
  const [first = '', second] = path.split('/');
  if (path === 'bin.ts' || path === 'require-node.cjs') return 'bin';
  if (path === 'main.ts' || path === 'app.ts' || path === 'ports.ts') return path.slice(0, -'.ts'.length) as Room;
  if (first === 'adapters') return path.split('/').length > 2 ? `adapters/${second}` : undefined;
  return second !== undefined && Object.hasOwn(RULES, first) ? (first as Room) : undefined;
}

function ruleOf(room: Room): Rule {
  if (PAGE_WRITERS.includes(room)) return PAGE_WRITER;
  return room.startsWith('adapters/') ? ADAPTER : RULES[room as keyof typeof RULES];
}

/** Why a room may not import another, undefined if it may. */
export function roomProblem(from: Room, to: Room, typesOnly: boolean): string | undefined {
  if (from === to) return undefined;
  const { rooms, typesOnly: types = [] } = ruleOf(from);
  const allowed = rooms.includes(to) || (to.startsWith('adapters/') && rooms.includes('adapters'));
  if (!allowed) return `${from} may import ${list([from, ...rooms])}, not ${to}`;
  return types.includes(to) && !typesOnly ? `${from} may import types only from ${to}` : undefined;
}

/** Why a file may not import an npm package, undefined if it may. `declared` are the dependencies of package.json. */
export function packageProblem(from: Room, name: string, declared: readonly string[]): string | undefined {
  const { packages } = ruleOf(from);
  if (packages !== 'own') {
    return packages.includes(name)
      ? undefined
      : `${from} may use ${packages.length === 0 ? 'no package' : list(packages)}, not ${name}`;
  }
  if (!declared.includes(name)) return `${name} is not among the dependencies of package.json`;
  const owners = OWNERS[name];
  if (owners === undefined || owners.includes(from)) return undefined;
  return `${name} belongs to ${owners.length === 0 ? 'no adapter' : list(owners)}, not to ${from}`;
}

/** Why a file may not import a module of Node, undefined if it may. `name` with `node:`. */
export function builtinProblem(from: Room, path: string, name: string): string | undefined {
  if (ruleOf(from).builtins === 'any' || BUILTIN_EXCEPTIONS[path]?.includes(name) === true) return undefined;
  return `${from} may import no module of Node, not ${name}`;
}

function list(names: readonly string[]): string {
  return names.join(', ');
}
