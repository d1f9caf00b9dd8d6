/** Settings that do not show their secrets when somebody prints them, whole or in part: in an error, a log, or a debugger. */
import { inspect } from 'node:util';
import type { Settings } from '../../domain/settings.ts';
import { redact } from './redact.ts';

/** The same object; each part of it that holds a secret says of itself only what `redact` shows. */
export function hideSecrets(settings: Settings): Settings {
  const { http, sink, providers } = settings;
  const parts: readonly (object | null | undefined)[] = [
    ...[http, http.metrics, sink.tls],
    ...providers.flatMap(({ submission, mx, mailbox }) => [submission?.login, mx?.dkim, mailbox?.login]),
  ];
  for (const part of parts) if (part) shownAs(part, () => HIDDEN);
  return shownAs(settings, () => redact(settings));
}

const HIDDEN = '(secret)';

/** Not enumerable: a copy is a copy of the values alone, and comparing two settings compares those. */
function shownAs<T extends object>(value: T, show: () => unknown): T {
  return Object.defineProperties(value, { toJSON: { value: show }, [inspect.custom]: { value: show } });
}
