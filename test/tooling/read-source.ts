/** Reads one source file as syntax: what it imports, in every form there is, and where it reads a clock or draws chance. */
import { type Argument, type Expression, parseSync, Visitor } from 'oxc-parser';

interface Place {
  readonly line: number;
  readonly text: string;
}
export interface Reference {
  readonly line: number;
  readonly specifier: string;
  /** Nothing of it is left at run time. */
  readonly typesOnly: boolean;
}
export interface Source {
  readonly imports: readonly Reference[];
  readonly clocks: readonly Place[];
  /** What keeps the file from being read whole. */
  readonly problems: readonly Place[];
}

const TIMER_CALLS = new Set(['setTimeout', 'setInterval', 'Date']);
const CLOCK_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);
const CLOCK_OBJECTS = new Set(['performance', 'Temporal']);
const CLOCK_MODULES = new Set(['timers', 'timers/promises', 'perf_hooks']);
const RANDOM_NAMES = new Set([
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'getRandomValues',
  'webcrypto',
]);
const GLOBALS = new Set(['globalThis', 'global', 'window', 'self']);

export function readSource(path: string, text: string): Source {
  const imports: Reference[] = [];
  const clocks: Place[] = [];
  const problems: Place[] = [];
  const lineOf = lines(text);
  const { program, errors } = parseSync(path, text);
  for (const error of errors)
    problems.push({ line: lineOf(error.labels[0]?.start ?? 0), text: `cannot be parsed: ${error.message}` });

  const add = (start: number, specifier: string, typesOnly = false) => {
    imports.push({ line: lineOf(start), specifier, typesOnly });
    if (CLOCK_MODULES.has(specifier.replace(/^node:/, '')))
      clocks.push({ line: lineOf(start), text: `import of ${specifier}` });
  };
  const addArgument = (start: number, argument: Expression | Argument | undefined, form: string) => {
    if (argument?.type === 'Literal' && typeof argument.value === 'string') add(start, argument.value);
    else
      problems.push({
        line: lineOf(start),
        text: `${form} must name its module by a plain string, so that it can be checked`,
      });
  };
  const clock = (start: number, what: string) => clocks.push({ line: lineOf(start), text: what });

  new Visitor({
    ImportDeclaration({ start, source, importKind, specifiers }) {
      const types =
        specifiers.length > 0 && specifiers.every((one) => one.type === 'ImportSpecifier' && one.importKind === 'type');
      add(start, source.value, importKind === 'type' || types);
      for (const one of specifiers) {
        const name = one.type === 'ImportSpecifier' && one.imported.type === 'Identifier' ? one.imported.name : '';
        if (RANDOM_NAMES.has(name) && /^(node:)?crypto$/.test(source.value)) clock(one.start, `import of ${name}`);
      }
    },
    ExportNamedDeclaration({ start, source, exportKind }) {
      if (source !== null) add(start, source.value, exportKind === 'type');
    },
    ExportAllDeclaration({ start, source, exportKind }) {
      add(start, source.value, exportKind === 'type');
    },
    ImportExpression({ start, source }) {
      addArgument(start, source, 'import()');
    },
    TSImportType({ start, source }) {
      add(start, source.value, true);
    },
    TSImportEqualsDeclaration({ start, moduleReference }) {
      if (moduleReference.type === 'TSExternalModuleReference') add(start, moduleReference.expression.value);
    },
    CallExpression({ start, callee, arguments: given }) {
      const name = nameOf(callee);
      if (TIMER_CALLS.has(name)) clock(start, `${name}()`);
      if (name === 'require' || name === 'require.resolve' || name === 'import.meta.resolve')
        addArgument(start, given[0], `${name}()`);
    },
    NewExpression({ start, callee, arguments: given }) {
      const name = nameOf(callee);
      if (name === 'Date' && given.length === 0) clock(start, 'new Date()');
      const [target, base] = given;
      // How a worker names its file; other URLs beside a module are data.
      if (
        name !== 'URL' ||
        target?.type !== 'Literal' ||
        typeof target.value !== 'string' ||
        base?.type !== 'MemberExpression'
      )
        return;
      if (nameOf(base) === 'import.meta.url' && /\.[cm]?[jt]s$/.test(target.value)) add(start, target.value);
    },
    MemberExpression(node) {
      const name = nameOf(node);
      if (CLOCK_MEMBERS.has(name) || CLOCK_OBJECTS.has(name.split('.')[0] ?? '')) clock(node.start, name);
    },
  }).visit(program);
  return { imports, clocks, problems };
}

/** `a.b.c` of a chain of plain names, without `globalThis.` before it; empty for any other expression. */
function nameOf(node: Expression): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MetaProperty') return `${node.meta.name}.${node.property.name}`;
  if (node.type !== 'MemberExpression') return '';
  const property = memberName(node.computed, node.property as Expression);
  const object = nameOf(node.object);
  if (property === '' || object === '') return '';
  return GLOBALS.has(object) ? property : `${object}.${property}`;
}

function memberName(computed: boolean, property: Expression): string {
  if (!computed) return property.type === 'Identifier' ? property.name : '';
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : '';
}

/** Line of an offset, counted from 1. */
function lines(text: string): (offset: number) => number {
  return (offset) => text.slice(0, offset).split('\n').length;
}
