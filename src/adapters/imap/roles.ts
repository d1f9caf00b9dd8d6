/** What each folder is to a delivery, by special-use attributes (RFC 6154) and, where the server marks none, by name. */
import { specialUse } from 'imapflow/lib/special-use.js';
import type { FolderRole } from '../../domain/probe.ts';

export interface ListedFolder {
  /** Decoded. */
  readonly path: string;
  /** Lower case, such as `\junk`. */
  readonly attributes: ReadonlySet<string>;
  /** Between the levels of the path; null where there are none. */
  readonly delimiter: string | null;
}

const ROLE_OF_ATTRIBUTE: ReadonlyMap<string, FolderRole> = new Map([
  ['\\sent', 'ignored'],
  ['\\drafts', 'ignored'],
  ['\\all', 'ignored'],
  ['\\flagged', 'ignored'],
  ['\\important', 'ignored'],
  ['\\junk', 'junk'],
  ['\\trash', 'trash'],
]);
/** Of all attributes these tell a role. */
export const ROLE_ATTRIBUTES: readonly string[] = [...ROLE_OF_ATTRIBUTE.keys()];
/** A folder named like one of these is one of these. \Flagged and \Important are not guessed: people name their own folders so. */
const GUESSED = new Set(['\\sent', '\\drafts', '\\all', '\\junk', '\\trash']);
/** Names that the library's tables lack. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['all mail', '\\all'],
  ['所有邮件', '\\all'],
  ['已删除', '\\trash'],
]);

/**
 * A role for each folder, in their order. A use that the server marks on any folder is not guessed from the names of others.
 * `prefixes`: those of the account's own namespaces (RFC 2342), decoded.
 */
export function rolesOf(folders: readonly ListedFolder[], prefixes: readonly string[] = []): readonly FolderRole[] {
  const marked = new Set(folders.flatMap(({ attributes }) => [...attributes]));
  return folders.map((folder) => {
    if (folder.path === 'INBOX') return 'inbox';
    const uses = [...folder.attributes].filter((attribute) => ROLE_OF_ATTRIBUTE.has(attribute));
    const guess = guessUse(folder, prefixes);
    if (uses.length === 0 && guess !== null && !marked.has(guess)) uses.push(guess);
    const roles = uses.map((use) => ROLE_OF_ATTRIBUTE.get(use));
    return roles.includes('ignored') ? 'ignored' : (roles[0] ?? 'other');
  });
}

/** By name only at the top of the account's own folders or right below the inbox: deeper ones are people's own. */
function guessUse({ path, delimiter }: ListedFolder, prefixes: readonly string[]): string | null {
  const above =
    delimiter === null
      ? undefined
      : [...prefixes, `INBOX${delimiter}`].find(
          (prefix) => prefix.endsWith(delimiter) && path.toUpperCase().startsWith(prefix.toUpperCase()),
        );
  const name = path.slice(above?.length ?? 0);
  if (delimiter !== null && name.includes(delimiter)) return null;
  const known =
    NAMES.get(name.trim().toLowerCase()) ?? specialUse(false, { flags: new Set(), name }).flag?.toLowerCase();
  return known !== undefined && GUESSED.has(known) ? known : null;
}
