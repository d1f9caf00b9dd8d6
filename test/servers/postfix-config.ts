/** What the private Postfix is told: main.cf and master.cf. */
import { join } from 'node:path';
import type { Certificate } from './certificate.ts';

export interface PostfixOptions {
  readonly root: string;
  readonly host: string;
  readonly ports: { readonly mx: number; readonly submission: number; readonly submissions: number };
  readonly policyPort: number;
  readonly certificate: Certificate;
  readonly domain: string;
  readonly sinkDomain: string;
  /** Addresses that MX and submission take; everything else in the domain is refused at RCPT. */
  readonly recipients: readonly string[];
  readonly settings: PostfixSettings;
}

/** What may change while Postfix runs. */
export interface PostfixSettings {
  readonly sinkHost: string;
  readonly sinkPort: number;
  /** Seconds between the final dot and its reply; whole. */
  readonly endOfDataDelaySeconds: number;
  /** Parameters of main.cf that are added or replace the usual ones. */
  readonly extra: Readonly<Record<string, string>>;
}

/** main.cf. */
export function parameters(options: PostfixOptions, settings: PostfixSettings): Record<string, string> {
  const { root, host, domain, sinkDomain, certificate } = options;
  return {
    compatibility_level: '3.6',
    queue_directory: join(root, 'postfix/queue'),
    data_directory: join(root, 'postfix/data'),
    // Debian's default is the system's own folder.
    meta_directory: join(root, 'postfix/etc'),
    maillog_file: join(root, 'maillog'),
    maillog_file_prefixes: root,
    syslog_name: 'provider/postfix',
    myhostname: `mx.${domain}`,
    mydomain: domain,
    myorigin: domain,
    inet_interfaces: host,
    inet_protocols: 'ipv4',
    mydestination: '',
    // Nobody is trusted by address, as at a real provider.
    mynetworks: '127.255.255.254/32',
    local_transport: 'error:no local delivery',
    alias_maps: '',
    local_recipient_maps: '',
    smtpd_peername_lookup: 'no',
    smtp_dns_support_level: 'disabled',
    smtp_host_lookup: 'native',
    smtp_tls_security_level: 'may',
    virtual_mailbox_domains: domain,
    virtual_mailbox_maps: `inline:{ ${options.recipients.map((address) => `${address}=x`).join(' ')} }`,
    virtual_transport: 'lmtp:unix:private/dovecot-lmtp',
    transport_maps: `inline:{ {${sinkDomain} = smtp:[${settings.sinkHost}]:${settings.sinkPort}} }`,
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: 'private/auth',
    smtpd_tls_cert_file: certificate.certFile,
    smtpd_tls_key_file: certificate.keyFile,
    smtpd_tls_security_level: 'may',
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    smtpd_recipient_restrictions: `reject_unlisted_recipient, check_policy_service inet:${host}:${options.policyPort}`,
    smtpd_end_of_data_restrictions: settings.endOfDataDelaySeconds > 0 ? `sleep ${settings.endOfDataDelaySeconds}` : '',
    smtpd_client_connection_rate_limit: '0',
    smtpd_client_connection_count_limit: '0',
    smtpd_error_sleep_time: '0',
    recipient_delimiter: '+',
    enable_long_queue_ids: 'yes',
    delay_logging_resolution_limit: '6',
    // A refused or unreachable destination is tried again within 1 to 3 s. Not sooner: in the same second an attempt
    // may find the message locked by the one before, and then waits 300 s.
    queue_run_delay: '1s',
    minimal_backoff_time: '2s',
    maximal_backoff_time: '2s',
    biff: 'no',
    ...settings.extra,
  };
}

/** master.cf: no service in a chroot, only those in use. */
export function services({ host, ports }: PostfixOptions): string {
  const submitters = '-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject';
  return `${host}:${ports.mx} inet n - n - - smtpd
${host}:${ports.submission} inet n - n - - smtpd
  -o syslog_name=provider/submission -o smtpd_tls_auth_only=no ${submitters}
${host}:${ports.submissions} inet n - n - - smtpd
  -o syslog_name=provider/submissions -o smtpd_tls_wrappermode=yes ${submitters}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
