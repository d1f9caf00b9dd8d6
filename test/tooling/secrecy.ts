/** Fails a test file in which an agent said a secret, in its log or elsewhere. Set up before every file. */
import fs from 'node:fs';
import { afterAll, expect } from 'vitest';
import { examineOutput, takeFindings } from './secrets.ts';

const STANDARD_ERROR = 2;

// An agent in this process: its log writes straight to the file, past `process.stderr`.
const { writeSync } = fs;
fs.writeSync = ((fd: number, data: string | NodeJS.ArrayBufferView, ...rest: never[]) => {
  if (fd === STANDARD_ERROR) examineOutput('an agent in this process', Buffer.from(data as never).toString('utf8'));
  return writeSync(fd, data as never, ...rest);
}) as typeof writeSync;

// Registered before any other, so it runs when the last child has been closed.
afterAll(() => {
  fs.writeSync = writeSync;
  expect(takeFindings(), 'secrets in what was said').toEqual([]);
});
