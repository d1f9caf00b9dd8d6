/** What a folder is to a delivery. */
import { expect, test } from 'vitest';
import { rolesOf } from '../../../src/adapters/imap/roles.ts';

function roleOf(path: string, attributes: readonly string[] = [], delimiter: string | null = '/'): string | undefined {
  return rolesOf([{ path, attributes: new Set(attributes), delimiter }])[0];
}

test.each([
  ['Archive', ['\\archive'], 'other'],
  ['x', ['\\junk'], 'junk'],
  ['x', ['\\trash'], 'trash'],
  ['x', ['\\sent'], 'ignored'],
  ['x', ['\\drafts'], 'ignored'],
  ['x', ['\\all'], 'ignored'],
  ['x', ['\\flagged'], 'ignored'],
  ['x', ['\\haschildren', '\\important'], 'ignored'],
  ['x', ['\\junk', '\\all'], 'ignored'],
  ['INBOX', ['\\important'], 'inbox'],
])('%s with %j is %s', (path, attributes, role) => {
  expect(roleOf(path, attributes)).toBe(role);
});

test.each([
  ['Junk', 'junk'],
  ['Spam', 'junk'],
  ['Junk E-mail', 'junk'],
  ['垃圾邮件', 'junk'],
  ['Trash', 'trash'],
  ['Deleted Items', 'trash'],
  ['已删除', 'trash'],
  ['Sent', 'ignored'],
  ['Sent Messages', 'ignored'],
  ['已发送', 'ignored'],
  ['Drafts', 'ignored'],
  ['草稿箱', 'ignored'],
  ['All Mail', 'ignored'],
  ['INBOX/Junk', 'junk'],
  ['Archive', 'other'],
  ['Flagged', 'other'],
  ['Projects', 'other'],
  ['Sent to clients', 'other'],
  ['Projects/Sent', 'other'],
  ['INBOX/Projects/Junk', 'other'],
])('%s, unmarked, is %s', (path, role) => {
  expect(roleOf(path)).toBe(role);
});

test('a use that the server marks is not guessed from the name of another folder', () => {
  const folders = [
    { path: 'Sent', attributes: new Set<string>(), delimiter: '/' },
    { path: 'Outbound', attributes: new Set(['\\sent']), delimiter: '/' },
    { path: 'Junk', attributes: new Set<string>(), delimiter: '/' },
  ];
  expect(rolesOf(folders)).toEqual(['other', 'ignored', 'junk']);
});

test('a server without levels has names alone', () => {
  expect(roleOf('Junk', [], null)).toBe('junk');
  expect(roleOf('INBOXJunk', [], null)).toBe('other');
});

test.each([
  [['Mail/'], ['ignored', 'junk', 'other', 'ignored', 'junk', 'other']],
  // A prefix that ends in no level is part of a name.
  [['Mail'], ['other', 'other', 'other', 'ignored', 'junk', 'other']],
  [[''], ['other', 'other', 'other', 'ignored', 'junk', 'other']],
])('below the namespaces %j folders are known by the rest of their names', (prefixes, roles) => {
  const paths = ['Mail/Sent', 'Mail/Junk', 'Mail/Projects/Sent', 'Drafts', 'INBOX/Spam', 'Mailing/Sent'];
  const folders = paths.map((path) => ({ path, attributes: new Set<string>(), delimiter: '/' }));
  expect(rolesOf(folders, prefixes)).toEqual(roles);
});
