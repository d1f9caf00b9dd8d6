/** What is said of a failed mailbox holds no part of its password, however long the server's text is. */
import { expect, it } from 'vitest';
import { toMailboxError } from '../../../src/adapters/imap/failure.ts';

const login = { username: 'probe@acme.example', password: 'Zebra-staple-battery' };

it.each([290, 295, 299])('cuts no password in two: one that begins at character %d', (before) => {
  const responseText = `${'x'.repeat(before)}${login.password} is wrong`;
  const error = Object.assign(new Error('Command failed'), { responseStatus: 'NO', responseText });
  const { code, message } = toMailboxError(error, 'imap.acme.example:993', login);
  expect(code).toBe('NO');
  expect(message).toContain('imap.acme.example:993: command refused: xxx');
  expect(message).not.toContain('Z');
});
