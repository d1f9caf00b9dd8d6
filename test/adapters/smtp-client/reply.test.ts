import { describe, expect, test } from 'vitest';
import { offers, parseReply, printable, TEXT_CHARACTERS_MAX } from '../../../src/adapters/smtp-client/reply.ts';

describe('parseReply', () => {
  test.each([
    ['250 ok', { code: 250, enhanced: null, text: 'ok' }],
    ['550 5.1.1 no such user', { code: 550, enhanced: '5.1.1', text: 'no such user' }],
    [
      '550-5.1.1 The address\n550-5.1.1 does not\n550 5.1.1 exist',
      { code: 550, enhanced: '5.1.1', text: 'The address does not exist' },
    ],
    ['451-first\n451 4.7.1 second', { code: 451, enhanced: '4.7.1', text: 'first second' }],
    ['354', { code: 354, enhanced: null, text: '' }],
    ['550 ', { code: 550, enhanced: null, text: '' }],
    ['250 2.0.0', { code: 250, enhanced: '2.0.0', text: '' }],
  ])('reads %j', (raw, reply) => {
    expect(parseReply(raw)).toEqual(reply);
  });

  test('an enhanced code of another class than the reply is text', () => {
    expect(parseReply('550 4.7.1 odd')).toEqual({ code: 550, enhanced: null, text: '4.7.1 odd' });
  });

  test('an address or a version in the text is no enhanced code', () => {
    expect(parseReply('550 5.1.1.2 refuses you')?.enhanced).toBeNull();
    expect(parseReply('250 Postfix 2.0.0')?.enhanced).toBeNull();
  });

  test.each([
    ['hello'],
    [''],
    ['25 ok'],
    ['2500 ok'],
    ['999 ok'],
    ['250-more is promised'],
    ['250-one\n550 other'],
    ['250-one\nno code\n250 end'],
  ])('%j is no reply', (raw) => {
    expect(parseReply(raw)).toBeNull();
  });
});

describe('offers', () => {
  const ehlo = '250-mx.test STARTTLS is what my name ends with\n250-SIZE 100\n250-starttls\n250 DSN';
  test('finds an extension by its keyword, in any case and with parameters', () => {
    expect(offers(ehlo, 'STARTTLS')).toBe(true);
    expect(offers(ehlo, 'SIZE')).toBe(true);
    expect(offers(ehlo, 'PIPELINING')).toBe(false);
  });
  test('does not take the greeting line for an extension', () => {
    expect(offers('250 STARTTLS', 'STARTTLS')).toBe(false);
    expect(offers('250-mx.test STARTTLS\n250 DSN', 'STARTTLS')).toBe(false);
  });
});

describe('printable', () => {
  test('leaves no control or direction character and no line end', () => {
    expect(printable('a\r\n\u001b[31mb\u0000\u202ec\tü')).toBe('a [31mb c ü');
  });
  test('has a bound', () => {
    expect(printable('x'.repeat(100_000))).toHaveLength(TEXT_CHARACTERS_MAX);
  });
});
