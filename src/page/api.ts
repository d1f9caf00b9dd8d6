/** Asks the agent that served the page; nobody else is ever asked. */

export type Answer<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  /** The bearer token is missing or wrong. */
  | { readonly kind: 'token' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unreachable' };

/** Milliseconds; longer than any wait that is asked for. */
const PATIENCE = 40_000;

/** What it answers is its own and taken for what it is said to be. */
export function getJson<Value>(path: string, patience = PATIENCE): Promise<Answer<Value>> {
  return ask<Value>(path, { signal: AbortSignal.timeout(patience) });
}

export function postJson<Value>(path: string, body: unknown, token: string | null): Promise<Answer<Value>> {
  return ask<Value>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
}

async function ask<Value>(path: string, options: RequestInit): Promise<Answer<Value>> {
  try {
    const response = await fetch(path, options);
    if (response.ok) return { kind: 'ok', value: (await response.json()) as Value };
    if (response.status === 401) return { kind: 'token' };
    return { kind: 'refused', why: await reasonOf(response) };
  } catch {
    return { kind: 'unreachable' };
  }
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { readonly error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // A proxy's own page, for one.
  }
  return `HTTP ${response.status}`;
}

/** The bearer token, kept in this page's memory and nowhere else. */
export interface TokenKeeper {
  token: string | null;
}

/** What can stand in the header (RFC 9110 §5.5) without being split by the server. */
const TOKEN = /^[\x21-\x7e]+$/;

/** False, and none is kept, where it can be no token: a browser would not even send it. */
export function keepToken(keeper: TokenKeeper, given: string): boolean {
  keeper.token = TOKEN.test(given) ? given : null;
  return keeper.token !== null;
}
