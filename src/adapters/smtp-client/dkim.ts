/** Signs what the injector sends (RFC 6376). */
import { createPrivateKey } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import DKIM from 'nodemailer/lib/dkim';
import type { MxSettings } from '../../domain/settings.ts';

/** Gives a function from a message to the same with its DKIM-Signature on top. Throws on a key that cannot be read. */
export function createSigner(dkim: NonNullable<MxSettings['dkim']>): (text: string) => Promise<Buffer> {
  try {
    createPrivateKey(dkim.privateKey);
  } catch (cause) {
    throw new Error(`the DKIM key of ${dkim.selector}._domainkey.${dkim.domain} must be a private key in PEM`, {
      cause,
    });
  }
  const signer = new DKIM({ domainName: dkim.domain, keySelector: dkim.selector, privateKey: dkim.privateKey });
  return (text) => buffer(signer.sign(text));
}
