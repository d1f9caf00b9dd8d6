import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enhancedStatus, parseDeliveryStatus } from '../../../src/domain/mail/dsn.ts';
import { ReadMessage } from '../../../src/domain/mail/mime.ts';
import {
  exchange,
  exim,
  eximPlain,
  postfix,
  postfixDelayed,
  qmail,
  qmailReport,
  type SampleReport,
} from '../reports.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz234567';
const parse = (sample: SampleReport) => parseDeliveryStatus(new ReadMessage(sample));

const FINAL_A = 'Final-Recipient: rfc822; a@final.example';
const FINAL_B = 'Final-Recipient: rfc822; b@final.example';
const ORIGINAL_A = 'Original-Recipient: rfc822; a@original.example';
const ORIGINAL_B = 'Original-Recipient: rfc822; b@original.example';
const DONE = 'Action: failed';
const FAILED = { action: 'failed', status: null, recipient: null, diagnostic: null };

/** What a report says whose part has these lines. */
const statusesOf = (lines: readonly string[]) =>
  parse({
    header: 'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    body: ['--b', 'Content-Type: message/delivery-status', '', ...lines, '--b--'].join('\r\n'),
  })?.statuses;

describe('parseDeliveryStatus', () => {
  it('reads the report of Postfix with its ENVID', () => {
    expect(parse(postfix(TOKEN))).toEqual({
      envelopeId: TOKEN,
      statuses: [
        {
          action: 'failed',
          status: '5.1.1',
          recipient: 'nobody@sink.example.org',
          diagnostic: '550 5.1.1 <nobody@sink.example.org>: no such user',
        },
      ],
    });
  });
  it('reads a delay and a folded diagnostic', () => {
    expect(parse(postfixDelayed(TOKEN))?.statuses).toEqual([
      {
        action: 'delayed',
        status: '4.4.1',
        recipient: 'nobody@sink.example.org',
        diagnostic: 'connect to mx.sink.example.org[192.0.2.25]:25: Connection refused',
      },
    ]);
  });
  it('reads the report of Exim, fields in another order', () => {
    expect(parse(exim(TOKEN))).toEqual({
      envelopeId: null,
      statuses: [
        {
          action: 'failed',
          status: '5.0.0',
          recipient: 'nobody@sink.example.org',
          diagnostic: '550 5.1.1 no such user',
        },
      ],
    });
  });
  it('reads the report of Exchange behind nested alternatives and empty lines', () => {
    expect(parse(exchange(TOKEN))?.statuses).toEqual([
      {
        action: 'failed',
        status: '5.1.10',
        recipient: 'nobody@contoso.example',
        diagnostic:
          '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@contoso.example not found by SMTP address lookup',
      },
    ]);
  });
  it('reads recipients that no empty line separates', () => {
    expect(parse(qmailReport(TOKEN))?.statuses).toEqual([
      { action: 'failed', status: '5.0.0', recipient: 'nobody@sink.example.org', diagnostic: null },
      { action: 'failed', status: '5.2.2', recipient: 'other@sink.example.org', diagnostic: null },
    ]);
  });
  it('finds the fields of a report whose delimiters are wrong', () => {
    const sample = postfix(TOKEN);
    const broken = { header: sample.header.replace('boundary="4A1B', 'boundary="wrong'), body: sample.body };
    expect(parse(broken)).toEqual(parse(sample));
  });
  it('takes fields from there to the next delimiter, where the delimiters are wrong', () => {
    const header = 'Content-Type: multipart/report; report-type=delivery-status; boundary=x';
    const fields = ['Final-Recipient: rfc822; a@b.example', 'Action: failed'];
    const behind = ['Final-Recipient: rfc822; of@returned.example', 'Action: failed'];
    const read = (lines: readonly string[]) => parse({ header, body: lines.join('\r\n') })?.statuses;
    for (const before of [[], ['It was not delivered. Action: delayed', '--y', '']])
      expect(read([...before, ...fields, '--y', ...behind])).toEqual([{ ...FAILED, recipient: 'a@b.example' }]);
    // A dash or two within the fields is no delimiter.
    expect(read(['Action: failed', '-- ', 'Diagnostic-Code: x; no --such user', ...fields.slice(0, 1)])).toEqual([
      { ...FAILED, recipient: 'a@b.example', diagnostic: 'no --such user' },
    ]);
    expect(read(['It was not delivered.', ' Action: failed'])).toEqual([]);
  });
  it('knows its part by its whole type, in the words of RFC 3464 or of RFC 6533', () => {
    const { header, body } = postfix(TOKEN);
    // Without the parameter, the part alone says what the report is.
    const untold = header.replace(/report-type=delivery-status;/, '');
    const withPart = (type: string) => parse({ header: untold, body: body.replace('message/delivery-status', type) });
    expect(withPart('message/global-delivery-status')).toEqual(withPart('message/delivery-status'));
    expect(withPart('message/delivery-status')?.statuses).toHaveLength(1);
    const mixed = untold.replace('multipart/report', 'multipart/mixed');
    expect(mixed).not.toBe(untold);
    expect(parse({ header: mixed, body })).toBeNull();
    for (const other of ['x-message/delivery-status', 'message/delivery-status-x', 'message/global-status'])
      expect(withPart(other), other).toBeNull();
  });
  it.each([
    ['Final-Recipient first', [FINAL_A, DONE, FINAL_B, DONE]],
    ['Original-Recipient first', [ORIGINAL_A, FINAL_A, DONE, ORIGINAL_B, FINAL_B, DONE]],
    ['Original-Recipient second', [FINAL_A, ORIGINAL_A, DONE, FINAL_B, ORIGINAL_B, DONE]],
    ['Original-Recipient of the second alone', [FINAL_A, DONE, ORIGINAL_B, FINAL_B, DONE]],
    ['Original-Recipient of the first alone', [ORIGINAL_A, FINAL_A, DONE, FINAL_B, DONE]],
  ])('tells recipients apart that no empty line separates: %s', (_, lines) => {
    expect(statusesOf(lines)).toEqual([
      { ...FAILED, recipient: 'a@final.example' },
      { ...FAILED, recipient: 'b@final.example' },
    ]);
  });
  it('tells a recipient apart that has Original-Recipient alone', () => {
    expect(statusesOf([FINAL_A, DONE, ORIGINAL_B, DONE])).toEqual([
      { ...FAILED, recipient: 'a@final.example' },
      { ...FAILED, recipient: 'b@original.example' },
    ]);
  });
  it('takes two of any other field as of one recipient', () => {
    expect(statusesOf([FINAL_A, DONE, 'Status: 4.4.1', 'Status: 5.1.1', 'X-A: 1', 'X-A: 2'])).toEqual([
      { ...FAILED, recipient: 'a@final.example', status: '4.4.1' },
    ]);
  });
  it('separates recipients at any number of empty lines, white space or not', () => {
    expect(statusesOf(['', '', FINAL_A, DONE, '', ' \t', '', FINAL_B, DONE, ''])).toHaveLength(2);
  });
  it.each([
    ['failed', null, 'Action: failed (no such user)'],
    ['failed', null, 'Action: (a comment) FAILED'],
    ['delayed', '4.2.2', 'Status: 4.2.2'],
    ['delivered', '2.0.0', 'Status: 2.0.0'],
    ['failed', '5.4.4', 'Action: has failed\r\nStatus: 5.4.4'],
    ['delayed', '4.0.5', 'Action: nonsense\r\nStatus: 4.0.5'],
    ['delayed', '5.0.0', 'Action: delayed, still trying\r\nStatus: 5.0.0'],
  ])('reads %s, %s of "%s"', (action, status, fields) => {
    expect(statusesOf([FINAL_A, fields])).toEqual([{ action, status, recipient: 'a@final.example', diagnostic: null }]);
  });
  it('says nothing of fields that name no recipient and no status, and takes either alone', () => {
    expect(statusesOf([DONE])).toEqual([]);
    expect(statusesOf([DONE, 'Status: 5.0.0'])).toEqual([{ ...FAILED, status: '5.0.0' }]);
    expect(statusesOf([DONE, 'Original-Recipient: rfc822; <a@b>'])).toEqual([{ ...FAILED, recipient: 'a@b' }]);
  });
  it('takes the type off a diagnostic and off an address, and nothing that only looks like one', () => {
    const diagnosticOf = (code: string) => statusesOf([FINAL_A, DONE, `Diagnostic-Code: ${code}`])?.[0]?.diagnostic;
    expect(diagnosticOf('SMTP ; 550 no; really')).toBe('550 no; really');
    expect(diagnosticOf('550 no; really')).toBe('550 no; really');
    const recipientOf = (value: string) => statusesOf([`Final-Recipient: ${value}`, DONE])?.[0]?.recipient;
    expect(recipientOf('rfc822; <a@b.example>')).toBe('a@b.example');
    expect(recipientOf('a@b.example')).toBe('a@b.example');
    expect(recipientOf('rfc822; a<b>c@d.example')).toBe('a<b>c@d.example');
  });
  it('tells the action by the status where it is missing, and says nothing where both are', () => {
    const sample = postfix(TOKEN);
    const without = (field: RegExp): SampleReport => ({ header: sample.header, body: sample.body.replace(field, '') });
    expect(parse(without(/^Action: failed\r\n/m))?.statuses[0]?.action).toBe('failed');
    expect(parse(without(/^Action: failed\r\nStatus: 5.1.1\r\n/m))?.statuses).toEqual([]);
  });
  it('is null for a bounce in plain text, another kind of report, and any other message', () => {
    expect(parse(qmail(TOKEN))).toBeNull();
    expect(parse(eximPlain(TOKEN))).toBeNull();
    const receipt = postfix(TOKEN);
    expect(
      parse({ header: receipt.header.replace('delivery-status', 'disposition-notification'), body: receipt.body }),
    ).toBeNull();
    expect(parse({ header: 'Content-Type: multipart/report; boundary=x', body: '--x\n\nhello\n--x--' })).toBeNull();
    expect(
      parse({ header: 'Subject: hello', body: 'Action: failed\nStatus: 5.0.0\nFinal-Recipient: rfc822; a@b' }),
    ).toBeNull();
  });
  it('keeps at most 16 recipients and 500 characters of a diagnostic', () => {
    const sample = postfix(TOKEN);
    const block = `Final-Recipient: rfc822; a@b\r\nAction: failed\r\nDiagnostic-Code: smtp; ${'x'.repeat(5000)}\r\n\r\n`;
    const statuses = parse({
      header: sample.header,
      body: sample.body.replace('Final-Recipient', `${block.repeat(40)}Final-Recipient`),
    })?.statuses;
    expect(statuses).toHaveLength(16);
    expect(statuses?.[0]?.diagnostic).toHaveLength(500);
  });
  it('never throws, wherever a report is cut or spliced', () => {
    const samples = [postfix(TOKEN), exim(TOKEN), exchange(TOKEN), qmailReport(TOKEN)];
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(6000),
        fc.nat(6000),
        fc.string(),
        ({ header, body }, cut, from, noise) => {
          void parse({ header: header.slice(0, cut), body });
          const result = parse({ header, body: body.slice(0, cut) + noise + body.slice(from) });
          expect(result).not.toBeNull();
          for (const status of result?.statuses ?? []) expect(status.recipient?.length ?? 0).toBeLessThanOrEqual(320);
        },
      ),
    );
  });
  it('reads the first 4,000 lines, for each takes as long as a long one', () => {
    const { header, body } = postfix(TOKEN);
    const behind = (lines: number) =>
      parse({ header, body: body.replace('Final-Recipient', `${'\n'.repeat(lines)}Final-Recipient`) })?.statuses;
    expect(behind(3900)).toHaveLength(1);
    expect(behind(4000)).toEqual([]);
  });
});

describe('enhancedStatus', () => {
  it.each([
    ['550 5.1.1 no', '5.1.1'],
    ['(#4.4.1)', '4.4.1'],
    ['host 192.5.1.1 said no', null],
    ['5.1.1.9', null],
    ['3.1.1', null],
    ['5.1.10.', '5.1.10'],
    ['5.110.100', '5.110.100'],
    ['5.1.1x9', '5.1.1'],
    ['5.1.1.x9', '5.1.1'],
  ])('in "%s" is %s', (text, expected) => {
    expect(enhancedStatus(text)).toBe(expected);
  });
});
