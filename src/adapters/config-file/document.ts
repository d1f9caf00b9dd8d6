/** Opens a configuration file as YAML: one document, its value, and where each key stands. */
import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { decodeUtf8, readBounded } from './files.ts';
import { lostAlias, offsetOf, pathAt } from './locate.ts';
import { type Finding, isSecret, type KeyPath, type Problem, problem, show, valueAt } from './problem.ts';

/** Hundreds of providers fit; anything larger is not a configuration. */
const FILE_BYTES_MAX = 1_048_576;
/** An anchor shared by a hundred providers; more is an attempt to blow the file up. */
const ALIASES_MAX = 100;

export interface Source {
  readonly file: string;
  /** Plain data, null for an empty file. */
  readonly value: unknown;
  readonly document: Document;
  readonly lines: LineCounter;
  /** What YAML itself forbids but leaves readable: keys given twice. */
  readonly findings: readonly Finding[];
}
export type Opened =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and parses; a missing file, another encoding and broken YAML are problems, nothing throws. */
export async function openDocument(file: string): Promise<Opened> {
  const content = await readBounded(file, FILE_BYTES_MAX);
  if (!content.ok) return failed(file, `must be one that ${content.reason}`, null);
  const text = decodeUtf8(content.bytes);
  return text === null ? failed(file, 'must be UTF-8 text', null) : parse(file, text);
}

function parse(file: string, text: string): Opened {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    logLevel: 'error',
  });
  // A tag or directive it does not know is a warning to the library; here it would silently lose its meaning.
  const broken = [...document.errors, ...document.warnings].find((error) => error.code !== 'DUPLICATE_KEY');
  // What follows the first break is mostly its echo.
  if (broken !== undefined) return failed(file, `must be YAML: ${reasonOf(broken)}`, lineAt(lines, broken.pos[0]));
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    return {
      ok: true,
      source: { file, value, document, lines, findings: document.errors.map((error) => twice(document, error)) },
    };
  } catch (error) {
    // The library throws for an alias without an anchor and for too many of them, without a place.
    if (!(error instanceof ReferenceError)) throw error;
    const lost = lostAlias(document);
    return lost === null
      ? failed(file, `must be YAML: more than ${ALIASES_MAX} values by alias`, lineAt(lines, 0))
      : failed(file, 'must be YAML: an alias (*) without an anchor (&) before it', lineAt(lines, lost));
  }
}

/** In the order of the file, each with its line and value. */
export function toProblems(source: Source, findings: readonly Finding[]): readonly Problem[] {
  return findings
    .map((finding) => ({ finding, offset: finding.offset ?? offsetOf(source.document, finding.path) }))
    .sort((one, other) => one.offset - other.offset)
    .map(({ finding, offset }) => {
      const value = finding.value === undefined ? shown(source.value, finding.path) : finding.value;
      return problem(source.file, lineAt(source.lines, offset), { ...finding, value });
    });
}

function shown(root: unknown, path: KeyPath): string | null {
  return isSecret(path) ? null : show(valueAt(root, path));
}

function twice(document: Document, error: YAMLError): Finding {
  const offset = error.pos[0];
  return { path: pathAt(document, offset), rule: 'must be given only once', value: null, offset };
}

/** In place of the library's words where they quote the text, which may be a secret without its quotation marks, or say nothing here. */
const REASONS: Partial<Record<YAMLError['code'], string>> = {
  MULTIPLE_DOCS: 'a second document begins',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAG_RESOLVE_FAILED: 'a tag (!) that has no meaning here',
  BAD_COLLECTION_TYPE: 'a tag (!) that has no meaning here',
  BAD_DQ_ESCAPE: 'a backslash that begins no escape sequence',
};

function reasonOf({ code, message }: YAMLError): string {
  // What the library quotes stands behind a colon.
  return REASONS[code] ?? message.replace(/: .*$/su, '');
}

function failed(file: string, rule: string, line: number | null): Opened {
  return { ok: false, problems: [problem(file, line, { path: [], rule, value: null })] };
}

function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line);
}
