/** The parts of a message as it is read: what they are, what their encodings hide, and where reading ends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeader } from '../../../src/domain/mail/header.ts';
import { contentType, type Leaf, ReadMessage } from '../../../src/domain/mail/mime.ts';

const typeOf = (value: string) => contentType(parseHeader(`Content-Type: ${value}`));
const leavesOf = (type: string, body: string): readonly Leaf[] =>
  new ReadMessage({ header: `Content-Type: ${type}`, body }).leaves;
/** What a message of one part says, in that encoding. */
const decoded = (encoding: string, body: string): string =>
  new ReadMessage({ header: `Content-Transfer-Encoding: ${encoding}`, body }).text;
const mixed = (body: string): readonly Leaf[] => leavesOf('multipart/mixed; boundary=b', body);

describe('contentType', () => {
  it.each([
    ['Text/HTML', 'text/html'],
    ['text/plain (a comment)', 'text/plain'],
    ['multipart/report; boundary=b', 'multipart/report'],
    ['; type=text/html', 'text/plain'],
    ['"text/html"', 'text/plain'],
    ['text', 'text/plain'],
    ['', 'text/plain'],
  ])('of "%s" is %s', (value, expected) => {
    expect(typeOf(value).type).toBe(expected);
  });
  it('is text/plain where nothing says what it is', () => {
    expect(contentType([])).toEqual({ type: 'text/plain', parameters: new Map() });
  });
  it('has parameters by their lower-case name, quoted or not, the first of a name', () => {
    expect([...typeOf('a/b;Boundary="x; y" ;CHARSET = utf-8;charset=latin1;\tempty=""').parameters]).toEqual([
      ['boundary', 'x; y'],
      ['charset', 'utf-8'],
      ['empty', ''],
    ]);
  });
  it('reads 4,096 characters of its parameters', () => {
    const behind = (length: number) => typeOf(`a/b;${' '.repeat(length - 'a/b;x=1'.length)}x=1`).parameters.has('x');
    expect([behind(4096), behind(4097)]).toEqual([true, false]);
  });
});

describe('parts', () => {
  it('are what stands between the delimiters, in their order, however lines end', () => {
    const lines = [
      'preamble',
      '--b',
      'Content-Type: text/a',
      '',
      'one',
      '',
      'more',
      '--b  ',
      '',
      'two',
      '--b--',
      'epilogue',
    ];
    for (const end of ['\r\n', '\n'])
      expect(mixed(lines.join(end)), JSON.stringify(end)).toEqual([
        { type: 'text/a', text: 'one\n\nmore' },
        { type: 'text/plain', text: 'two' },
      ]);
  });
  it('are what there is where the last delimiter is missing, or a part has no body', () => {
    expect(mixed('--b\n\none\n--b\nContent-Type: text/b')).toEqual([
      { type: 'text/plain', text: 'one' },
      { type: 'text/b', text: '' },
    ]);
  });
  it('are none where no line is a delimiter: such a line stands alone, and begins with its dashes', () => {
    expect(mixed('--bb\n\none\n --b\n\ntwo\n--b three')).toEqual([]);
  });
  it('of parts are taken apart too', () => {
    const inner = '--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\none\n--c\nContent-Type: text/y\n\ntwo\n--c--';
    expect(mixed(`${inner}\n--b\n\nthree\n--b--`)).toEqual([
      { type: 'text/plain', text: 'one' },
      { type: 'text/y', text: 'two' },
      { type: 'text/plain', text: 'three' },
    ]);
  });
  it('are taken apart four deep, the message itself among them', () => {
    const nested = (depth: number): string => {
      const inner =
        depth === 1 ? '\ndeepest' : `Content-Type: multipart/x; boundary=${depth - 1}\n\n${nested(depth - 1)}`;
      return `--${depth}\n${inner}\n--${depth}--`;
    };
    const types = (depth: number) => leavesOf(`multipart/x; boundary=${depth}`, nested(depth)).map(({ type }) => type);
    expect([types(4), types(5)]).toEqual([['text/plain'], ['multipart/x']]);
  });
  it('are not looked for in what is no multipart, or names no boundary, or one of more than 200 characters', () => {
    const body = (boundary: string): string => `--${boundary}\n\none\n--${boundary}--`;
    for (const type of ['text/plain; boundary=b', 'x-multipart/mixed; boundary=b', 'multipart/mixed; boundary=""'])
      expect(leavesOf(type, body('b')), type).toEqual([{ type: type.split(';')[0], text: body('b') }]);
    expect(leavesOf('multipart/mixed', body(''))).toEqual([{ type: 'multipart/mixed', text: body('') }]);
    const ofLength = (length: number) => {
      const boundary = 'x'.repeat(length);
      return leavesOf(`multipart/mixed; boundary=${boundary}`, body(boundary)).map(({ type }) => type);
    };
    expect([ofLength(200), ofLength(201)]).toEqual([['text/plain'], ['multipart/mixed']]);
  });
  it('are 32 at most, nested or not', () => {
    const parts = (count: number, boundary: string): string =>
      Array.from({ length: count }, (_, index) => `--${boundary}\n\n${index}\n`).join('');
    expect(mixed(parts(32, 'b'))).toHaveLength(32);
    expect(mixed(parts(500, 'b')).map(({ text }) => text.trim())).toEqual(
      Array.from({ length: 32 }, (_, index) => `${index}`),
    );
    const group = `--b\nContent-Type: multipart/x; boundary=c\n\n${parts(20, 'c')}--c--\n`;
    expect(mixed(group.repeat(3))).toHaveLength(32);
  });
});

describe('text', () => {
  it('has quoted-printable undone: codes of either case, and soft line ends with white space', () => {
    expect(decoded('Quoted-Printable', 'a=3D=3d b=\r\nc= \t\nd=\ne =zz=4')).toBe('a== bcde =zz=4');
  });
  it('has base64 undone, up to its padding, without a group that was cut off', () => {
    expect(decoded('base64', 'b25l\r\nIHR3bw==\r\ngarbage')).toBe('one two');
    expect(decoded('base64', 'b25lI')).toBe('one');
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(40), (bytes, cut) => {
        const text = Buffer.from(bytes).toString('base64');
        const read = (encoded: string) => [...Buffer.from(decoded('base64', encoded), 'latin1')];
        expect(read(text)).toEqual([...bytes]);
        const part = read(text.slice(0, cut));
        expect(part).toEqual([...bytes].slice(0, part.length));
      }),
    );
  });
  it('is as it stands in any other encoding', () => {
    for (const encoding of ['7bit', '8bit', 'binary', 'x-other', ''])
      expect(decoded(encoding, 'a=3D b25l')).toBe('a=3D b25l');
  });
  it('of a message is that of all its parts', () => {
    const header = 'Content-Type: multipart/mixed; boundary=b';
    expect(new ReadMessage({ header, body: '--b\n\none\n--b\n\ntwo\n--b--' }).text).toBe('one\ntwo');
  });
});
