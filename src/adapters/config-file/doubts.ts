/** What a configuration may say and yet seldom means: told as warnings. */
import { isLoopback } from './formats.ts';
import { type Finding, type KeyPath, keyName } from './problem.ts';
import type { ConfigFile, ProviderFile } from './schema.ts';

export function doubtsOf({ providers, routes = [] }: ConfigFile): readonly Finding[] {
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
