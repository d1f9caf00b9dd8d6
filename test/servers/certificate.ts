/** A certificate authority of the test's own, and server certificates from it that are valid, expired, or for another name. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT } from './daemon.ts';

export type CertificateKind = 'valid' | 'expired' | 'other-name';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The authority to trust. */
  readonly caPem: string;
}

const DAY_MS = 86_400_000;
/** First and last day of validity, counted from today. */
const VALIDITY_DAYS: Readonly<Record<CertificateKind, readonly [number, number]>> = {
  valid: [-1, 30],
  expired: [-30, -1],
  'other-name': [-1, 30],
};
const run = promisify(execFile);

/** Writes key and certificate into `folder`, over those that are there, and the authority if there is none. `names` are the certificate's, as `DNS:host` and `IP:address`. */
export async function issueCertificate(
  folder: string,
  kind: CertificateKind,
  names: readonly string[],
): Promise<Certificate> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.txt'), '');
  const subjectAltName = kind === 'other-name' ? 'DNS:elsewhere.test' : names.join(',');
  await writeFile(join(folder, 'openssl.cnf'), configuration(subjectAltName));
  const openssl = (...args: string[]) =>
    run('openssl', [...args, '-config', 'openssl.cnf'], { cwd: folder, env: SERVER_ENVIRONMENT });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  if (!existsSync(join(folder, 'ca.pem')))
    await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority');
  await openssl('req', '-new', ...newKey, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=mx.corp.test');
  // Only `openssl ca` takes both ends of the validity in OpenSSL 3.0.
  const [first, last] = VALIDITY_DAYS[kind].map((days) => asn1Time(Date.now() + days * DAY_MS)) as [string, string];
  await openssl(
    'ca',
    '-batch',
    '-notext',
    '-in',
    'request.pem',
    '-out',
    'cert.pem',
    '-startdate',
    first,
    '-enddate',
    last,
  );
  return {
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    caPem: await readFile(join(folder, 'ca.pem'), 'utf8'),
  };
}

/** `YYYYMMDDHHMMSSZ`. */
function asn1Time(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

function configuration(subjectAltName: string): string {
  return `
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[ca]
default_ca = issuer
[issuer]
certificate = ca.pem
private_key = ca.key
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = ${subjectAltName}
`;
}
