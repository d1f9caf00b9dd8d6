/** Requests that no client of good will sends: well-formed ones to every address, then bent in one way or several. */
import type { Draw } from '../simulation/draw.ts';

export const TOKEN = 'correct-horse-battery-staple';

export interface Hostile {
  /** All of it, in latin1. */
  readonly text: string;
  /** The same, as it is sent. */
  readonly pieces: readonly string[];
  /** Whether its first line is for what needs the token, and has not been bent. */
  readonly acts: boolean;
}

const PLACES = [
  '/',
  '/metrics',
  '/healthz',
  '/readyz',
  '/probe?path=send',
  '/probe?provider=acme&path=internal',
  '/api/v1/probes',
  '/api/v1/probes/aaaaaaaaaaaaaaaa',
  '/api/v1/probes/aaaaaaaaaaaaaaaa?wait=1',
  '/api/v1/probes/aaaaaaaaaaaaaaaa/life',
  '/api/v1/status',
  '/api/v1/verdicts?month=2026-11',
  '/api/v1/delays?path=send&from=0&to=1',
  '/api/v1/exclusions',
  '/api/v1/exclusions/preview',
  '/api/v1/exclusions/aaaaaaaaaaaaaaaa/retract',
  '/reports/2026-11?format=csv&lang=zh',
  '/probes/aaaaaaaaaaaaaaaa',
  '/assets/page.css',
] as const;
/** Of them, with POST unless it is /probe. */
const ACTING = /^POST \/api\/v1\/(?:probes|exclusions|exclusions\/preview|exclusions\/[^/?]+\/retract) |^GET \/probe\?/;

const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'QUERY',
  'BREW',
  'get',
] as const;
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.1 ',
  'http/1.1',
  '',
] as const;
const BODIES = [
  '{"path":"send"}',
  '{"provider":"acme","path":"internal"}',
  '{"provider":"acme","kind":"agreed-maintenance","from":"2026-11-01T00:00:00Z","to":"2026-11-01T01:00:00Z","by":"x"}',
  '{"by":"x","note":"y"}',
  '{"__proto__":{"path":"send"}}',
  '{"constructor":{"prototype":{"path":"send"}}}',
  '{"path":["send"],"path":"send"}',
  '{"provider":"acme","from":1e308,"to":-1e308,"kind":"x","by":1}',
  '[]',
  'null',
  '"',
  '{',
  '\xff\xfe',
  '',
] as const;
const HEADERS = [
  'Host: rebound.example',
  'Host: 127.0.0.1, rebound.example',
  'Host:',
  'Authorization: Bearer',
  'Authorization: Bearer wrong',
  'Authorization: Basic Og==',
  'Authorization: Bearer wrong\r\nAuthorization: Bearer other',
  'Content-Length: 0',
  'Content-Length: 99999999999999999999',
  'Content-Length: -1',
  'Content-Length: 0x10',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 3',
  'Content-Type: text/plain',
  'Content-Type: multipart/form-data; boundary=x',
  'Content-Type: application/json; charset=utf-7',
  'Content-Encoding: gzip',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Connection: close, Host',
  'X-Forwarded-For: 127.0.0.1',
  'X-HTTP-Method-Override: POST',
  'X-Prometheus-Scrape-Timeout-Seconds: 1e309',
  'Accept: */*;q=0.0001',
  'Accept-Language: zh;q=9,en;q=NaN',
  'Accept-Encoding: br;q=1, identity;q=0',
  'Range: bytes=0-0,1-1,2-2',
  'Last-Event-ID: 99999999999999999999',
  'Sec-Fetch-Site: cross-site',
  'Cookie: a=b',
  ' folded: yes',
  'No colon',
  'Space before : colon',
  'Null: \0',
  'Bare\rreturn: x',
  'Eight: \xe9\xff',
] as const;
const SEGMENTS = [
  '..',
  '%2e%2e',
  '%252e%252e%252f',
  '..%5c',
  '%00',
  '%',
  '%zz',
  '\\',
  '//',
  ';x=y',
  '?',
  '#',
  '%0d%0aX-Injected:%20yes',
  '%e2%80%ae',
  '\xc0\xae',
  '*',
  '{id}',
  '__proto__',
] as const;

/** Near to the right one, and far from it. */
const WRONG_TOKENS = [TOKEN.slice(0, -1), TOKEN.slice(1), TOKEN.toUpperCase(), 'wrong', 'x'.repeat(5000)] as const;

