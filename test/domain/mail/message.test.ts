import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerValues, parseHeader } from '../../../src/domain/mail/header.ts';
import { chainHeadOf, composeProbe, type ProbeText } from '../../../src/domain/mail/message.ts';
import { recognise } from '../../../src/domain/mail/recognise.ts';
import { newProbeId, tokenOf } from '../../../src/domain/token.ts';

const KEY = new Uint8Array(32).fill(9);
const ID = newProbeId(new Uint8Array(10).fill(3));
const PROBE: ProbeText = {
  id: ID,
  token: tokenOf(ID, KEY),
  agent: 'office-1',
  provider: 'example-mail',
  path: 'send',
  sender: 'probe@mail.example.com',
  recipient: 'probe-0@sink.example.org',
  date: { wallMs: Date.UTC(2026, 10, 12, 3, 4, 5), monoUs: 0, suspendedMs: 0, errorUs: 0, boot: 'b' },
  chainHead: { seq: 42, hash: 'ab'.repeat(32) },
  contact: 'postmaster@sink.example.org',
};

function split(text: string): { header: string; body: string } {
  const end = text.indexOf('\r\n\r\n');
  return { header: text.slice(0, end), body: text.slice(end + 4) };
}

describe('composeProbe', () => {
  it('writes a message that says what it is', () => {
    expect(composeProbe(PROBE).split('\r\n')).toEqual([
      'From: Mail flow probe <probe@mail.example.com>',
      'To: <probe-0@sink.example.org>',
      'Date: Thu, 12 Nov 2026 03:04:05 +0000',
      `Message-ID: <${PROBE.token}@mail.example.com>`,
      'Subject: Mail flow measurement by office-1 (send)',
      `X-Mailflow-Probe: ${PROBE.token}`,
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      'Content-Transfer-Encoding: 7bit',
      '',
      'This is a synthetic message. The agent "office-1" sent it to measure how',
      'long mail takes on the path "send" of example-mail. It is safe to delete,',
      'and nobody reads replies.',
      'Questions: postmaster@sink.example.org',
      '',
      `Token: ${PROBE.token}`,
      `Ledger: 42 ${'ab'.repeat(32)}`,
      '',
    ]);
  });
  it('puts the token in the subject only when asked', () => {
    const subject = (probe: ProbeText) => headerValues(parseHeader(composeProbe(probe)), 'Subject')[0];
    expect(subject(PROBE)).not.toContain(PROBE.token);
    expect(subject({ ...PROBE, subjectToken: true })).toBe(`Mail flow measurement by office-1 (send) ${PROBE.token}`);
  });
  it.each(['agent', 'provider', 'contact', 'sender', 'recipient', 'token', 'id'] as const)(
    'refuses a line end, a control or a letter beyond ASCII in %s, naming it',
    (field) => {
      for (const bad of ['\r\nBcc: x@y', '\n', '\r', '\0', '\u4f01', ' \r\n ']) {
        expect(() => composeProbe({ ...PROBE, [field]: PROBE[field] + bad })).toThrow(RangeError);
        expect(() => composeProbe({ ...PROBE, [field]: PROBE[field] + bad })).toThrow(new RegExp(`^${field} must`));
      }
    },
  );
  it('refuses a chain head that is none, and a token of another id', () => {
    expect(() => composeProbe({ ...PROBE, chainHead: { seq: 1.5, hash: PROBE.chainHead.hash } })).toThrow(
      /^chainHead\.seq must/,
    );
    expect(() => composeProbe({ ...PROBE, chainHead: { seq: 1, hash: 'no' } })).toThrow(/^chainHead\.hash must/);
    for (const hash of [`${PROBE.chainHead.hash}0`, `0${PROBE.chainHead.hash}`])
      expect(() => composeProbe({ ...PROBE, chainHead: { seq: 1, hash } })).toThrow(/^chainHead\.hash must/);
    expect(() => composeProbe({ ...PROBE, id: 'a'.repeat(16) })).toThrow(/^token must begin/);
  });
  it.each([
    ['sender', 'a@b.example and more'],
    ['sender', 'a@b.example>'],
    ['recipient', 'x a@b.example'],
    ['recipient', `${'r'.repeat(320 - '@b.example'.length)}r@b.example`],
    ['id', `a${ID}`],
    ['token', `a${PROBE.token}`],
    ['token', `${PROBE.token}a`],
    ['path', 'send now'],
    ['path', '1send'],
    ['path', 'a'.repeat(17)],
    ['agent', ''],
    ['agent', 'a'.repeat(201)],
    ['contact', 'c'.repeat(5000)],
  ])('refuses a %s that breaks its rule, and quotes 200 characters of it at most (%#)', (field, value) => {
    const compose = () => composeProbe({ ...PROBE, [field]: value });
    expect(compose).toThrow(new RegExp(`^${field} must [^]{1,300}$`));
  });
  it('takes an address of 320 characters, and keeps a long word on the line of its field', () => {
    const recipient = `${'r'.repeat(320 - '@b.example'.length)}@b.example`;
    const domain = `${'label.'.repeat(20)}example`;
    const lines = composeProbe({ ...PROBE, recipient, sender: `probe@${domain}` }).split('\r\n');
    expect(lines).toContain(`To: <${recipient}>`);
    expect(lines).toContain(`Message-ID: <${PROBE.token}@${domain}>`);
    // What has a word before it is folded in front of it.
    expect(lines.slice(0, 2)).toEqual(['From: Mail flow probe', ` <probe@${domain}>`]);
  });
  it('breaks a line that would be longer than 76, in the header with the space that guards the next', () => {
    const linesOf = (names: Partial<ProbeText>) => composeProbe({ ...PROBE, ...names }).split('\r\n');
    const subject = 'Subject: Mail flow measurement by a ';
    const word = 'b'.repeat(75 - subject.length);
    expect(linesOf({ agent: `a ${word} c` })).toContain(`${subject}${word}`);
    expect(linesOf({ agent: `a ${word}b c` })).toContain(` ${word}b c (send)`);
    const contact = 'd'.repeat(76 - 'Questions: '.length);
    expect(linesOf({ contact: `${contact} e` })).toContain(`Questions: ${contact}`);
    expect(linesOf({ contact: `${contact}d e` })).toContain(`${contact}d e`);
  });
  it('for any names keeps its fields, its line ends and its recognition', () => {
    const name = fc.stringMatching(/^[ -~]{1,60}$/);
    const words = fc
      .array(fc.constantFrom('.', 'From', 'From ', '..', 'a', 'long-word-that-fills', ' '), {
        minLength: 1,
        maxLength: 10,
      })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(
        fc.oneof(name, words),
        fc.oneof(name, words),
        fc.oneof(name, words),
        fc.boolean(),
        (agent, provider, contact, subjectToken) => {
          const text = composeProbe({ ...PROBE, agent, provider, contact, subjectToken });
          expect(text).toMatch(/^[\x20-\x7e\r\n]*$/);
          expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
          for (const line of text.split('\r\n')) {
            expect(line).not.toMatch(/^(\.|From )/);
            expect(line.length < 78 || !line.trim().includes(' ') || line.startsWith('Ledger')).toBe(true);
          }
          const { header, body } = split(text);
          expect(parseHeader(header).map((field) => field.name)).toEqual(
            parseHeader(composeProbe(PROBE)).map((field) => field.name),
          );
          expect(recognise({ header, body }, [KEY])).toEqual([{ kind: 'probe', id: ID, where: 'header' }]);
          expect(recognise({ header: '', body }, [KEY])).toEqual([{ kind: 'probe', id: ID, where: 'body' }]);
        },
      ),
    );
  });
});

