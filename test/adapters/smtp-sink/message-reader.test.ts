import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EndOfDataScanner, MessageReader } from '../../../src/adapters/smtp-sink/message-reader.ts';
import { BODY_BYTES_MAX, HEADER_BYTES_MAX } from '../../../src/ports.ts';
import { heldBytes } from '../../fakes/held-bytes.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

function read(text: string, chunkBytes: number) {
  const reader = new MessageReader();
  for (let from = 0; from < text.length; from += chunkBytes) {
    reader.write(Buffer.from(text.slice(from, from + chunkBytes), 'latin1'));
  }
  return reader.finish();
}

describe('a message', () => {
  const cases = [
    { text: 'A: b\r\nC: d\r\n\r\nhello\r\n', header: 'A: b\r\nC: d\r\n', body: 'hello\r\n' },
    { text: 'A: b\n\nbare line feeds\n', header: 'A: b\n', body: 'bare line feeds\n' },
    { text: '\r\nno header\r\n', header: '', body: 'no header\r\n' },
    { text: 'A: b\r\n\r\n\r\nsecond empty line\r\n', header: 'A: b\r\n', body: '\r\nsecond empty line\r\n' },
    { text: 'A: b\r\n', header: 'A: b\r\n', body: '' },
    { text: 'A: \xe9\r\n\r\n\xff\r\n', header: 'A: \xe9\r\n', body: '\xff\r\n' },
    { text: '', header: '', body: '' },
  ];
  for (const { text, header, body } of cases) {
    test(`is split at its first empty line however it is cut up: ${JSON.stringify(text)}`, () => {
      for (let chunkBytes = 1; chunkBytes <= text.length + 1; chunkBytes += 1) {
        expect(read(text, chunkBytes)).toEqual({ header, body, bodySha256: sha256(body) });
      }
    });
  }

  test('keeps the start of a megabyte of header and hashes the whole body behind it', () => {
    const long = `X: ${'x'.repeat(1_000_000)}\r\n\r\nbody\r\n`;
    const { header, body, bodySha256 } = read(long, 16_384);
    expect(header).toBe(long.slice(0, HEADER_BYTES_MAX));
    expect(body).toBe('body\r\n');
    expect(bodySha256).toBe(sha256('body\r\n'));
  });

  test('keeps the start of a megabyte of body and hashes all of it', () => {
    const text = 'line of the body\r\n'.repeat(60_000);
    const { body, bodySha256 } = read(`A: b\r\n\r\n${text}`, 16_384);
    expect(body).toBe(text.slice(0, BODY_BYTES_MAX));
    expect(bodySha256).toBe(sha256(text));
  });
});

describe('the end of data', () => {
  const whole = 'A: b\r\n\r\n..stuffed\r\n.\r\nMAIL FROM:<>\r\n';
  test('is found in the chunk that completes it, wherever the chunks are cut', () => {
    const end = whole.indexOf('\r\n.\r\n') + 5;
    for (let cut = 1; cut < whole.length; cut += 1) {
      const scanner = new EndOfDataScanner();
      const found = [whole.slice(0, cut), whole.slice(cut)].map((chunk) => scanner.read(Buffer.from(chunk)));
      expect(found.indexOf(true)).toBe(cut >= end ? 0 : 1);
    }
  });

  test('is found right at the start, and not in a stuffed dot', () => {
    expect(new EndOfDataScanner().read(Buffer.from('.\r\n'))).toBe(true);
    expect(new EndOfDataScanner().read(Buffer.from('..\r\na\r\n..\r\n.b\r\n'))).toBe(false);
  });
});

test('messages that come byte by byte are held in no more than their bytes, twice', () => {
  const one = Buffer.from('a');
  const before = heldBytes();
  const readers = Array.from({ length: 10 }, () => {
    const reader = new MessageReader();
    for (let count = 0; count < 65_536; count += 1) reader.write(Buffer.from(one));
    reader.write(Buffer.from('\n\n'));
    for (let count = 0; count < 65_536; count += 1) reader.write(Buffer.from(one));
    return reader;
  });
  expect((heldBytes() - before) / readers.length).toBeLessThan(2 * 131_072 + 20_000);
  expect(readers[0]?.finish()).toMatchObject({ header: `${'a'.repeat(65_536)}\n`.slice(0, HEADER_BYTES_MAX) });
});
