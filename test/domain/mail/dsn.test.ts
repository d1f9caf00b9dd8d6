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
  ])('in "%s" is %s', (text, expected) => {
    expect(enhancedStatus(text)).toBe(expected);
  });
});
