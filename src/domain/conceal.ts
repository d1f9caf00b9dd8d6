/** Keeps secrets out of texts: a server may quote what it was sent, and an error what it was given. */
import type { Login, Settings } from './settings.ts';

/** Also what is searched for in the log. */
export const WHERE_IT_STOOD = '***';
/** Characters. A shorter one stands in texts by chance: to strike it out would garble them, and show what it is. */
const SECRET_LENGTH_MIN = 4;
/** Characters: a line of a PEM file has 64, its last one fewer. */
const PEM_LINE_MIN = 32;

/** Text from elsewhere as one line that no terminal or log takes for anything but text. */
export function asOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

/** Ends a text that was too long. */
export const CUT = '…';

/**
 * `text` without the password in the forms in which it travels: as it is, as a quoted string (RFC 9051 §4.3), and as SASL PLAIN
 * and LOGIN send it (RFC 4616); each also as one line, as replies are shown. Of a text that was cut, what is left of one at the end goes too.
 */
export function conceal(text: string, login: Login): string {
  const secrets = formsOf(login).filter((secret) => secret !== '');
  return secrets.reduce((rest, secret) => withoutStump(rest.replaceAll(secret, WHERE_IT_STOOD), secret), text);
}

/** Without the beginning of a secret that a cut left at the end of a text. */
function withoutStump(text: string, secret: string): string {
  if (!text.endsWith(CUT)) return text;
  for (let length = secret.length - 1; length >= SECRET_LENGTH_MIN; length -= 1)
    if (text.endsWith(secret.slice(0, length) + CUT)) return text.slice(0, -length - CUT.length) + WHERE_IT_STOOD + CUT;
  return text;
}

/** Every secret of the settings, in each form in which somebody might show it, longer ones first. Never an empty one. */
export function secretsOf({ key, retiredKey, http, sink, providers }: Settings): readonly string[] {
  const logins = providers.flatMap(({ submission, mailbox }) => [submission?.login ?? null, mailbox?.login ?? null]);
  const pems = [sink.tls?.key ?? '', ...providers.map(({ mx }) => mx?.dkim?.privateKey ?? '')];
  const found = [
    ...logins.flatMap((login) => (login === null ? [] : formsOf(login))),
    ...[http.token, http.metrics.token].flatMap((token) => (token === null ? [] : [token, base64(token)])),
    ...formsOfKey(key),
    ...(retiredKey === null ? [] : formsOfKey(retiredKey)),
    ...pems.flatMap((pem) => pem.split(/\r?\n/).filter((line) => line.length >= PEM_LINE_MIN && !line.startsWith('-'))),
  ];
  return [...new Set(found)]
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .toSorted((one, other) => other.length - one.length);
}

const FORMS = new WeakMap<Login, readonly string[]>();

/** Made once for each login: every handover asks for them. */
function formsOf(login: Login): readonly string[] {
  const forms = FORMS.get(login) ?? makeForms(login);
  FORMS.set(login, forms);
  return forms;
}

function makeForms({ username, password }: Login): readonly string[] {
  const quoted = password.replaceAll(/["\\]/g, String.raw`\$&`);
  const lines = [quoted, password].map(asOneLine).filter(({ length }) => length >= SECRET_LENGTH_MIN);
  return [...new Set([base64(`\0${username}\0${password}`), base64(password), quoted, password, ...lines])];
}

function formsOfKey(key: Uint8Array): readonly string[] {
  const hex = Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [base64Of(key), hex, new TextDecoder().decode(key)];
}

function base64(text: string): string {
  return base64Of(new TextEncoder().encode(text));
}

function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
}
