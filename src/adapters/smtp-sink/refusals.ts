/** Why the sink said no, read off its own reply, for the counters. */
import type { SinkRefusalReason, SinkReply } from '../../ports.ts';

export const RELAYING_DENIED = '5.7.1 Relaying denied';
export const CLOSING_DOWN = '4.3.2 Service is closing down';
export const SESSION_OVER = '4.4.2 Session time is up';
export const DATA_OVER = '4.4.2 Message took too long';
export const TOO_MANY_COMMANDS = '4.7.0 Too many commands without a message';
export const TOO_MANY_CONNECTIONS = '4.7.0 Too many connections from this address';
export const NO_PLACE = '4.3.2 Too many connections, try again later';
export const STEP_OVER = '4.4.2 Command took too long';
export const NO_HANDSHAKE = '4.7.0 TLS not available now, try again later';
export const TOO_SOON = '4.5.1 Wait for the greeting';
export const TOO_BIG = '5.3.4 Message is too big';
/** For a listener that fails, which it must not: no message may be lost by that. */
export const TRY_AGAIN: SinkReply = { code: 451, text: '4.3.0 Local error, try again later' };

/** Null for a reply that refuses nothing the peer did. The texts are those above and smtp-server's own. */
export function refusalReason(code: number, text: string): SinkRefusalReason | null {
  if (code < 400) return null;
  if (code === 550) return 'relay';
  if (code === 552) return 'size';
  if (code === 452 || code === 454) return 'limit';
  if (code === 421) {
    if (text.includes(CLOSING_DOWN)) return null;
    if (text.includes(NO_PLACE)) return 'full';
    if (text.includes(TOO_MANY_COMMANDS)) return 'limit';
    // The last is smtp-server's own.
    if ([SESSION_OVER, DATA_OVER, STEP_OVER, 'Timeout'].some((reason) => text.includes(reason))) return 'timeout';
  }
  return 'protocol';
}

/** As smtp-server's callbacks take a refusal. */
export function replyError(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
