/** The configuration file's shape, key by key, with what each means; the one source of the checks and of `config schema`. */
import { z } from 'zod';
import { PATHS } from '../../domain/probe.ts';
import { SINK_RECIPIENTS_MAX } from '../../domain/settings.ts';
import { DEFAULTS } from './defaults.ts';
import { DURATION_PATTERN, DURATION_RULE } from './duration.ts';
import { isAddress, isHelo, isHost, isHostName, isNetwork, PORT_MAX, parseHostPort } from './formats.ts';

/** Becomes a metric label and part of messages: short, and in need of no quoting anywhere. */
const NAME_LENGTH_MAX = 63;
/** Each is connected to when a check fails; more than a few say nothing new. */
const CONTROLS_MAX = 8;
/** A name in each of a few networks. */
const HTTP_NAMES_MAX = 16;
/** A load test of the agent itself. */
const SPOT_CHECKS_MAX = 60_000;
/** Messages a day. More than eleven a second is no measuring any more. */
const MESSAGES_PER_DAY_MAX = 1_000_000;
const SECURITIES = ['tls', 'starttls', 'none'] as const;

const ruled = (holds: (text: string) => boolean, rule: string) =>
  z.string({ error: rule }).refine(holds, { error: rule });
const host = ruled(isHost, 'must be a host name or an IP address');
const hostName = ruled(isHostName, 'must be a host name such as probe.example.org');
const helo = ruled(isHelo, 'must be a host name or an address literal such as [192.0.2.1]');
const address = ruled(isAddress, 'must be an e-mail address such as probe@example.org');
const network = ruled(isNetwork, 'must be a network such as 198.51.100.0/24 or 2001:db8::/32');
const listen = ruled(
  (text) => parseHostPort(text) !== null,
  'must be host:port such as 127.0.0.1:9825 or [::1]:9825',
).refine((text) => (parseHostPort(text)?.port ?? 0) <= PORT_MAX, { error: `must have a port of at most ${PORT_MAX}` });
const target = ruled((text) => {
  const given = parseHostPort(text);
  return given !== null && given.port >= 1 && given.port <= PORT_MAX;
}, `must be host:port such as mx.example.net:25, with a port of 1 to ${PORT_MAX}`);
const slug = (rule: string) =>
  z
    .string({ error: rule })
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: rule })
    .max(NAME_LENGTH_MAX, { error: `must be at most ${NAME_LENGTH_MAX} characters` });
const providerName = slug('must be lower-case letters and digits with hyphens between, as it becomes a metric label');
const contractName = slug('must be the name of a contract, lower-case letters and digits with hyphens between');
const duration = z.string({ error: DURATION_RULE }).regex(DURATION_PATTERN, { error: DURATION_RULE });
const port = z.int().min(1).max(PORT_MAX);
const filePath = z.string().min(1);

function secret(description: string) {
  const inFile = 'must be {file: PATH} or {env: NAME}, a secret does not stand in this file';
  return z
    .strictObject(
      {
        file: filePath
          .optional()
          .describe('File that holds it, a line end at its end left out. Relative to the configuration file.'),
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' })
          .optional()
          .describe('Environment variable that holds it.'),
      },
      { error: ({ code }) => (code === 'invalid_type' ? inFile : undefined) },
    )
    .refine(({ file, env }) => (file === undefined) !== (env === undefined), { error: 'must have one of file and env' })
    .meta({ description, minProperties: 1, maxProperties: 1 });
}

const tlsKeys = {
  ca_file: filePath
    .optional()
    .describe("PEM file of the authorities to trust instead of the system's. Relative to the configuration file."),
  servername: hostName.optional().describe('Name to expect in the certificate. Default: the host.'),
};
const allowPlaintext = z
  .boolean()
  .optional()
  .meta({ description: 'Lets a password cross a network unencrypted, where security is none.', default: false });

const submission = z.strictObject({
  host: host.describe('Server that takes mail from clients (RFC 6409).'),
  port: port.optional().describe('TCP port. Default: 465 for security tls, else 587.'),
  security: z.enum(SECURITIES).optional().meta({
    description: 'tls from the first byte, starttls required, or none.',
    default: DEFAULTS.submissionSecurity,
  }),
  username: z
    .string()
    .min(1)
    .optional()
    .describe('Name to log in with; left out with password for a relay that needs no login.'),
  password: secret('Password to log in with.').optional(),
  from: address.optional().describe("Envelope sender and From. Default: the mailbox's address."),
  helo: helo.optional().describe("Name given in EHLO. Default: the sink's hostname."),
  ...tlsKeys,
  allow_plaintext: allowPlaintext,
});

