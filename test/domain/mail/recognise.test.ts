import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recognise } from '../../../src/domain/mail/recognise.ts';
import { newProbeId, tokenOf } from '../../../src/domain/token.ts';
import { exchange, exim, eximPlain, htmlBounce, postfix, postfixDelayed, qmail, qmailReport } from '../reports.ts';

const KEY = new Uint8Array(32).fill(9);
const ID = newProbeId(new Uint8Array(10).fill(3));
const OTHER_ID = newProbeId(new Uint8Array(10).fill(4));
const TOKEN = tokenOf(ID, KEY);
const FALSE_TOKEN = tokenOf(ID, new Uint8Array(32).fill(8));
const FOREIGN = [{ kind: 'foreign' }];
const FORGED = [{ kind: 'forged' }];
const read = (header: string, body = '') => recognise({ header, body }, [KEY]);

describe('recognise', () => {
  it('knows a probe by any one place that holds its token', () => {
    expect(read(`X-Mailflow-Probe: ${TOKEN}`)).toEqual([{ kind: 'probe', id: ID, where: 'header' }]);
    expect(read(`x-mailflow-probe:\r\n ${TOKEN.toUpperCase()}`)).toEqual([{ kind: 'probe', id: ID, where: 'header' }]);
    for (const token of [TOKEN, TOKEN.toUpperCase()])
      expect(read(`Message-ID: <${token}@example.com>`)).toEqual([{ kind: 'probe', id: ID, where: 'message-id' }]);
    expect(read('Subject: x', `hello\r\nToken: ${TOKEN}\r\n`)).toEqual([{ kind: 'probe', id: ID, where: 'body' }]);
  });
  it('knows a probe whose body was encoded on the way', () => {
    const base64 = read('Content-Transfer-Encoding: base64', `${btoa(`Token: ${TOKEN}\r\nLedger:`)}\r\n`);
    expect(base64).toEqual([{ kind: 'probe', id: ID, where: 'body' }]);
    const split = `Token: ${TOKEN.slice(0, 20)}=\r\n${TOKEN.slice(20)}=0D`;
    expect(read('Content-Transfer-Encoding: quoted-printable', split)).toEqual([
      { kind: 'probe', id: ID, where: 'body' },
    ]);
  });
  it('prefers a token that verifies to one beside it that does not', () => {
    expect(read(`X-Mailflow-Probe: ${FALSE_TOKEN}\nMessage-ID: <${TOKEN}@x>`)).toEqual([
      { kind: 'probe', id: ID, where: 'message-id' },
    ]);
    expect(read(`X-Mailflow-Probe: ${TOKEN}\nMessage-ID: <${FALSE_TOKEN}@x>`)).toEqual([
      { kind: 'probe', id: ID, where: 'header' },
    ]);
  });
  it('takes a false token in a place of ours for forged, anywhere else for foreign', () => {
    expect(read(`X-Mailflow-Probe: ${FALSE_TOKEN}`)).toEqual(FORGED);
    expect(read(`Message-ID: <${FALSE_TOKEN}@example.com>`)).toEqual(FORGED);
    expect(read('Subject: x', `Token: ${FALSE_TOKEN}`)).toEqual(FOREIGN);
    expect(read('X-Mailflow-Probe: hello')).toEqual(FOREIGN);
    expect(read(`Message-ID: <${FALSE_TOKEN}.1@example.com>`)).toEqual(FOREIGN);
    // A Message-ID is one token and nothing beside it.
    expect(read(`Message-ID: a <${TOKEN}@example.com>`)).toEqual(FOREIGN);
    expect(read(`Message-ID: <${TOKEN}@example.com> b`)).toEqual(FOREIGN);
    expect(read('', '')).toEqual(FOREIGN);
  });
  it('verifies the tokens of the first Message-IDs alone: a header holds a thousand, and each costs a MAC', () => {
    const ids = (count: number) => `Message-ID: <${FALSE_TOKEN}@x>\n`.repeat(count) + `Message-ID: <${TOKEN}@x>`;
    expect(read(ids(3))).toEqual([{ kind: 'probe', id: ID, where: 'message-id' }]);
    expect(read(ids(4))).toEqual(FORGED);
  });
  it('takes a report by its ENVID alone, and by its words where its fields say nothing', () => {
    const header = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b';
    const report = (fields: string) =>
      read(
        header,
        `--b\r\n\r\nhost said: 550 5.1.1 no\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n${fields}\r\n--b--`,
      );
    const status = { action: 'failed', status: '5.1.1', recipient: null, diagnostic: '550 5.1.1 no' };
    expect(report(`Original-Envelope-Id: ${TOKEN}`)).toEqual([{ kind: 'notice', id: ID, statuses: [status] }]);
    const fields = `Original-Envelope-Id: ${TOKEN}\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: delayed`;
    expect(report(fields)).toMatchObject([{ kind: 'notice', statuses: [{ action: 'delayed', recipient: 'a@b' }] }]);
  });
  it('takes a reply, a receipt or a digest that quotes probes for foreign', () => {
    expect(read(`In-Reply-To: <${TOKEN}@x>`, `> Token: ${TOKEN}`)).toEqual(FOREIGN);
    expect(read('Auto-Submitted: auto-replied', `Token: ${TOKEN}`)).toEqual(FOREIGN);
    expect(
      read(
        'Content-Type: multipart/report; report-type=disposition-notification; boundary=x',
        `--x\n\nToken: ${TOKEN}`,
      ),
    ).toEqual(FOREIGN);
    expect(read('Subject: digest', `Token: ${TOKEN}\nToken: ${tokenOf(OTHER_ID, KEY)}`)).toEqual(FOREIGN);
  });
  it.each([
    ['Postfix', postfix, { action: 'failed', status: '5.1.1', recipient: 'nobody@sink.example.org' }],
    ['Postfix, delayed', postfixDelayed, { action: 'delayed', status: '4.4.1' }],
    ['Exim', exim, { action: 'failed', status: '5.0.0', diagnostic: '550 5.1.1 no such user' }],
    ['Exchange', exchange, { action: 'failed', status: '5.1.10' }],
    ['a qmail with a DSN patch', qmailReport, { action: 'failed', status: '5.0.0' }],
    [
      'qmail',
      qmail,
      { action: 'failed', status: '5.1.1', recipient: 'nobody@sink.example.org', diagnostic: '550 5.1.1 no such user' },
    ],
    [
      'Exim in plain text',
      eximPlain,
      { action: 'failed', status: null, recipient: 'nobody@sink.example.org', diagnostic: '550 no such user' },
    ],
    ['a mailer that writes HTML', htmlBounce, { action: 'failed', status: '5.2.2', recipient: null }],
  ])('takes the bounce of %s for a notice, never a probe', (_name, sample, status) => {
    const found = recognise(sample(TOKEN), [KEY]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      ...{ kind: 'notice', id: ID, statuses: expect.arrayContaining([expect.objectContaining(status)]) },
    });
    expect(recognise(sample('another-message'), [KEY])).toEqual(FOREIGN);
  });
  it('takes a report that returns a false token for forged', () => {
    expect(recognise(postfix(FALSE_TOKEN), [KEY])).toEqual(FORGED);
    expect(recognise(exchange(FALSE_TOKEN), [KEY])).toEqual(FOREIGN);
  });
  it('correlates a report by its ENVID or its references alone', () => {
    const { header, body } = postfix(TOKEN);
    const statusOnly = body.slice(0, body.indexOf('Content-Description: Undelivered'));
    expect(recognise({ header, body: statusOnly }, [KEY])).toMatchObject([{ kind: 'notice', id: ID }]);
    const byReference = { header: exim(TOKEN).header, body: exim('gone').body };
    expect(recognise(byReference, [KEY])).toMatchObject([{ kind: 'notice', id: ID }]);
  });
  it('gives what it says of each recipient, the gravest first', () => {
    const { header, body } = postfix(TOKEN);
    const delivered = 'Final-Recipient: rfc822; a@b\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n';
    expect(
      recognise({ header, body: body.replace('Final-Recipient', `${delivered}Final-Recipient`) }, [KEY]),
    ).toMatchObject([{ statuses: [{ action: 'failed' }, { action: 'relayed' }] }]);
  });
  it('never throws, and finds no probe where no token is', () => {
    const pieces = fc.constantFrom(
      'Content-Type: multipart/report; boundary=x',
      '--x',
      '--x--',
      'Message-ID: <',
      FALSE_TOKEN,
      '@x>',
      ': ',
      '\n',
      ' ',
      'Action: failed',
      'Content-Transfer-Encoding: base64',
    );
    const text = fc.array(fc.oneof(pieces, fc.string())).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (header, body) => {
        for (const found of read(header, body)) expect(['foreign', 'forged']).toContain(found.kind);
      }),
    );
  });
  it('never takes a cut or spliced bounce for a delivery', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(postfix, exim, exchange, qmailReport, qmail, eximPlain, htmlBounce),
        fc.nat(4000),
        fc.nat(4000),
        (sample, cut, from) => {
          const { header, body } = sample(TOKEN);
          for (const found of recognise({ header, body: body.slice(0, cut) + body.slice(from) }, [KEY]))
            expect(found.kind).not.toBe('probe');
        },
      ),
    );
  });
});
