/** A provider's outbound side as big ones have it: takes mail by submission, signs it with DKIM, hands it to the destination. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import DKIM from 'nodemailer/lib/dkim';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SMTPServer } from 'smtp-server';
import type { HostPort } from '../../src/domain/settings.ts';

export interface SigningRelay {
  readonly at: HostPort;
  /** The DNS name of the key, and its TXT record. */
  readonly keyName: string;
  readonly keyRecord: string;
  /** Where mail goes from now on. */
  setSink(sink: HostPort): void;
  /** Told of each transfer that failed. */
  readonly failures: unknown[];
  close(): Promise<void>;
}

export async function startSigningRelay(domain: string): Promise<SigningRelay> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer = new DKIM({
    domainName: domain,
    keySelector: 'mail',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  let sink: HostPort | null = null;
  /** The 250 comes before the transfer, which nobody waits for. */
  const take = async (
    text: Promise<Buffer>,
    taken: () => void,
    { from, to }: { readonly from: string; readonly to: string[] },
  ): Promise<void> => {
    try {
      const whole = await text;
      taken();
      await handOver(sink, from, to, await buffer(signer.sign(whole)));
    } catch (error) {
      failures.push(error);
    }
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? '' : mailFrom.address;
      const to = rcptTo.map(({ address }) => address);
      const work = take(buffer(stream), () => callback(null), { from, to });
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay took no port');
  return {
    at: { host: address.address, port: address.port },
    keyName: `mail._domainkey.${domain}`,
    keyRecord: `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
    setSink: (to) => {
      sink = to;
    },
    failures,
    async close() {
      await Promise.all(underWay);
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

async function handOver(sink: HostPort | null, from: string, to: string[], text: Buffer): Promise<void> {
  if (sink === null) throw new Error('the relay has nowhere to send to');
  const connection = new SMTPConnection({
    host: sink.host,
    port: sink.port,
    name: 'out.acme.example',
    ignoreTLS: true,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on('error', reject);
      connection.connect((connectError) => {
        if (connectError) return reject(connectError);
        connection.send({ from, to }, text, (error) => (error ? reject(error) : resolve()));
      });
    });
  } finally {
    connection.close();
  }
}
