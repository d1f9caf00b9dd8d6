/** What every answer says of itself, whatever is in it. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
} as const;

/** Of an answer that brings no policy of its own. */
export const DEFAULT_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";
