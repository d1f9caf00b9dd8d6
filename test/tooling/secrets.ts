/** Every secret that the tests use, in one place, and whether one of them stands in what a log or a command said. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Log } from '../../src/ports.ts';

/** `secrets.test.ts` lets no other stand in a test. */
export const SECRETS = [
  'a-bearer-of-tidings',
  'let-the-test-in',
  'correct-horse-battery',
  'correct horse',
  'sixteen-bytes-and-more',
  'not the password',
  'wr0ng-secret',
  'a-secret',
  'probe-password',
  'testpass',
  'Zebra-staple-battery',
  ...['alice', 'bob', 'carol', 'probe', 'sieve'].map(passwordOf),
] as const;

/** Of the accounts of the private provider. */
export function passwordOf(account: string): string {
  return `${account}-password`;
}

/** Files in a data folder that hold secrets which the agent made itself. */
const KEY_FILES = ['token.key', 'signing.key'];
/** A private key in any form in which it is kept. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** Characters of a fragment of base64: a shorter one stands somewhere by chance. */
const FRAGMENT_MIN = 8;

interface State {
  readonly made: Set<string>;
  readonly found: string[];
}
/** Setup files and tests may each have this module for themselves. */
const KEY = Symbol.for('mailflow-probe secrets of the tests');
const shared = globalThis as unknown as Record<symbol, State | undefined>;
const state: State = (shared[KEY] ??= { made: new Set(), found: [] });

/** Of a secret that is made anew in each run. */
export function keepSecret(secret: string): void {
  state.made.add(secret);
}

/** What the agent made in a data folder, as far as it is there. */
export function keepKeysOf(dataFolder: string): void {
  for (const file of KEY_FILES.map((name) => join(dataFolder, name)).filter((path) => existsSync(path))) {
    const bytes = readFileSync(file);
    for (const line of bytes.toString('latin1').split(/\r?\n/))
      if (line.length >= FRAGMENT_MIN && !line.startsWith('-----')) keepSecret(line);
    keepSecret(bytes.toString('hex'));
    keepSecret(bytes.toString('base64'));
  }
}

/** To be called with all that an agent of ours has said: a secret in it fails the test file, whatever the test looks at. */
export function examineOutput(what: string, text: string): void {
  const secret = secretIn(text);
  if (secret !== null) state.found.push(`${what} says the secret ${secret}: ${text.slice(0, 2000)}`);
}

/** What was found, which is then forgotten. */
export function takeFindings(): readonly string[] {
  return state.found.splice(0);
}

export function secretIn(text: string): string | null {
  if (PRIVATE_KEY.test(text)) return 'a private key';
  for (const secret of [...SECRETS, ...state.made])
    if (formsOf(secret).some((form) => text.includes(form))) return JSON.stringify(secret);
  return null;
}

const forms = new Map<string, readonly string[]>();

/** As it is, as JSON, a URL and hex have it, and as it stands in the base64 of anything that has it in it, such as SASL PLAIN's. */
function formsOf(secret: string): readonly string[] {
  const known = forms.get(secret);
  if (known !== undefined) return known;
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const after = (before + bytes.length) % 3;
    return whole.slice(before === 0 ? 0 : before + 1, after === 0 ? undefined : -1);
  });
  const made = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), bytes.toString('hex')];
  const all = [...new Set([...made, ...inBase64.filter(({ length }) => length >= FRAGMENT_MIN)])];
  forms.set(secret, all);
  return all;
}

/** Depth and length of what is shown of the fields: a log's own limits are not what is tested here. */
const SHOWN = { depth: 8, maxStringLength: null, maxArrayLength: 1000, breakLength: Number.POSITIVE_INFINITY };

/** Says nothing, but a secret in what it is told fails the test file. */
export const examinedLog: Log = {
  debug: (...told) => examineOutput('the log (debug)', inspect(told, SHOWN)),
  info: (...told) => examineOutput('the log (info)', inspect(told, SHOWN)),
  warn: (...told) => examineOutput('the log (warn)', inspect(told, SHOWN)),
  error: (...told) => examineOutput('the log (error)', inspect(told, SHOWN)),
};
