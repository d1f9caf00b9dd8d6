/** What the agent is told to do: the configuration after it was read and found valid. Durations in seconds, secrets already resolved. */
import type { Path } from './probe.ts';

export interface Settings {
  /** Names this agent to people, in messages and in the ledger. */
  readonly agent: string;
  readonly dataFolder: string;
  /** Signs the tokens (HMAC-SHA256), at least 16 bytes. */
  readonly key: Uint8Array;
  /** Signed them before `key` did, and still verifies those that are on their way; null without one. */
  readonly retiredKey: Uint8Array | null;
  readonly http: HttpSettings;
  readonly sink: SinkSettings;
  readonly providers: readonly ProviderSettings[];
  readonly routes: readonly RouteSettings[];
  readonly connectivity: ConnectivitySettings;
  readonly sending: SendingSettings;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface HttpSettings {
  /** Port 0 takes a free one. */
  readonly listen: HostPort;
  /** Bearer token for what sends mail or changes state; null allows it from loopback alone. */
  readonly token: string | null;
  /** Spot checks by POST, whoever asks: so many at once, and as many more in each minute. */
  readonly spotChecksPerMinute: number;
  /** Host names by which the agent is asked for, beside addresses and `localhost`: under others a page of a stranger's might ask. */
  readonly names: readonly string[];
  readonly metrics: {
    /** An address for `/metrics` alone; null serves it with all else. */
    readonly listen: HostPort | null;
    /** Bearer token for `/metrics`; null shows it to anybody. */
    readonly token: string | null;
  };
}

/** Of the sink's recipients: a provider sees each as a stranger once, and a larger pool serves nothing. */
export const SINK_RECIPIENTS_MAX = 64;

export interface SinkSettings {
  readonly listen: HostPort;
  /** The name in the banner; the sink's A, PTR and MX target. */
  readonly hostname: string;
  /** Domain of the sink's recipients, whose MX is this sink. */
  readonly domain: string;
  /** How many recipient addresses `probe-0@…` there are. */
  readonly recipients: number;
  /** PEM texts; null offers no STARTTLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /**
   * `inbound`: absence at the sink is proven only by something from outside reaching it.
   * `assumed`: an operator who watches the sink from outside by other means vouches for it while it listens.
   */
  readonly reachability: 'inbound' | 'assumed';
}

/** `tls` from the first byte, `starttls` required, or `none`: plain text, only when the configuration says so. */
export type Security = 'tls' | 'starttls' | 'none';

export interface TlsSettings {
  /** PEM of the authorities to trust instead of the system's, null for the system's. */
  readonly ca: string | null;
  /** Name to expect in the certificate, null for the host's own. */
  readonly servername: string | null;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface ProviderSettings {
  readonly name: string;
  readonly contract: string;
  /** Where clients submit mail (RFC 6409). Null when no route needs it. */
  readonly submission: SubmissionSettings | null;
  /** Where other hosts deliver mail for the provider's domain. */
  readonly mx: MxSettings | null;
  readonly mailbox: MailboxSettings | null;
  /** Networks (CIDR) the provider's outbound mail comes from; empty when not known. */
  readonly networks: readonly string[];
}

export interface SubmissionSettings extends HostPort {
  readonly security: Security;
  readonly tls: TlsSettings;
  /** Null for a relay that needs no login. */
  readonly login: Login | null;
  /** Envelope sender and From of what is submitted: an address of the mailbox account. */
  readonly from: string;
  /** Name given in EHLO. */
  readonly helo: string;
}

export interface MxSettings extends HostPort {
  /** As a source MTA: `starttls` here too is required, `none` never offers it. */
  readonly security: Security;
  readonly tls: TlsSettings;
  /** Envelope sender and From of what is injected: an address at the sink's domain, so that bounces come back. */
  readonly from: string;
  readonly helo: string;
  /** Seconds to wait after each temporary refusal before the next attempt; the last one repeats (RFC 5321 §4.5.4.1). */
  readonly retryAfter: readonly number[];
  /** Signs what is injected (RFC 6376), null sends unsigned. */
  readonly dkim: { readonly domain: string; readonly selector: string; readonly privateKey: string } | null;
}

export interface MailboxSettings extends HostPort {
  readonly security: Security;
  readonly tls: TlsSettings;
  readonly login: Login;
  /** The address whose mail arrives here. */
  readonly address: string;
  /** Whether our own verified messages are deleted once they are in the ledger. */
  readonly cleanup: 'delete' | 'keep';
}

export interface RouteSettings {
  readonly provider: string;
  readonly path: Path;
  /** Mean gap between two probes, seconds. */
  readonly every: number;
  readonly minGap: number;
  readonly maxGap: number;
}

export interface SendingSettings {
  /** Most messages in a day (UTC), whatever asks for them. */
  readonly messagesPerDay: number;
}

/** How the providers' servers are checked for being reachable at all. */
export interface ConnectivitySettings {
  /** Length of a cell, seconds: each of a provider's servers is checked once in each. */
  readonly every: number;
  /** Neutral hosts: a check that fails while one of them can be reached is the provider's fault. None: no fault is ever proven. */
  readonly control: readonly HostPort[];
}

/** Seconds. A route faster than this looks like abuse to a provider. */
export const ROUTE_EVERY_MIN = 10;
/** Seconds. More checks look like abuse, and one may last almost so long; fewer miss what 44 minutes a month are made of. */
export const CHECK_EVERY_MIN = 30;
export const CHECK_EVERY_MAX = 300;
