/** Every surface on which strangers write to the agent, by the name that `--surface` takes. */
import { fuzzConfig } from './config.ts';
import { fuzzHttp } from './http.ts';
import { fuzzImap } from './imap.ts';
import { fuzzGrowth, fuzzMail } from './mail.ts';
import { fuzzSink } from './sink.ts';
import type { Surface } from './surface.ts';
import { fuzzTokens } from './tokens.ts';

/** This module, for the thread that runs a round. */
export const TABLE = import.meta.url;

export const SURFACES: Readonly<Record<string, Surface>> = {
  tokens: { about: 'what tells our messages from others', fuzz: fuzzTokens, roundCount: 5000 },
  mail: { about: 'headers, traces, dates, reports, bounces, MIME and DKIM', fuzz: fuzzMail, roundCount: 3000 },
  growth: { about: 'the same, ten times as large as any that is read', fuzz: fuzzGrowth, roundCount: 50 },
  sink: { about: 'sessions at the SMTP sink', fuzz: fuzzSink, roundCount: 500 },
  http: { about: 'requests over HTTP', fuzz: fuzzHttp, roundCount: 500 },
  config: { about: 'configurations', fuzz: fuzzConfig, roundCount: 100 },
  imap: { about: 'answers of an IMAP server', fuzz: fuzzImap, roundCount: 150 },
};
