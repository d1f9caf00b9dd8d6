/** Which format of a scrape an Accept header asks for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scrapeFormat } from '../../../src/adapters/http/accept.ts';

const OPEN = 'application/openmetrics-text';

test.each([
  ['Prometheus 2', `${OPEN};version=1.0.0;q=0.5,${OPEN};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`],
  [
    'Prometheus 3',
    `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPEN};version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
  ],
  [
    'of another case, with spaces and quotes',
    `Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.9 , text/plain ; q=0.8`,
  ],
  ['no version named', `${OPEN}, */*;q=0.1`],
  ['all equal, this one by name', `${OPEN}, */*`],
  ['text refused', `text/plain;q=0, */*`],
])('OpenMetrics: %s', (_what, accept) => {
  expect(scrapeFormat(accept)).toBe('openmetrics');
});

test.each([
  ['no header', undefined],
  ['an empty one', ''],
  ['anything', '*/*'],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'],
  ['text preferred', `text/plain;q=0.9, ${OPEN};q=0.5`],
  ['both equal', `${OPEN}, text/plain`],
  ['OpenMetrics refused', `${OPEN};q=0, */*`],
  ['refused in this version, which says more than any', `${OPEN};version=1.0.0;q=0, ${OPEN};q=1`],
  ['a version that is not spoken', `${OPEN};version=0.0.1`],
  ['a weight that is none', `${OPEN};q=2, text/plain;q=0.1`],
  ['nothing that is spoken', 'application/json'],
  ['the binary format first', 'application/vnd.google.protobuf;q=0.9,text/plain;q=0.3'],
])('text: %s', (_what, accept) => {
  expect(scrapeFormat(accept)).toBe('text');
});

test('whatever a client sends, it gets one of the two', () => {
  const part = fc.constantFrom(
    OPEN,
    'text/plain',
    '*/*',
    'q',
    'version',
    '=',
    ';',
    ',',
    '"',
    '1.0.0',
    '0.5',
    '\u{fffd}',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      expect(['text', 'openmetrics']).toContain(scrapeFormat(parts.join('')));
    }),
  );
});
