/** What the suites of the IMAP adapter share: settings, a log that keeps nothing, and waiting for a condition. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MailboxSettings } from '../../../src/domain/settings.ts';
import { MailboxError } from '../../../src/ports.ts';
import { examinedLog } from '../../tooling/secrets.ts';

export const silentLog = examinedLog;

export function settingsFor(
  endpoint: { readonly host: string; readonly port: number },
  over: Partial<MailboxSettings> = {},
): MailboxSettings {
  return {
    ...endpoint,
    security: 'none',
    tls: { ca: null, servername: null },
    login: { username: 'user', password: 'a-secret' },
    address: 'user@corp.test',
    cleanup: 'delete',
    ...over,
  };
}

/** The MailboxError that `work` ends in. */
export async function failureOf(work: Promise<unknown>): Promise<MailboxError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof MailboxError) return error;
  throw error;
}

/** Asks until the answer is not null; the test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T | null> | T | null): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(20);
  }
}

/** RFC 5322 text of a message that is nobody's business. */
export function strangersMessage(number: number): string {
  return [
    `From: Stranger <stranger-${number}@elsewhere.test>`,
    `Message-ID: <${number}.stranger@elsewhere.test>`,
    `Subject: private matter ${number}`,
    '',
    `private words ${number}`,
    '',
  ].join('\r\n');
}

export const TOKEN = 'abcdefghijklmnopqrstuvwxyz234567';

export function probeMessage(token = TOKEN): string {
  return [
    'From: Mail flow probe <probe@sink.test>',
    `Message-ID: <${token}@sink.test>`,
    `X-Mailflow-Probe: ${token}`,
    'Subject: measurement',
    'X-Other: the whole header is fetched',
    '',
    `Token: ${token}`,
    '',
  ].join('\r\n');
}