/** `allowed` ones may have the token. */
export function hostileRequest(draw: Draw, allowed: boolean): Hostile {
  let text = wellFormed(draw, allowed);
  const acts = ACTING.test(text);
  const bends = draw.pick([0, 1, 1, 1, 2, 3]);
  let head = text;
  for (let bend = 0; bend < bends; bend += 1) head = bendOnce(head, draw);
  text = draw.chance(0.1) ? head + wellFormed(draw, allowed) : head;
  const cut = draw.whole(0, text.length);
  const pieces = draw.chance(0.2) ? [text.slice(0, cut), text.slice(cut)] : [text];
  return { text, pieces, acts: acts && bends === 0 };
}

function wellFormed(draw: Draw, allowed: boolean): string {
  const method = draw.chance(0.8) ? draw.pick(['GET', 'POST']) : draw.pick(METHODS);
  const target = draw.chance(0.7) ? draw.pick(PLACES) : bentTarget(draw);
  const body = method === 'GET' && draw.chance(0.9) ? '' : draw.pick(BODIES);
  const headers = [
    'Host: 127.0.0.1',
    draw.chance(0.8) ? 'Connection: close' : 'Connection: keep-alive',
    ...(allowed && draw.chance(0.5) ? [`Authorization: Bearer ${TOKEN}`] : []),
    ...(!allowed && draw.chance(0.3) ? [`Authorization: Bearer ${draw.pick(WRONG_TOKENS)}`] : []),
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ];
  return `${method} ${target} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

function bentTarget(draw: Draw): string {
  const place = draw.pick(PLACES);
  switch (draw.pick(['segment', 'segment', 'absolute', 'query', 'long', 'authority', 'nothing'])) {
    case 'segment': {
      const parts = place.split('/');
      parts.splice(
        draw.whole(1, parts.length),
        0,
        ...Array.from({ length: draw.whole(1, 3) }, () => draw.pick(SEGMENTS)),
      );
      return parts.join('/');
    }
    case 'absolute':
      return `http://${draw.pick(['rebound.example', '127.0.0.1', 'user:pass@127.0.0.1', '[::1]:99999'])}${place}`;
    case 'query':
      return `${place}${place.includes('?') ? '&' : '?'}${draw.pick(['path=send&path=send', 'path[]=send', 'wait=-1', 'wait=1e99', 'month=2026-99', '%', '&&&=', 'lang=%00', `points=${'9'.repeat(400)}`])}`;
    case 'long':
      return place + 'a'.repeat(draw.pick([200, 5000, 40_000]));
    case 'authority':
      return draw.pick(['rebound.example:80', '*', 'javascript:alert(1)', '']);
    case 'nothing':
      return draw.pick([
        '/favicon.ico',
        '/.env',
        '/.git/config',
        '/admin',
        '/api/v2/probes',
        '/API/V1/PROBES',
        '/metrics/',
      ]);
  }
}

function bendOnce(text: string, draw: Draw): string {
  const lines = text.split('\r\n');
  const at = draw.whole(0, Math.max(0, lines.length - 1));
  switch (
    draw.pick(['header', 'header', 'header', 'version', 'end', 'drop', 'twice', 'byte', 'flood', 'cut', 'garbage'])
  ) {
    case 'header':
      lines.splice(1, 0, draw.pick(HEADERS));
      return lines.join('\r\n');
    case 'version':
      return text.replace('HTTP/1.1', draw.pick(VERSIONS));
    case 'end':
      return lines.join(draw.pick(['\n', '\r', '\r\r\n', '\n\r']));
    case 'drop':
      lines.splice(at, 1);
      return lines.join('\r\n');
    case 'twice':
      lines.splice(at, 0, lines[at] ?? '');
      return lines.join('\r\n');
    case 'byte': {
      const place = draw.whole(0, text.length);
      return text.slice(0, place) + String.fromCodePoint(draw.whole(0, 255)) + text.slice(place + draw.whole(0, 1));
    }
    case 'flood':
      lines.splice(
        1,
        0,
        ...Array.from({ length: draw.pick([100, 3000]) }, (_, index) => `X-${index}: ${'y'.repeat(index % 9)}`),
      );
      return lines.join('\r\n');
    case 'cut':
      return text.slice(0, draw.whole(0, text.length));
    case 'garbage':
      return (
        draw.pick([
          '\x16\x03\x01\x00\xa5\x01\x00\x00',
          'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
          'EHLO x\r\n',
          '\0\0\0\0',
          '\r\n\r\n',
        ]) + text
      );
  }
}
