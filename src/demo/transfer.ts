/** The demo's outbound side: hands one message to the next host, on a connection of its own. */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { HostPort } from '../domain/settings.ts';

export interface Envelope {
  readonly sender: string;
  readonly recipient: string;
  readonly envelopeId: string | null;
}

/** `deferred`: another attempt is right; `refused`: none is. */
export type TransferResult =
  | { readonly kind: 'sent' }
  | { readonly kind: 'deferred' | 'refused'; readonly status: string; readonly text: string };

/** Resolves always, once the connection is over; at once when `signal` is aborted. */
export async function transfer(
  envelope: Envelope,
  text: string,
  to: HostPort,
  helo: string,
  signal: AbortSignal,
): Promise<TransferResult> {
  const connection = new SMTPConnection({ host: to.host, port: to.port, name: helo, ignoreTLS: true });
  const ended = new Promise<void>((resolve) => {
    connection.once('end', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const sent = new Promise<TransferResult>((resolve) => {
    // After the outcome is known a resolve changes nothing: what a connection does on its way out is of no interest.
    connection.on('error', (error: Error) => resolve(failed(error)));
    connection.connect((connectError) => {
      if (connectError) return resolve(failed(connectError));
      const { sender, recipient, envelopeId } = envelope;
      const dsn = envelopeId === null ? {} : { dsn: { envid: envelopeId, ret: 'HDRS' } };
      connection.send({ from: sender, to: [recipient], ...dsn }, Buffer.from(text, 'latin1'), (error) => {
        resolve(error ? failed(error) : { kind: 'sent' });
      });
    });
  });
  const lost: TransferResult = { kind: 'deferred', status: '4.4.2', text: 'connection ended before the reply' };
  const result = await Promise.race([sent, ended.then(() => lost)]);
  if (result.kind === 'sent') {
    connection.quit();
    await ended;
  }
  connection.close();
  return result;
}

function failed(error: Error & { responseCode?: number | undefined; response?: string | undefined }): TransferResult {
  const code = error.responseCode ?? 0;
  const text = error.response ?? error.message;
  const status = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0];
  if (code >= 500) return { kind: 'refused', status: status ?? '5.0.0', text };
  return { kind: 'deferred', status: status ?? '4.4.1', text };
}
