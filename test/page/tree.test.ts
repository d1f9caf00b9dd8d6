/** What a tree becomes: text stays text, whoever wrote it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeJson, writeTree } from '../../src/adapters/http/page-markup.ts';
import { element, textOf } from '../../src/page/tree.ts';

it('leaves out what is nothing, and joins neighbouring text', () => {
  expect(
    element('p', { id: 'a', hidden: true, title: null, open: false }, 'one', null, false, '', ' two', [3, []]),
  ).toEqual({
    tag: 'p',
    attributes: { id: 'a', hidden: '' },
    children: ['one two3'],
  });
});

it('makes one bounded line of what could hide or turn text around', () => {
  const { children } = element('p', {}, 'safe\u202Eevil\u0000\nline');
  expect(children).toEqual(['safe evil line']);
  expect(textOf(element('p', {}, 'x'.repeat(5000)))).toHaveLength(512);
});

it('leaves what the script is to find again as it is', () => {
  expect(element('p', { 'data-key': 'a\nb', title: 'a\nb' }).attributes).toEqual({ 'data-key': 'a\nb', title: 'a b' });
});

it('writes no markup but its own', () => {
  expect(writeTree(element('a', { href: '"><script>' }, '<b>&', element('input', { name: 'x' })))).toBe(
    '<a href="&#34;&#62;&#60;script&#62;">&#60;b&#62;&#38;<input name="x"></a>',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = writeTree(element('p', { title: text }, text));
      expect(written.match(/[<>]/g)).toHaveLength(4);
      expect(written.match(/"/g)).toHaveLength(2);
    }),
  );
});

it('writes JSON that ends no script element and says the same', () => {
  const hostile = { text: '</script><!--<script>\u2028&' };
  const written = writeJson(hostile);
  expect(written).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(written)).toEqual(hostile);
});
