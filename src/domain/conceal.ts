/** Keeps secrets out of texts: a server may quote what it was sent, and an error what it was given. */
import type { Login, Settings } from './settings.ts';

/** Also what is searched for in the log. */
export const WHERE_IT_STOOD = '***';
/** Characters. A shorter one stands in texts by chance: to strike it out would garble them, and show what it is. */
const SECRET_LENGTH_MIN = 4;
/** Characters: a line of a PEM file has 64, its last one fewer. */
const PEM_LINE_MIN = 32;

/** `text` without the password in the forms in which it travels: as it is, and as SASL PLAIN and LOGIN send it (RFC 4616). */
export function conceal(text: string, login: Login): string {
  const secrets = formsOf(login).filter((secret) => secret !== '');
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, WHERE_IT_STOOD), text);
}

/** Every secret of the settings, in each form in which somebody might show it, longer ones first. Never an empty one. */
export function secretsOf({ key, http, sink, providers }: Settings): readonly string[] {
  const logins = providers.flatMap(({ submission, mailbox }) => [submission?.login ?? null, mailbox?.login ?? null]);
  const pems = [sink.tls?.key ?? '', ...providers.map(({ mx }) => mx?.dkim?.privateKey ?? '')];
  const found = [
    ...logins.flatMap((login) => (login === null ? [] : formsOf(login))),
    ...(http.token === null ? [] : [http.token, base64(http.token)]),
    ...formsOfKey(key),
    ...pems.flatMap((pem) => pem.split(/\r?\n/).filter((line) => line.length >= PEM_LINE_MIN && !line.startsWith('-'))),
  ];
  return [...new Set(found)]
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .toSorted((one, other) => other.length - one.length);
}

function formsOf({ username, password }: Login): readonly string[] {
  return [base64(`\0${username}\0${password}`), base64(password), password];
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
