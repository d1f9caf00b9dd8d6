/** DKIM signatures, held against the example of RFC 8463, another implementation's signatures, and altered messages. */
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import DKIM from 'nodemailer/lib/dkim';
import { describe, expect, it } from 'vitest';
import { canonicalBody, canonicalField } from '../../../src/adapters/dkim/canonical.ts';
import { checkSignatures } from '../../../src/adapters/dkim/verify.ts';
import type { KeysOf } from '../../../src/ports.ts';

/** RFC 8463 Appendix A.3, with the keys of A.2. */
const EXAMPLE = {
  header: `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>
`.replaceAll('\n', '\r\n'),
  body: `Hi.

We lost the game.  Are you hungry yet?

Joe.
`.replaceAll('\n', '\r\n'),
};
const KEYS: Readonly<Record<string, string>> = {
  brisbane: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  test: `v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id
Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHv
qMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB`,
};
const keysOf: KeysOf = (domain, selector) => (domain === 'football.example.com' ? [KEYS[selector] ?? []].flat() : []);
const problems = (message: typeof EXAMPLE, keys: KeysOf = keysOf) =>
  checkSignatures(message, keys).map(({ problem }) => problem);

describe('the example of RFC 8463', () => {
  it('holds by both of its signatures', () => {
    const found = { domain: 'football.example.com', signedMs: 1_528_637_909_000, problem: null };
    expect(checkSignatures(EXAMPLE, keysOf)).toEqual([
      { ...found, selector: 'brisbane' },
      { ...found, selector: 'test' },
    ]);
  });

  it('does not hold with another body, another header, without keys, or with a key for something else', () => {
    const body = EXAMPLE.body.replace('lost', 'won');
    expect(problems({ ...EXAMPLE, body })).toEqual(Array(2).fill('the body is not the one that was signed'));
    const header = EXAMPLE.header.replace('dinner', 'supper');
    expect(problems({ ...EXAMPLE, header })).toEqual(Array(2).fill('the header is not the one that was signed'));
    expect(problems(EXAMPLE, () => [])).toEqual(Array(2).fill('its key is not known'));
    expect(problems(EXAMPLE, () => ['v=DKIM1; p='])).toEqual(Array(2).fill('its key was revoked'));
    expect(problems(EXAMPLE, () => [KEYS['test']!])).toEqual(['its key is not one for ed25519', null]);
  });

  it('holds by an older key of the same selector too', () => {
    expect(problems(EXAMPLE, () => [KEYS['test']!, 'nonsense', KEYS['brisbane']!])).toEqual([null, null]);
  });

  it('counts no field that was added on top, and minds one that was added beside a signed one', () => {
    expect(problems({ ...EXAMPLE, header: `Received: from x\r\n${EXAMPLE.header}` })).toEqual([null, null]);
    // `from` is named once more than there are, so a second one breaks both.
    const header = `From: Mallory <m@evil.example>\r\n${EXAMPLE.header}`;
    expect(problems({ ...EXAMPLE, header })).toEqual(Array(2).fill('the header is not the one that was signed'));
  });

  it.each([
    ['l=10; ', 'the signature covers a part of the body only'],
    ['l=; ', 'the signature covers a part of the body only'],
  ])('is refused with %s', (tag, problem) => {
    const header = EXAMPLE.header.replaceAll('q=dns/txt;', `q=dns/txt; ${tag}`);
    expect(problems({ ...EXAMPLE, header })).toEqual([problem, problem]);
  });

  it.each([
    ['a=rsa-sha256', 'a=rsa-sha1', 'the signature is by another algorithm than rsa-sha256 and ed25519-sha256'],
    ['s=test;', 's=../x;', 'the signature names no domain and selector'],
    ['h=from : to', 'h=to', 'the signature does not cover the sender'],
    ['s=test;', 's=test; s=test;', 'the signature is not one of version 1'],
  ])('is refused with %s as %s', (from, to, problem) => {
    const at = EXAMPLE.header.lastIndexOf('DKIM-Signature');
    const header = EXAMPLE.header
      .slice(at)
      .replace('h=from : to : subject :\r\n date', 'h=from : to : subject : date')
      .replace(from, to)
      .replace(/h=to : subject : date : message-id : from :/, 'h=to : subject : date : message-id :');
    expect(problems({ ...EXAMPLE, header })).toEqual([problem]);
  });
});

describe('canonical forms', () => {
  // RFC 6376 §3.4.5: A and B are fields, C and D lines of the body.
  const body = ' C \r\nD \t E\r\n\r\n\r\n';
  it('are those of RFC 6376', () => {
    expect(canonicalField('A: X', 'relaxed')).toBe('a:X');
    expect(canonicalField('B : Y\t\r\n\tZ  ', 'relaxed')).toBe('b:Y Z');
    expect(canonicalField('B : Y\t\r\n\tZ  ', 'simple')).toBe('B : Y\t\r\n\tZ  ');
    expect(canonicalBody(body, 'relaxed')).toBe(' C\r\nD E\r\n');
    expect(canonicalBody(body, 'simple')).toBe(' C \r\nD \t E\r\n');
  });

  it('of an empty body are nothing and one line end', () => {
    expect([canonicalBody('', 'relaxed'), canonicalBody('', 'simple')]).toEqual(['', '\r\n']);
    expect([canonicalBody('\r\n', 'relaxed'), canonicalBody(' \r\n', 'relaxed')]).toEqual(['', '']);
    expect(canonicalBody('no end', 'simple')).toBe('no end\r\n');
  });
});

describe('what nodemailer signs', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const record = `p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
  const signer = new DKIM({
    domainName: 'acme.example',
    keySelector: 'one',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });

  it('holds, and no longer once a character of the body has changed', async () => {
    const line = fc.stringMatching(/^[ -~]{0,60}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.nat(), async (lines, place) => {
        const text = `From: <a@acme.example>\r\nSubject: x\r\n\r\n${lines.join('\r\n')}!\r\n`;
        const signed = (await buffer(signer.sign(text))).toString('latin1');
        const end = signed.indexOf('\r\n\r\n');
        const message = { header: signed.slice(0, end + 2), body: signed.slice(end + 4) };
        expect(problems(message, () => [record])).toEqual([null]);
        const at = place % message.body.length;
        const body = `${message.body.slice(0, at)}#${message.body.slice(at)}`;
        expect(problems({ ...message, body }, () => [record])).toEqual(['the body is not the one that was signed']);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused by a key of 512 bits', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ type: 'spki', format: 'der' });
    expect(problems(EXAMPLE, () => [`p=${weak.toString('base64')}`])[1]).toBe('its key has 512 bits only');
  });
});

it('takes simple canonical forms, which are the default', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  const body = 'Two  spaces \r\n';
  const bh = createHash('sha256').update(body).digest('base64');
  const field = `DKIM-Signature: v=1; a=ed25519-sha256; d=a.example; s=x; h=from;\r\n\tbh=${bh}; b=`;
  const digest = createHash('sha256').update(`From:  A  <a@a.example>\r\n${field}`).digest();
  const proof = sign(null, digest, createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))).toString(
    'base64',
  );
  const header = `${field}${proof}\r\nFrom:  A  <a@a.example>\r\n`;
  const record = () => [`v=DKIM1; k=ed25519; p=${raw}`];
  expect(problems({ header, body }, record)).toEqual([null]);
  expect(problems({ header, body: 'Two spaces \r\n' }, record)).not.toEqual([null]);
  expect(problems({ header: header.replace('From:  A', 'From: A'), body }, record)).not.toEqual([null]);
});
