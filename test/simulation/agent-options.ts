/** What the simulated agent is told to do: every path of every provider, by a plan. */
import { DELAY_MAXIMUM_LIMIT } from '../../src/domain/contract.ts';
import { ENDPOINTS } from '../../src/domain/endpoint.ts';
import { PATHS, type Path } from '../../src/domain/probe.ts';
import type { EngineOptions } from '../../src/engine/engine.ts';
import type { Clock, Mailbox } from '../../src/ports.ts';
import { UNLIMITED } from '../fakes/agent.ts';
import { DEPTHS, type Reach, simulatedChecker, simulatedControl } from '../fakes/simulated-checker.ts';
import type { Plan } from './plan.ts';
import type { Provider } from './provider.ts';

const KEY = new Uint8Array(32).fill(7);
const CONTACT = 'postmaster@sink.example';
const RECIPIENTS = ['probe-0@sink.example', 'probe-1@sink.example'];
/** Where bounces of what is injected go, to our own sink. */
export const BOUNCES = 'bounces@sink.example';

export function accountOf(provider: string): string {
  return `probe@${provider}.example`;
}

/** Of a process that lives by `clock` and meets mailboxes as `mortal` makes them. Without a schedule it only takes up what is pending. */
export function agentOptions(
  plan: Plan,
  providers: readonly Provider[],
  process: { readonly clock: Clock; readonly mortal: (mailbox: Mailbox) => Mailbox; readonly scheduled: boolean },
  reachOf: (provider: Provider) => Reach,
): EngineOptions {
  const { clock, mortal, scheduled } = process;
  const { probeEverySeconds: every, checkEverySeconds: everySeconds } = plan;
  const gaps = { every, minGap: every / 8, maxGap: every * 4 };
  const [first] = providers;
  return {
    agent: 'simulated',
    version: '0',
    contact: CONTACT,
    identity: { agent: 'simulated', contact: CONTACT, configuration: '0'.repeat(64), publicKey: '' },
    key: KEY,
    retiredKey: null,
    sending: UNLIMITED(),
    routes: scheduled ? plan.providers.flatMap((provider) => PATHS.map((path) => ({ provider, path, ...gaps }))) : [],
    reachability: plan.reachability,
    sinkOnLoopback: false,
    maximumSeconds: () => DELAY_MAXIMUM_LIMIT,
    lines: providers.flatMap((provider) => PATHS.map((path) => lineOf(provider, path, clock))),
    sinkClients: providers.map(({ name, address }) => ({
      provider: name,
      sender: accountOf(name),
      networks: plan.has('unknown networks') ? [] : [`${address}/32`],
    })),
    mailboxes: providers.map(({ name, mailbox }) => ({
      provider: name,
      mailbox: mortal(mailbox),
      cleanup: plan.seed % 2 === 0 ? ('delete' as const) : ('keep' as const),
    })),
    connectivity: {
      everySeconds,
      control: plan.controlled && first !== undefined ? simulatedControl(reachOf(first), clock) : null,
      checks: providers.flatMap((provider) =>
        ENDPOINTS.map((endpoint) => ({
          provider: provider.name,
          endpoint,
          depths: DEPTHS[endpoint],
          checker: simulatedChecker(endpoint, reachOf(provider), clock),
        })),
      ),
    },
  };
}

function lineOf(provider: Provider, path: Path, clock: Clock): EngineOptions['lines'][number] {
  const account = accountOf(provider.name);
  const line = { provider: provider.name, path, sender: provider.sender(path, clock) };
  switch (path) {
    case 'send':
      return { ...line, from: account, recipients: RECIPIENTS, retryAfter: [] };
    case 'internal':
      return { ...line, from: account, recipients: [account], retryAfter: [] };
    case 'receive':
      return { ...line, from: BOUNCES, recipients: [account], retryAfter: [60, 300] };
  }
}