const mx = z.strictObject({
  host: host.describe("The provider's mail exchanger, which takes mail for the mailbox's domain from other hosts."),
  port: port.optional().meta({ description: 'TCP port.', default: DEFAULTS.mxPort }),
  security: z.enum(SECURITIES).optional().meta({
    description: 'starttls required, none never offers it, tls from the first byte.',
    default: DEFAULTS.mxSecurity,
  }),
  from: address
    .optional()
    .describe(
      'Envelope sender and From, at the domain of the sink so that bounces come back. Default: probe@ that domain.',
    ),
  helo: helo.optional().describe("Name given in EHLO. Default: the sink's hostname."),
  retry_after: z.array(duration).min(1).optional().meta({
    description: 'Waits after each temporary refusal (4xx), 1s to 24h; the last one repeats, for five days in all.',
    default: DEFAULTS.retryAfter,
  }),
  dkim: z
    .strictObject({
      domain: hostName.describe('Signing domain (d=).'),
      selector: hostName.describe('Selector (s=): the public key stands in DNS at SELECTOR._domainkey.DOMAIN.'),
      key_file: filePath.describe('PEM file of the RSA private key. Relative to the configuration file.'),
    })
    .optional()
    .describe('Signs what is injected (RFC 6376). Left out: unsigned.'),
  ...tlsKeys,
});

const mailbox = z.strictObject({
  host: host.describe('IMAP server.'),
  port: port.optional().describe('TCP port. Default: 993 for security tls, else 143.'),
  security: z.enum(SECURITIES).optional().meta({
    description: 'tls from the first byte, starttls required, or none.',
    default: DEFAULTS.mailboxSecurity,
  }),
  username: z.string().min(1).describe('Name to log in with.'),
  password: secret('Password to log in with.'),
  address: address.describe('The address whose mail arrives in this mailbox.'),
  cleanup: z.enum(['delete', 'keep']).optional().meta({
    description:
      "delete removes the agent's own verified messages, and nothing else, once they are in the ledger; keep leaves them.",
    default: DEFAULTS.cleanup,
  }),
  ...tlsKeys,
  allow_plaintext: allowPlaintext,
});

const provider = z.strictObject({
  name: providerName.describe(
    'Names the provider in metrics, commands and reports: lower-case letters, digits and hyphens.',
  ),
  contract: contractName
    .optional()
    .meta({ description: 'Contract the provider is held to.', default: DEFAULTS.contract }),
  networks: z.array(network).optional().meta({
    description: "Networks (CIDR) the provider's outbound mail comes from; empty when not known.",
    default: [],
  }),
  submission: submission.optional().describe('Where clients hand mail in. Needed by the paths send and internal.'),
  mx: mx.optional().describe('Where other hosts hand mail in. Needed by the path receive.'),
  mailbox: mailbox.optional().describe('Where mail arrives, over IMAP. Needed by the paths receive and internal.'),
});

const route = z.strictObject({
  provider: z.string().min(1).describe('Name of a provider.'),
  path: z
    .enum(PATHS)
    .describe(
      "send: submission to the sink. receive: the agent's injector to the mailbox. internal: submission to the mailbox.",
    ),
  every: duration.describe('Mean gap between two probes, 10s to 24h. The gaps themselves are random.'),
  min_gap: duration.optional().describe('Shortest gap. Default: 10s, at most half of every.'),
  max_gap: duration.optional().describe('Longest gap, at most 168h. Default: five times every.'),
});

