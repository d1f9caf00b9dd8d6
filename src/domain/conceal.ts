/** Keeps a password out of texts: a server may quote what it was sent. */
import type { Login } from './settings.ts';

const WHERE_IT_STOOD = '***';

/** `text` without the password in the forms in which it travels: as it is, and as SASL PLAIN and LOGIN send it (RFC 4616). */
export function conceal(text: string, { username, password }: Login): string {
  const secrets = [base64(`\0${username}\0${password}`), base64(password), password].filter((secret) => secret !== '');
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, WHERE_IT_STOOD), text);
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
