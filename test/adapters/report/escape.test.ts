/** What strangers wrote stays text in every format. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { csvCell, markdownText } from '../../../src/adapters/report/escape.ts';

describe('in Markdown', () => {
  it.each([
    ['plain words, 2.1.5 (done)', 'plain words, 2.1.5 (done)'],
    ['a|b', 'a\\|b'],
    ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
    ['[click](https://x.example)', '\\[click\\](https\\://x.example)'],
    ['![img](x)', '\\!\\[img\\](x)'],
    ['**bold** _it_ `code` ~~s~~', '\\*\\*bold\\*\\* \\_it\\_ \\`code\\` \\~\\~s\\~\\~'],
    ['&lt; $x$ @user #1 :smile: \\', '\\&lt; \\$x\\$ \\@user \\#1 \\:smile\\: \\\\'],
    ['see WWW.x.example', 'see WWW\\.x.example'],
    ['two\r\n# lines\u2028three', 'two \\# lines three'],
    ['\u202egnp.exe\u200b', 'gnp.exe'],
    ['\x1b[2J', '\\[2J'],
  ])('%j is written %s', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  test('nothing that marks up is left without a backslash, and no line ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const written = markdownText(text);
        expect(written).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/u);
        expect(written.replaceAll(/\\[\\`*_[\]<>&|~$:@#!^.]/g, '')).not.toMatch(/[\\`*_[\]<>&|~$:@#!^]/);
      }),
    );
  });
});

describe('in CSV', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1+1', "'=1+1"],
    [' =1+1', "'=1+1"],
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
    ['two\r\nlines', 'two lines'],
    ['', ''],
  ])('%j is written %s', (text, expected) => {
    expect(csvCell(text)).toBe(expected);
  });

  it('numbers stay numbers, negative ones too, and nothing is empty', () => {
    expect([-1.5, 0, 60].map(csvCell)).toEqual(['-1.5', '0', '60']);
    expect(csvCell(null)).toBe('');
  });
});

test('endless text is cut', () => {
  expect(markdownText('x'.repeat(10_000))).toBe(`${'x'.repeat(511)}…`);
  expect(csvCell('x'.repeat(10_000))).toHaveLength(512);
});
