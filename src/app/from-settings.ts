/** What the parts of the agent are made from: the settings, put into each part's own terms. */
import { redact } from '../adapters/config-file/read.ts';
import { createMailboxChecker } from '../adapters/imap/checker.ts';
import { createMailbox } from '../adapters/imap/mailbox.ts';
import { readStored } from '../adapters/imap/stored.ts';
import { createLog } from '../adapters/pino/log.ts';
import { createMxChecker, createSubmissionChecker } from '../adapters/smtp-client/checker.ts';
import { createControl } from '../adapters/smtp-client/control.ts';
import { createInjector, createSubmitter } from '../adapters/smtp-client/sender.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { secretsOf } from '../domain/conceal.ts';
import type { ContractTerms } from '../domain/contract-terms.ts';
import { ENDPOINTS, type Endpoint } from '../domain/endpoint.ts';
import type { AgentIdentity } from '../domain/event.ts';
import type { StoredHead } from '../domain/evidence/anchor.ts';
import { contentHash } from '../domain/evidence/chain.ts';
import { chainHeadOf } from '../domain/mail/message.ts';
import { recognise } from '../domain/mail/recognise.ts';
import { isInNetworks } from '../domain/network.ts';
import type { Path } from '../domain/probe.ts';
import {
  createSendingCount,
  DAY_MS,
  DAYS_BACK,
  type SendingCount,
  scheduledPerDayMost,
} from '../domain/sending-limit.ts';
import type { ProviderSettings, Settings } from '../domain/settings.ts';
import type { CheckedEndpoint, ConnectivityOptions } from '../engine/connectivity.ts';
import type { Line } from '../engine/prober.ts';
import type { StatusOptions } from '../engine/status-board.ts';
import type { Clock, Ledger, Log, Signer } from '../ports.ts';

/** A log in which none of these settings' secrets can stand. */
export function logOf(settings: Settings, level: Settings['log']['level'] = settings.log.level): Log {
  return createLog(level, settings.agent, secretsOf(settings));
}

export function identityOf(settings: Settings, { publicKey }: Signer): AgentIdentity {
  return {
    agent: settings.agent,
    contact: contactOf(settings),
    configuration: configurationDigest(settings),
    publicKey,
  };
}

/** Lower-case hex SHA-256 of the settings without their secrets. */
export function configurationDigest(settings: Settings): string {
  return contentHash(redact(settings));
}

function contactOf({ sink }: Settings): string {
  return `postmaster@${sink.domain}`;
}

/** What is left of the day's messages, by what the ledger has of it. */
export async function sendingCountOf(
  { routes, sending }: Settings,
  ledger: Pick<Ledger, 'plannedSince'>,
  clock: Clock,
): Promise<SendingCount> {
  const perDay = sending.messagesPerDay;
  const limit = { perDay, scheduled: Math.min(perDay, scheduledPerDayMost(routes)) };
  return createSendingCount(limit, await ledger.plannedSince(clock.now().wallMs - DAYS_BACK * DAY_MS));
}

export function engineOptions(settings: Settings, lines: readonly Line[], clock: Clock, log: Log) {
  const { agent, key, retiredKey, providers, sink } = settings;
  return {
    agent,
    contact: contactOf(settings),
    key,
    retiredKey,
    lines,
    reachability: sink.reachability,
    sinkOnLoopback: isInNetworks(sink.listen.host, ['127.0.0.0/8', '::1/128']) || sink.listen.host === 'localhost',
    sinkClients: providers.map(({ name, submission, networks }) => ({
      provider: name,
      sender: submission?.from ?? null,
      networks,
    })),
    mailboxes: providers.flatMap(({ name, mailbox }) =>
      mailbox === null
        ? []
        : [
            {
              provider: name,
              mailbox: createMailbox(mailbox, sendersOf(settings), { clock, random: systemRandom, log }),
              cleanup: mailbox.cleanup,
            },
          ],
    ),
  };
}

