/** No value can become markup, in text or in an attribute; nothing of the sort has to be remembered by who writes a template. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { html, pathData, styleElement } from '../../../src/adapters/report/html-text.ts';

describe('a template', () => {
  it.each([
    ['<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
    ['" onload="x', '&#34; onload=&#34;x'],
    ["' onload='x", '&#39; onload=&#39;x'],
    ['&lt;', '&#38;lt;'],
    ['two\r\nlines\u2028here', 'two lines here'],
    ['\u202egnp.exe\u200b', 'gnp.exe'],
    ['\x00\x1b[2J', '[2J'],
  ])('writes %j as %s', (text, expected) => {
    expect(String(html`<p title="${text}">${text}</p>`)).toBe(`<p title="${expected}">${expected}</p>`);
  });

  it('takes markup of its own kind as it is, numbers as digits, lists joined, and null as nothing', () => {
    expect(String(html`${html`<b>${'<'}</b>`}${[1, null, [html`<i></i>`, '>']]}${null}`)).toBe(
      '<b>&#60;</b>1<i></i>&#62;',
    );
  });

  it('cuts endless text', () => {
    expect(String(html`${'x'.repeat(10_000)}`)).toBe(`${'x'.repeat(511)}…`);
  });
});

test('whatever the text, nothing of it opens a tag, ends an attribute or begins a reference', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const written = String(html`${text}`);
      expect(written.replaceAll(/&#(?:34|38|39|60|62|96);/g, '')).not.toMatch(/[<>&"'`]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('a path holds letters of ours and numbers only', () => {
  expect(String(pathData(['M', 1.26, -2], ['h', 3], ['Z']))).toBe('M1.3 -2h3Z');
});

test('a style sheet that could end its element is refused', () => {
  expect(() => styleElement('a{content:"</style>"}')).toThrow('must not hold <');
});
