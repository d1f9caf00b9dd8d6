/** What a configuration may say and yet seldom means: told as warnings. */
import { isLoopback, parseHostPort } from './formats.ts';
import { type Finding, type KeyPath, keyName } from './problem.ts';
import type { ConfigFile, ProviderFile } from './schema.ts';

export function doubtsOf(file: ConfigFile): readonly Finding[] {
  return [...routeDoubts(file), ...connectivityDoubts(file)];
}

function routeDoubts({ providers, routes = [] }: ConfigFile): readonly Finding[] {
  if (routes.length === 0) return [doubt(['routes'], 'is empty, nothing is measured but by spot checks')];
  const measured = new Set(routes.map((route) => route.provider));
  const senders = providers.map(senderOf);
  return providers.flatMap((provider, index) => {
    const at = ['providers', index];
    const doubts: Finding[] = [];
    if (!measured.has(provider.name))
      doubts.push(doubt(at, `has no route, ${provider.name} is measured by spot checks alone`));
    const sharer = senders.indexOf(senders[index]);
    if (senders[index] !== undefined && sharer !== index) {
      doubts.push(
        doubt([...at, 'submission'], `has the sender of providers[${sharer}], lost connections are laid to that one`),
      );
    }
    return [...doubts, ...plaintextDoubts(provider, at)];
  });
}

function connectivityDoubts({ connectivity, providers }: ConfigFile): readonly Finding[] {
  const control = connectivity?.control ?? [];
  const path = ['connectivity', 'control'];
  if (control.length === 0)
    return [doubt(path, "names no neutral host, so no fault is ever proven to be a provider's")];
  const hosts = new Set(providers.flatMap(({ submission, mx, mailbox }) => [submission, mx, mailbox].map(hostOf)));
  const own = control.findIndex((text) => {
    const host = hostOf(parseHostPort(text) ?? undefined);
    return host !== null && hosts.has(host) && !isLoopback(host);
  });
  return own < 0 ? [] : [doubt([...path, own], "is a provider's own host, which is down when the provider is")];
}

function hostOf(server: { readonly host: string } | undefined): string | null {
  return server?.host.toLowerCase() ?? null;
}

function plaintextDoubts(provider: ProviderFile, at: KeyPath): readonly Finding[] {
  return (['submission', 'mailbox'] as const).flatMap((part) => {
    const server = provider[part];
    if (server?.allow_plaintext !== true || server.security !== 'none' || isLoopback(server.host)) return [];
    return [
      doubt(
        [...at, part, 'allow_plaintext'],
        `lets the password of ${keyName([...at, part])} cross networks unencrypted`,
      ),
    ];
  });
}

/** The sink tells by the envelope sender whose connection it sees. */
function senderOf({ submission, mailbox }: ProviderFile): string | undefined {
  return submission === undefined ? undefined : (submission.from ?? mailbox?.address)?.toLowerCase();
}

function doubt(path: KeyPath, rule: string): Finding {
  return { path, rule, value: null };
}
