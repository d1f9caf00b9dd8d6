/** What the tests of the SMTP client share: settings, a message, certificates. */
import { readFileSync } from 'node:fs';
import type { Stage } from '../../../src/domain/probe.ts';
import type { MxSettings, SubmissionSettings } from '../../../src/domain/settings.ts';
import type { OutgoingMessage } from '../../../src/ports.ts';

const read = (name: string) => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8');

/** All of one key. `localhost` also names 127.0.0.1; each is its own authority. */
export const CERTIFICATES = {
  localhost: { cert: read('localhost'), key: read('key') },
  elsewhere: { cert: read('elsewhere'), key: read('key') },
  expired: { cert: read('expired'), key: read('key') },
} as const;

export const message: OutgoingMessage = {
  sender: 'probe@agent.test',
  recipient: 'probe-0@sink.test',
  text: 'From: probe@agent.test\r\nTo: probe-0@sink.test\r\nSubject: probe\r\n\r\nfirst line\r\n.a dot leads this one\r\n',
  envelopeId: 'token+of=this probe',
};

export function submission(over: Partial<SubmissionSettings>): SubmissionSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    security: 'none',
    tls: { ca: null, servername: null },
    login: null,
    from: 'probe@agent.test',
    helo: 'agent.test',
    ...over,
  };
}

export function mx(over: Partial<MxSettings>): MxSettings {
  const { login: _, ...server } = submission({});
  return { ...server, retryAfter: [300], dkim: null, ...over };
}

/** Notes the stages as they begin. */
export function stageLog(): { readonly stages: Stage[]; readonly onStage: (stage: Stage) => void } {
  const stages: Stage[] = [];
  return { stages, onStage: (stage) => void stages.push(stage) };
}

/** A signal that is never aborted. */
export const never = (): AbortSignal => new AbortController().signal;