describe('where the ledger stood', () => {
  const { header, body } = split(composeProbe(PROBE));
  const encoded = (encoding: string) => header.replace('7bit', encoding);

  it('is read back from the body, as it is or encoded on its way', () => {
    expect(chainHeadOf(header, body)).toEqual(PROBE.chainHead);
    expect(chainHeadOf(encoded('base64'), `${btoa(body).replace(/(.{76})/g, '$1\r\n')}\r\n`)).toEqual(PROBE.chainHead);
    const quoted = body.replace(/^(Ledger: .{40})/m, '$1=\r\n').replace('@', '=40');
    expect(chainHeadOf(encoded('quoted-printable'), quoted)).toEqual(PROBE.chainHead);
    expect(chainHeadOf(header, body.replaceAll('\r\n', '\n'))).toEqual(PROBE.chainHead);
  });

  it('is not made up where the body says nothing, half of it, or two things', () => {
    const line = `Ledger: 42 ${'ab'.repeat(32)}`;
    expect(body).toContain(line);
    expect(chainHeadOf(header, `${body}${line}\r\n`)).toEqual(PROBE.chainHead);
    for (const other of [
      body.replace(line, ''),
      body.replace(line, line.slice(0, -1)),
      body.replace(line, `> ${line}`),
      body.replace(line, `${line} and more`),
      `${body}${line.replace('42', '43')}\r\n`,
    ])
      expect(chainHeadOf(header, other)).toBeNull();
  });
});
