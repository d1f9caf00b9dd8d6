/** Which language a page is wanted in. */
import type { FastifyRequest } from 'fastify';
import { LANGUAGES, type Language } from '../../page/format.ts';
import { readChoice } from './request.ts';

/** `?lang=`, else the one that the browser likes better, else English. Throws MalformedRequest for one that the page does not speak. */
export function languageOf({ query, headers }: Pick<FastifyRequest, 'query' | 'headers'>): Language {
  const { lang } = (query ?? {}) as { readonly lang?: unknown };
  if (lang !== undefined) return readChoice('lang', lang, LANGUAGES);
  return preferredLanguage(headers['accept-language']);
}

/** RFC 9110 §12.5.4: of equal weights the first. */
export function preferredLanguage(accepted: string | undefined): Language {
  const wishes = (accepted ?? '').split(',').map((part) => {
    const [range = '', weight = 'q=1'] = part
      .toLowerCase()
      .split(';')
      .map((word) => word.trim());
    return { language: range.split('-')[0], weight: Number(weight.replace('q=', '')) };
  });
  let best: { readonly language: Language; readonly weight: number } = { language: 'en', weight: 0 };
  for (const { language, weight } of wishes) {
    const known = LANGUAGES.find((spoken) => spoken === language);
    if (known !== undefined && weight > best.weight) best = { language: known, weight };
  }
  return best.language;
}
