/** The embedded mail provider of `demo`: submission, MX, relay and mailbox in one process, on real loopback sockets, with delays that can be set. */
import type { Path } from '../domain/probe.ts';
import type { HostPort, Login } from '../domain/settings.ts';
import type { Clock, Random } from '../ports.ts';
import { createDelays, type Delay } from './delays.ts';
import { startDemoMailbox } from './mailbox.ts';
import { sameAddress, startMx, startSubmission, type TakenMessage } from './smtp-front.ts';
import { startMute } from './sockets.ts';
import { composeBounce, receivedField } from './trace.ts';
import { transfer } from './transfer.ts';

export interface DemoProviderOptions {
  /** Where mail for other domains goes; null until `setSink`, and mail waits for it like for a host that is down. */
  readonly sink: HostPort | null;
  /** Seconds, from the provider's 250 to the start of the transfer (`send`) or to the mailbox (`receive`, `internal`). */
  readonly delays: Readonly<Record<Path, Delay>>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface DemoProvider {
  /** All three without TLS: they are on loopback, and a certificate nobody could check would prove nothing. */
  readonly submission: HostPort;
  readonly mx: HostPort;
  readonly imap: HostPort;
  /** A neutral host beside it, which takes connections and says nothing. */
  readonly control: HostPort;
  readonly login: Login;
  /** The one mailbox there is. */
  readonly address: string;
  readonly domain: string;
  setSink(sink: HostPort): void;
  /** For messages taken from now on. */
  setDelay(path: Path, delay: Delay): void;
  /** Seconds of delay given to a message, by probe id, token or Message-ID; null if it never passed. */
  injected(reference: string): number | null;
  /** Drops what is queued, cuts every connection, and leaves nothing listening or waiting. */
  close(): Promise<void>;
}

/** Reserved for examples (RFC 2606), so that nothing of the demo can name a real host. */
const DOMAIN = 'provider.example';
const ADDRESS = `probe@${DOMAIN}`;
/** Seconds after each failed transfer; the last one repeats. Short: a demo is watched. */
const RETRY_AFTER = [1, 2, 5, 15, 60] as const;
/** Then the message is returned. */
const ATTEMPTS_MAX = 12;

/** Rejects with the error of a server that cannot listen; nothing is left open then. */
export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  const { clock, random } = options;
  const login = { username: ADDRESS, password: hex(random.bytes(12)) };
  const delays = createDelays(options.delays, random);
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const mailbox = await startDemoMailbox(login);
  let sink = options.sink;

  const newQueueId = (): string => hex(random.bytes(5)).toUpperCase();
  const wallMs = (): number => clock.now().wallMs;
  const wait = async (seconds: number): Promise<boolean> => {
    await clock.sleep(seconds * 1000, closing.signal);
    return !closing.signal.aborted;
  };
  const track = (work: Promise<void>): void => {
    underWay.add(work);
    // A failure here is a bug: it stays unhandled and ends the process, as one should.
    void work.finally(() => underWay.delete(work));
  };

  async function deliver(path: 'receive' | 'internal', message: TakenMessage, text: string): Promise<void> {
    if (!(await wait(delays.inject(path, message.text)))) return;
    const trace = receivedField(`mx.${DOMAIN}`, `store.${DOMAIN}`, 'LMTP', newQueueId(), wallMs());
    mailbox.deliver('INBOX', `Return-Path: <${message.sender}>\r\n${trace}${text}`, new Date(wallMs()));
  }

  async function relay(message: TakenMessage, recipient: string, text: string): Promise<void> {
    if (!(await wait(delays.inject('send', message.text)))) return;
    const outbound = `out.${DOMAIN}`;
    const queueId = newQueueId();
    for (let attempt = 1; ; attempt++) {
      const traced = receivedField(`submission.${DOMAIN}`, outbound, 'ESMTP', queueId, wallMs()) + text;
      const envelope = { sender: message.sender, recipient, envelopeId: message.envelopeId };
      const result =
        sink === null
          ? ({ kind: 'deferred', status: '4.4.1', text: 'no route to host' } as const)
          : await transfer(envelope, traced, sink, outbound, closing.signal);
      if (result.kind === 'sent') return;
      if (result.kind === 'refused' || attempt === ATTEMPTS_MAX) {
        return giveBack(message, recipient, result.status, result.text);
      }
      if (!(await wait(RETRY_AFTER[Math.min(attempt, RETRY_AFTER.length) - 1] ?? 60))) return;
    }
  }

  function giveBack(message: TakenMessage, recipient: string, status: string, diagnostic: string): void {
    const end = message.text.indexOf('\r\n\r\n');
    const bounce = composeBounce({
      reporter: `out.${DOMAIN}`,
      sender: message.sender,
      recipient,
      envelopeId: message.envelopeId,
      status: status.replace(/^4/, '5'),
      diagnostic,
      queueId: newQueueId(),
      wallMs: wallMs(),
      returned: end < 0 ? message.text : message.text.slice(0, end),
    });
    mailbox.deliver('INBOX', bounce, new Date(wallMs()));
  }

  function submitted(message: TakenMessage): void {
    const text = traceFrom(message, `submission.${DOMAIN}`, wallMs());
    for (const recipient of message.recipients) {
      if (sameAddress(recipient, ADDRESS)) track(deliver('internal', message, text));
      else if (recipient.toLowerCase().endsWith(`@${DOMAIN}`))
        giveBack(message, recipient, '5.1.1', `550 5.1.1 no mailbox <${recipient}> here`);
      else track(relay(message, recipient, text));
    }
  }

  function received(message: TakenMessage): void {
    track(deliver('receive', message, traceFrom(message, `mx.${DOMAIN}`, wallMs())));
  }

  const fronts: { close(): Promise<void> }[] = [];
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= shutDown();
    return closed;
  };
  const shutDown = async (): Promise<void> => {
    closing.abort();
    await Promise.all([...fronts.map((front) => front.close()), mailbox.close()]);
    await Promise.all(underWay);
  };
  try {
    const submission = await startSubmission(
      { hostname: `submission.${DOMAIN}`, newQueueId, taken: submitted },
      login,
      ADDRESS,
    );
    fronts.push(submission);
    const mx = await startMx({ hostname: `mx.${DOMAIN}`, newQueueId, taken: received }, ADDRESS);
    fronts.push(mx);
    const control = await startMute();
    fronts.push(control);
    return {
      submission: submission.at,
      mx: mx.at,
      imap: mailbox.at,
      control: control.at,
      login,
      address: ADDRESS,
      domain: DOMAIN,
      setSink: (to) => {
        sink = to;
      },
      setDelay: (path, delay) => delays.set(path, delay),
      injected: (reference) => delays.injected(reference),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function traceFrom(message: TakenMessage, by: string, wallMs: number): string {
  return receivedField(message.from, by, message.protocol, message.queueId, wallMs) + message.text;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
