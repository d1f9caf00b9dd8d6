import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeader } from '../../../src/domain/mail/header.ts';
import { parseReceived } from '../../../src/domain/mail/received.ts';

const hopOf = (value: string) => parseReceived(parseHeader(`Received: ${value}`))[0];

describe('parseReceived', () => {
  it('puts the oldest hop first and takes the steps between their clocks', () => {
    const header = [
      'Received: from out.example.net (out.example.net [192.0.2.7])\r\n\tby mx.example.org (Postfix) with ESMTPS id 4A1;\r\n\tThu, 12 Nov 2026 11:04:08 +0800 (CST)',
      'Received: from mid (unknown) by out.example.net; Thu, 12 Nov 2026 03:04:09 +0000',
      'Subject: x',
      'Received: from [192.0.2.1] by mid.example.net with ESMTPSA id 1; Thu, 12 Nov 2026 03:04:05 +0000',
    ].join('\r\n');
    expect(parseReceived(parseHeader(header))).toEqual([
      { by: 'mid.example.net', from: '[192.0.2.1]', at: '2026-11-12T03:04:05.000Z', seconds: null },
      { by: 'out.example.net', from: 'mid', at: '2026-11-12T03:04:09.000Z', seconds: 4 },
      { by: 'mx.example.org', from: 'out.example.net', at: '2026-11-12T03:04:08.000Z', seconds: -1 },
    ]);
  });
  it.each([
    [
      'Postfix',
      'from a.example (b.example [192.0.2.1])\r\n (using TLSv1.3 with cipher X (256/256 bits))\r\n (No client certificate requested)\r\n by mx.example (Postfix) with ESMTPS id 9F; Thu, 12 Nov 2026 03:04:05 +0000 (UTC)',
      'a.example',
      'mx.example',
    ],
    [
      'Exim',
      'from [192.0.2.1] (helo=a; x) by mx.example with esmtps (TLS1.3) (Exim 4.96) (envelope-from <p@x>) id 1t-0;0-1 for q@y; Thu, 12 Nov 2026 03:04:05 +0000',
      '[192.0.2.1]',
      'mx.example',
    ],
    [
      'Exchange',
      'from A.PROD.OUTLOOK.COM (2603::1) by B.PROD.OUTLOOK.COM (2603::2) with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.20.9412; Thu, 12 Nov 2026 03:04:05 +0000',
      'A.PROD.OUTLOOK.COM',
      'B.PROD.OUTLOOK.COM',
    ],
    ['Gmail', 'by 2002:a05:6a00:1 with SMTP id x1csp1; Wed, 11 Nov 2026 19:04:05 -0800 (PST)', null, '2002:a05:6a00:1'],
    ['qmail', '(qmail 1234 invoked by uid 89); 12 Nov 2026 03:04:05 -0000', null, null],
    ['a client without a name', 'from by mx.example; Thu, 12 Nov 2026 03:04:05 +0000', null, 'mx.example'],
  ])('reads the form of %s', (_name, value, from, by) => {
    expect(hopOf(value)).toEqual({ from, by, at: '2026-11-12T03:04:05.000Z', seconds: null });
  });
  it('leaves unknown what is missing, and the steps beside it', () => {
    const header =
      'Received: from a by c; 12 Nov 2026 03:04:07 +0000\nReceived: from a by b; sometime\nReceived: by a; 12 Nov 2026 03:04:05 +0000';
    expect(parseReceived(parseHeader(header)).map((hop) => [hop.at === null, hop.seconds])).toEqual([
      [false, null],
      [true, null],
      [false, null],
    ]);
    expect(hopOf('rubbish')).toEqual({ by: null, from: null, at: null, seconds: null });
    expect(hopOf('from a by b 12 Nov 2026 03:04:05 +0000')).toEqual({ by: 'b', from: 'a', at: null, seconds: null });
    expect(hopOf('12 Nov 2026 03:04:05 +0000')).toMatchObject({ at: null });
    expect(hopOf('from ab by cd')).toMatchObject({ by: 'cd', from: 'ab' });
    expect(hopOf('; 12 Nov 2026 03:04:05 +0000')).toMatchObject({ by: null, at: '2026-11-12T03:04:05.000Z' });
  });
  it('bounds what it keeps', () => {
    expect(hopOf(`from ${'a'.repeat(5000)} by b\u0007c; x`)).toMatchObject({ from: 'a'.repeat(255), by: 'b' });
    const loop = Array.from({ length: 500 }, (_, n) => `Received: by h${n}; x`).join('\n');
    expect(parseReceived(parseHeader(loop))).toHaveLength(100);
  });
  it('makes of any text one hop, its names bounded', () => {
    const text = fc.string({
      unit: fc.constantFrom('from ', 'by ', '(', ')', ';', '\\', 'a', ' ', '12 Nov 2026 03:04:05 +0000', '\0'),
    });
    fc.assert(
      fc.property(text, (value) => {
        const hop = hopOf(value);
        expect(hop?.by ?? '').not.toMatch(/[\s\p{Cc}]/u);
        expect(hop?.seconds).toBeNull();
      }),
    );
  });
});
