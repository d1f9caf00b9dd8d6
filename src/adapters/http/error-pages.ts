/** Errors as a page, for a browser that goes to an address; everybody else gets them as JSON. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorState, errorTitle, errorView } from '../../page/view-error.ts';
import { prefersHtml } from './accept.ts';
import { languageOf } from './language.ts';
import type { PageAssets } from './page-assets.ts';
import { PAGE_POLICY, writeDocument } from './page-document.ts';

/** What is sent in place of an answer's `payload`, whose status is set; the same where that is no error or nobody wants a page. */
export function asPage(request: FastifyRequest, reply: FastifyReply, payload: unknown, assets: PageAssets): unknown {
  if (reply.statusCode < 400) return payload;
  void reply.header('vary', 'accept, accept-language');
  const message = prefersHtml(request.headers.accept) ? messageIn(payload) : null;
  if (message === null) return payload;
  const state: ErrorState = { language: spoken(request), status: reply.statusCode, message };
  void reply
    .removeHeader('content-length')
    .headers({ 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' })
    .type('text/html; charset=utf-8');
  const { language } = state;
  return writeDocument({ entry: null, language, title: errorTitle(state), view: errorView(state), data: null }, assets);
}

/** Null of what is no error of ours, such as how ready the agent is. */
function messageIn(payload: unknown): string | null {
  if (typeof payload !== 'string') return null;
  try {
    const { error } = JSON.parse(payload) as { readonly error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

/** What was asked for may be what is wrong. */
function spoken(request: FastifyRequest): ErrorState['language'] {
  try {
    return languageOf(request);
  } catch {
    return languageOf({ query: {}, headers: request.headers });
  }
}
