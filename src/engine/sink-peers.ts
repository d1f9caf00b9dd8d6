/** Whose connection it may be that came to the sink: by the networks that are configured, and by what a host has shown that it carries. */
import { isGlobal, isInNetworks, peerAddress } from '../domain/network.ts';
import type { Recorder } from './recorder.ts';

/** What tells whose connection it is: the envelope sender of what is submitted, and the networks it leaves from. */
export interface SinkClient {
  readonly provider: string;
  readonly sender: string | null;
  /** Empty where they are not known. */
  readonly networks: readonly string[];
}

/** What a peer said of its message: the envelope, as far as it came. The sender is empty in a bounce (RFC 5321 §4.5.5). */
export interface Envelope {
  readonly sender: string;
  readonly recipients: readonly string[];
}

export interface SinkPeers {
  /** Whether it may be a connection of the provider: of its networks, of a host that has carried its mail to us, or any if they are not known. */
  mayBeFrom(peer: string, provider: string): boolean;
  /**
   * The providers with something on its way whose attempt it may have been; `said` is null where the connection ended before its MAIL.
   * A host that gives our own envelope is the provider's from then on, whatever is configured: networks grow, and a NAT hides them.
   */
  suspects(peer: string, said: Envelope | null): readonly string[];
  /** A probe of the provider came from there. Whether that shows, for the first time, that its networks are not those that are configured. */
  brought(peer: string, provider: string): boolean;
  /** Whether it shows that others can reach us: a load balancer or a NAT of our own reaches us where nobody else does. */
  isFromOutside(peer: string): boolean;
}

/** Hosts remembered for each provider, those met last; large ones send from some hundreds. */
const HOSTS_MAX = 1000;

/** `loopbackCounts`: the sink listens on loopback alone, so that nothing else can reach it. */
export function createSinkPeers(
  clients: readonly SinkClient[],
  loopbackCounts: boolean,
  recorder: Recorder,
): SinkPeers {
  /** Addresses that gave a provider's own envelope, by provider. */
  const met = new Map(clients.map(({ provider }) => [provider, new Set<string>()]));

  /** Providers of which it was told that their networks are others. */
  const outdated = new Set<string>();

  const pending = (provider: string) =>
    [...recorder.state.open.values()].filter((record) => record.path === 'send' && record.provider === provider);
  const givesOwn = ({ provider, sender }: SinkClient, said: Envelope): boolean =>
    sender !== null &&
    said.sender === sender &&
    pending(provider).some(({ recipient }) => said.recipients.includes(recipient));
  const isKnown = ({ provider, networks }: SinkClient, address: string): boolean =>
    isInNetworks(address, networks) || met.get(provider)?.has(address) === true;
  const mayTry = (client: SinkClient, address: string, said: Envelope | null): boolean => {
    if (isKnown(client, address)) return true;
    if (client.networks.length > 0) return false;
    // It told nothing of whose it was: a scanner's, or one of the provider's that broke off in its greeting or in TLS.
    if (said === null) return !clients.some(({ networks }) => isInNetworks(address, networks));
    // On its way the local part of a sender may be rewritten, or tagged (BATV).
    return said.recipients.length > 0 || (client.sender !== null && domainOf(said.sender) === domainOf(client.sender));
  };
  const meet = (provider: string, address: string): void => {
    const hosts = met.get(provider);
    if (hosts === undefined) return;
    hosts.delete(address);
    hosts.add(address);
    for (const oldest of hosts) if (hosts.size > HOSTS_MAX) hosts.delete(oldest);
  };

  return {
    mayBeFrom: (peer, provider) =>
      clients.some(
        (client) =>
          client.provider === provider && (client.networks.length === 0 || isKnown(client, peerAddress(peer))),
      ),
    suspects(peer, said) {
      const address = peerAddress(peer);
      if (said !== null) for (const client of clients) if (givesOwn(client, said)) meet(client.provider, address);
      return clients
        .filter((client) => mayTry(client, address, said) && pending(client.provider).length > 0)
        .map(({ provider }) => provider);
    },
    brought(peer, provider) {
      const address = peerAddress(peer);
      const own = clients.filter((client) => client.provider === provider && client.networks.length > 0);
      const isElsewhere = own.length > 0 && !own.some(({ networks }) => isInNetworks(address, networks));
      meet(provider, address);
      if (!isElsewhere || outdated.has(provider)) return false;
      outdated.add(provider);
      return true;
    },
    isFromOutside(peer) {
      const address = peerAddress(peer);
      return loopbackCounts || isGlobal(address) || clients.some(({ networks }) => isInNetworks(address, networks));
    },
  };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
