/** What every answer says of itself, whatever is in it. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  // No page of another origin may have it in itself, as an image or a script either.
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Of an answer that brings no policy of its own. */
const DEFAULT_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const HEADERS = { ...SECURITY_HEADERS, 'content-security-policy': DEFAULT_POLICY };
