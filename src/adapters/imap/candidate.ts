/** Whether a message may concern us, judged by a few header fields alone, so that other people's mail stays unread. */
import { voiceOf } from '../../domain/mail/bounce.ts';
import { headerValues, parseHeader } from '../../domain/mail/header.ts';
import { TOKEN_FIELD } from '../../domain/mail/message.ts';
import { findTokens } from '../../domain/token.ts';

/** Fields that `candidacyOf` reads. */
export const CANDIDATE_FIELDS: readonly string[] = [
  TOKEN_FIELD,
  'Message-ID',
  'From',
  'Content-Type',
  'Return-Path',
  'X-Failed-Recipients',
];

/** `header`: shows a token in its header, which is enough. `body`: a report, a bounce, or a message of ours whose token was stripped. */
export type Candidacy = 'none' | 'header' | 'body';

export function candidacyOf(header: string, ownSenders: readonly string[]): Candidacy {
  const fields = parseHeader(header);
  const isReport = headerValues(fields, 'Content-Type').some((value) => /^multipart\/report\b/i.test(value));
  if (isReport || voiceOf(fields) === 'mailer') return 'body';
  const words = [...headerValues(fields, TOKEN_FIELD), ...headerValues(fields, 'Message-ID')].join('\n');
  if (findTokens(words).length > 0) return 'header';
  const from = headerValues(fields, 'From').join('\n').toLowerCase();
  return ownSenders.some((sender) => from.includes(sender.toLowerCase())) ? 'body' : 'none';
}