/** The servers of every provider, each with a connection of its own. */
export function connectivityOf({ providers, connectivity }: Settings, clock: Clock, log: Log): ConnectivityOptions {
  const { every: everySeconds, control } = connectivity;
  const session = { shallow: 'session', deep: 'login' } as const;
  const checks = providers.flatMap(({ name: provider, submission, mx, mailbox }) => {
    const targets: CheckedEndpoint[] = [];
    if (submission !== null) {
      const checker = createSubmissionChecker(submission, clock);
      targets.push({ provider, endpoint: 'submission', depths: session, checker });
    }
    if (mx !== null) {
      // Without a mailbox there is no address of the provider's to ask for.
      const deep = mailbox === null ? 'greeting' : 'recipient';
      const checker = createMxChecker(mx, mailbox?.address ?? null, clock);
      targets.push({ provider, endpoint: 'mx', depths: { shallow: 'greeting', deep }, checker });
    }
    if (mailbox !== null) {
      const checker = createMailboxChecker(mailbox, clock, log);
      targets.push({ provider, endpoint: 'mailbox', depths: session, checker });
    }
    return targets;
  });
  return { everySeconds, checks, control: control.length === 0 ? null : createControl(control, clock) };
}

/** Where the ledger stood by our own verified messages in the providers' mailboxes. Rejects with MailboxError. */
export async function storedHeads({ providers, key, retiredKey }: Settings, log: Log): Promise<readonly StoredHead[]> {
  const clock = systemClock();
  const keys = retiredKey === null ? [key] : [key, retiredKey];
  const heads: StoredHead[] = [];
  try {
    for (const { name: provider, mailbox } of providers) {
      if (mailbox === null) continue;
      for await (const { header, body, storedMs, where } of readStored(mailbox, clock, log)) {
        const head = chainHeadOf(header, body);
        const ours = recognise({ header, body }, keys).some(({ kind }) => kind === 'probe');
        if (ours && head !== null) heads.push({ provider, head, storedMs, where });
      }
    }
    return heads;
  } finally {
    clock.close();
  }
}

/** Every provider and path that the settings allow to be measured, scheduled or not. */
export function routesOf(settings: Settings): readonly { readonly provider: string; readonly path: Path }[] {
  return settings.providers.flatMap((provider) => pathsOf(provider).map((path) => ({ provider: provider.name, path })));
}

/** Every server that is checked. */
export function endpointsOf({
  providers,
}: Settings): readonly { readonly provider: string; readonly endpoint: Endpoint }[] {
  return providers.flatMap((settings) =>
    ENDPOINTS.filter((endpoint) => settings[endpoint] !== null).map((endpoint) => ({
      provider: settings.name,
      endpoint,
    })),
  );
}

/** What the status page shows of each provider. */
export function statusOptions(
  { dataFolder, providers, connectivity }: Settings,
  contracts: ReadonlyMap<string, ContractTerms>,
): Pick<StatusOptions, 'dataFolder' | 'providers' | 'checkEverySeconds'> {
  return {
    dataFolder,
    checkEverySeconds: connectivity.every,
    providers: providers.map((settings) => ({
      name: settings.name,
      paths: pathsOf(settings),
      endpoints: ENDPOINTS.filter((endpoint) => settings[endpoint] !== null),
      contract: contracts.get(settings.name) ?? null,
    })),
  };
}

function pathsOf({ submission, mx, mailbox }: ProviderSettings): Path[] {
  const paths: Path[] = [];
  if (submission !== null) paths.push('send');
  if (mx !== null && mailbox !== null) paths.push('receive');
  if (submission !== null && mailbox !== null) paths.push('internal');
  return paths;
}

/** A provider's paths with what it takes to send on them. */
export function linesOf({ name, submission, mx, mailbox }: ProviderSettings, { sink }: Settings, clock: Clock): Line[] {
  const lines: Line[] = [];
  if (submission !== null) {
    const sender = createSubmitter(submission, clock);
    const pool = Array.from({ length: sink.recipients }, (_, index) => `probe-${index}@${sink.domain}`);
    const common = { provider: name, sender, from: submission.from, retryAfter: [] };
    lines.push({ ...common, path: 'send', recipients: pool });
    if (mailbox !== null) lines.push({ ...common, path: 'internal', recipients: [mailbox.address] });
  }
  if (mx !== null && mailbox !== null) {
    lines.push({
      provider: name,
      path: 'receive',
      sender: createInjector(mx, clock),
      from: mx.from,
      recipients: [mailbox.address],
      retryAfter: mx.retryAfter,
    });
  }
  return lines;
}

/** Whom the sink knows: envelope senders at its domain, to which bounces of what is injected come back, and the providers' networks. */
export function correspondentsOf({ providers }: Settings) {
  return {
    senders: [...new Set(providers.flatMap(({ mx }) => (mx === null ? [] : [mx.from])))],
    networks: providers.flatMap(({ networks }) => networks),
  };
}

function sendersOf({ providers }: Settings): string[] {
  return [...new Set(providers.flatMap(({ mx, submission }) => [mx?.from ?? [], submission?.from ?? []].flat()))];
}