export const configSchema = z.strictObject({
  agent: z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/, { error: 'must be 1 to 64 characters of printable ASCII' })
    .optional()
    .describe('Names this agent to people, in messages and in the ledger. Default: the host name.'),
  data_folder: filePath.optional().meta({
    description: 'Folder of the ledger and the token key. Relative to the configuration file.',
    default: DEFAULTS.dataFolder,
  }),
  key: secret(
    'Signs the tokens, at least 16 bytes. Default: token.key in the data folder, made by the first run. A token.key.retired beside it still verifies.',
  ).optional(),
  http: z
    .strictObject({
      listen: listen
        .optional()
        .meta({ description: 'Address and port; port 0 takes a free one.', default: DEFAULTS.httpListen }),
      token: secret(
        'Bearer token for what sends mail or changes state. Left out: from loopback alone, without a token.',
      ).optional(),
      spot_checks_per_minute: z.int().min(1).max(SPOT_CHECKS_MAX).optional().meta({
        description:
          'Spot checks by POST that are taken, whoever asks: so many at once, and as many more in each minute.',
        default: DEFAULTS.spotChecksPerMinute,
      }),
      names: z.array(hostName).max(HTTP_NAMES_MAX).optional().meta({
        description:
          'Names by which the page and the interface are asked for, beside addresses and localhost. Under others they are refused, so that no page of a stranger reads them.',
        default: [],
      }),
      metrics: z
        .strictObject({
          listen: listen
            .optional()
            .describe(
              'Address and port for /metrics alone, which is then found nowhere else. Left out: with all else.',
            ),
          token: secret('Bearer token for /metrics. Left out: shown to whoever asks.').optional(),
        })
        .optional()
        .describe('Who gets /metrics.'),
    })
    .optional()
    .describe('Metrics, spot checks, health and the status page.'),
  sink: z
    .strictObject({
      listen: listen
        .optional()
        .meta({ description: 'Address and port; port 0 takes a free one.', default: DEFAULTS.sinkListen }),
      hostname: hostName.describe("The name in the banner; what the domain's MX, the address's PTR and SPF refer to."),
      domain: hostName
        .optional()
        .describe("Domain of the sink's recipients, whose MX is this sink. Default: the hostname."),
      recipients: z.int().min(1).max(SINK_RECIPIENTS_MAX).optional().meta({
        description: 'How many recipient addresses probe-0@, probe-1@ … there are.',
        default: DEFAULTS.recipients,
      }),
      tls: z
        .strictObject({
          cert_file: filePath.describe('PEM file of the certificate chain. Relative to the configuration file.'),
          key_file: filePath.describe('PEM file of its private key. Relative to the configuration file.'),
        })
        .optional()
        .describe('Offers STARTTLS. Left out: none.'),
      reachability: z.enum(['inbound', 'assumed']).optional().meta({
        description:
          'inbound: absence at the sink counts once something from outside has reached it. assumed: the operator vouches for it.',
        default: DEFAULTS.reachability,
      }),
    })
    .describe('The SMTP server that receives what is sent on the path send.'),
  providers: z.array(provider).min(1).describe('The mail providers to measure, one mailbox each.'),
  routes: z
    .array(route)
    .optional()
    .meta({ description: 'What to measure, and how often. Empty: nothing.', default: [] }),
  connectivity: z
    .strictObject({
      every: duration.optional().meta({
        description:
          "Length of a cell, 30s to 5m: each of a provider's servers is checked at one random moment of each cell.",
        default: DEFAULTS.checkEvery,
      }),
      control: z.array(target).max(CONTROLS_MAX).optional().meta({
        description:
          "Neutral hosts, as host:port. A failed check is the provider's fault only if one of them can be reached at that moment; with none, no fault is proven.",
        default: [],
      }),
    })
    .optional()
    .describe("Checks whether the providers' servers can be reached and logged in to."),
  sending: z
    .strictObject({
      messages_per_day: z
        .int()
        .min(1)
        .max(MESSAGES_PER_DAY_MAX)
        .optional()
        .describe(
          'Most messages in a day (UTC), all providers, the schedule and spot checks together. Default: twice what the routes can need and 200 more.',
        ),
    })
    .optional()
    .describe('How much mail the agent may send.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .optional()
        .meta({ description: 'Least level to log.', default: DEFAULTS.logLevel }),
    })
    .optional()
    .describe('Logging, to standard error.'),
});

/** A configuration that keeps its shape; what its keys say together is another matter. */
export type ConfigFile = z.output<typeof configSchema>;
export type ProviderFile = ConfigFile['providers'][number];
export type RouteFile = NonNullable<ConfigFile['routes']>[number];

/** JSON Schema (draft 2020-12) of the configuration file, for editors. */
export function settingsSchema(): Record<string, unknown> {
  return { title: 'mailflow-probe configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
