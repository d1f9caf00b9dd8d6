/** Messages that are made to harm whoever reads them, and near misses of probes; none of them is ours. */
import { exim, postfix } from '../../domain/reports.ts';

const MEGABYTE = 1_000_000;
const lines = (...all: readonly string[]): string => all.join('\r\n');

/** `token` is another agent's, `ours` one of our own, which these merely quote. */
export function hostileMessages(ours: string, token: string): Readonly<Record<string, string>> {
  const claim = `X-Mailflow-Probe: ${token}`;
  const from = 'From: Mail flow probe <probe@sink.test>';
  const nested = Array.from({ length: 3000 }, (_, n) =>
    lines(`--b${n}`, `Content-Type: multipart/mixed; boundary=b${n + 1}`, '', ''),
  );
  const report = (sample: typeof postfix, about: string): string => {
    const { header, body } = sample(about);
    return `${header}\r\n${body}`;
  };
  return {
    'a token of another agent': lines(from, `Message-ID: <${token}@sink.test>`, claim, '', `Token: ${token}`),
    'a token of ours, one letter changed': lines(from, `X-Mailflow-Probe: ${changed(ours)}`, '', ''),
    'a token of ours, cut': lines(
      from,
      `X-Mailflow-Probe: ${ours.slice(0, 31)}`,
      `Message-ID: <${ours.slice(1)}@x>`,
      '',
      '',
    ),
    'a token of ours inside of a longer word': lines(from, `X-Mailflow-Probe: a${ours}b`, '', ''),
    'a token of ours in a subject alone': lines(`Subject: ${ours}`, 'From: someone@else.test', '', ours),
    'a reply that quotes one': lines('From: someone@else.test', `In-Reply-To: <${ours}@sink.test>`, '', `> ${ours}`),
    'a report on another agent’s message': report(postfix, token),
    'a report on one of ours by somebody': report(exim, token),
    'a header of one line of megabytes': lines(from, claim, `X-Long: ${'x'.repeat(3 * MEGABYTE)}`, '', ''),
    'a field that is folded without end': lines(from, claim, `X-Long: a${'\r\n b'.repeat(MEGABYTE / 2)}`, '', ''),
    'a hundred thousand fields': lines(claim, ...Array.from({ length: 100_000 }, (_, n) => `X-${n}: y`), '', ''),
    'a hundred thousand Message-IDs': lines(
      ...Array.from({ length: 100_000 }, () => `Message-ID: <${token}@x>`),
      '',
      '',
    ),
    'parts within parts, three thousand deep': lines(
      'Return-Path: <>',
      'Content-Type: multipart/report; boundary=b0',
      '',
      nested.join(''),
    ),
    'a report on a hundred thousand recipients': lines(
      'Return-Path: <>',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      `Original-Envelope-Id: ${token}`,
      '',
      'Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n'.repeat(100_000),
    ),
    'encoded words without end': lines(
      `From: ${'=?utf-8?B?8J+Srw==?= '.repeat(50_000)}<probe@sink.test>`,
      claim,
      '',
      '',
    ),
    'controls, markup and bytes that are no text': lines(
      from,
      claim,
      'Received: from <script>alert(1)</script> by \x1b[2J\x07\xff; Thu, 99 Foo 99999 99:99:99 +9999',
      'Subject: "\x00\x00\x1b]0;owned\x07',
      '\x00\xfe\xff: \xc3\x28',
      '',
      '\x00'.repeat(1000),
    ),
    'a body of ten megabytes': lines(from, 'Content-Transfer-Encoding: base64', '', 'QUFB'.repeat(2_500_000)),
    'nothing at all': '\r\n',
    'line feeds alone': '\n'.repeat(100_000),
  };
}

function changed(token: string): string {
  return (token.startsWith('a') ? 'b' : 'a') + token.slice(1);
}
