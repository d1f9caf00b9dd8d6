/** Follows an SMTP session by its commands and replies: which stage it is in, what was refused, and the instants that count. */

import type { Accepted, Refusal, Stage, Uncertain, Unreachable } from '../../domain/probe.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Clock } from '../../ports.ts';
import { type Deadline, LIMIT_MS } from './deadline.ts';
import type { Failure } from './failure.ts';
import { offers, parseReply, type Reply } from './reply.ts';
import type { StageClock } from './stage-clock.ts';

export type Ending = Accepted | Refusal | Unreachable | Uncertain;

/**
 * What a reply is awaited to, in the order in which nodemailer sends:
 *
 *   greeting → ehlo (→ helo where EHLO is unknown) → [starttls → ehlo] → [auth …] → mail → rcpt → data → dot
 *
 * `mail`, `rcpt` and `data` are awaited at once where the server offers PIPELINING. A stage ends with the reply that lets the
 * next begin; `tls` by STARTTLS ends with the second EHLO's, before which the session does not count (RFC 3207 §4.2).
 */
type Awaited = 'greeting' | 'ehlo' | 'helo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot';

const AWAITED_BY_VERB: Readonly<Record<string, Awaited>> = {
  EHLO: 'ehlo',
  HELO: 'helo',
  STARTTLS: 'starttls',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
};

const LIMIT: Readonly<Record<Awaited, number>> = {
  greeting: LIMIT_MS.greeting,
  ehlo: LIMIT_MS.command,
  helo: LIMIT_MS.command,
  starttls: LIMIT_MS.command,
  auth: LIMIT_MS.command,
  mail: LIMIT_MS.mail,
  rcpt: LIMIT_MS.rcpt,
  data: LIMIT_MS.dataInitiation,
  dot: LIMIT_MS.dataTermination,
};

/** Stages of the awaited that have one of their own; the others belong to the stage under way. */
const STAGE: Partial<Record<Awaited, Stage>> = {
  auth: 'auth',
  mail: 'mail',
  rcpt: 'rcpt',
  data: 'data',
  dot: 'data',
};

export interface Plan {
  /** Whether STARTTLS is required. */
  readonly startTls: boolean;
  readonly login: boolean;
}

export class Transcript {
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #stages: StageClock;
  readonly #deadline: Deadline;
  readonly #awaited: Awaited[] = ['greeting'];
  #startTlsOffered = false;
  #upgraded = false;
  /** The first reply that refused: what follows it in a pipelined batch only repeats it. */
  #refused: { readonly refusal: Refusal | Unreachable; readonly at: Instant } | null = null;
  #handedOver: Instant | null = null;
  #acknowledged: { readonly reply: Reply; readonly at: Instant } | null = null;

  constructor(plan: Plan, clock: Clock, stages: StageClock, deadline: Deadline) {
    this.#plan = plan;
    this.#clock = clock;
    this.#stages = stages;
    this.#deadline = deadline;
    this.#deadline.start(LIMIT.greeting);
  }

  /** Whether the last bytes may have left: from then on the session runs to its reply. */
  get committed(): boolean {
    return this.#handedOver !== null;
  }

  /** A command went out. The lines of an AUTH exchange have no verb. */
  sent(command: string): void {
    const verb = command.split(' ', 1)[0]?.toUpperCase() ?? '';
    // HELO is what follows a refused EHLO (RFC 5321 §3.2): that refusal was no end.
    if (verb === 'HELO') this.#refused = null;
    // QUIT is sent after the end and belongs to no stage.
    if (verb === 'QUIT') return;
    this.#awaited.push(AWAITED_BY_VERB[verb] ?? 'auth');
    if (this.#awaited.length === 1) this.#startLimit();
  }

  /** A block of the message goes out. */
  block(): void {
    this.#deadline.start(LIMIT_MS.dataBlock);
  }

  /** The last block and the final dot go out. */
  lastBlock(): void {
    this.#handedOver = this.#clock.now();
    this.#deadline.start(LIMIT_MS.dataTermination);
  }

  /** A reply was read. `whole` is false for one that the connection's end cut off: it refuses, but grants nothing. */
  replied(raw: string, whole: boolean): void {
    const at = this.#clock.now();
    const awaited = this.#awaited.shift();
    if (awaited === undefined || this.#refused !== null) return;
    const reply = parseReply(raw);
    if (reply === null) return;
    if (reply.code >= 400) this.#refuse(awaited, reply, at);
    else if (whole) this.#advance(awaited, raw, reply, at);
    this.#startLimit();
  }

  /** How it ended, given what nodemailer makes of it: null for success. */
  ending(failure: Failure | null): Ending {
    this.#deadline.stop();
    this.#stages.end(this.#refused?.at ?? this.#acknowledged?.at);
    if (this.#refused !== null) return this.#refused.refusal;
    const { code, text } = failure === null ? UNSENT : describe(failure);
    if (this.#handedOver === null) return { kind: 'unreachable', stage: this.#stages.current(), code, text };
    if (failure !== null || this.#acknowledged === null) {
      return { kind: 'uncertain', handedOver: this.#handedOver, code, text };
    }
    const { reply, at } = this.#acknowledged;
    return { kind: 'accepted', handedOver: this.#handedOver, acknowledged: at, reply: reply.text };
  }

  #refuse(awaited: Awaited, { code, enhanced, text }: Reply, at: Instant): void {
    const stage = STAGE[awaited] ?? this.#stages.current();
    // nodemailer sends a required STARTTLS whether it is offered or not; unoffered and unknown, it was stripped or never there.
    const missing = awaited === 'starttls' && !this.#startTlsOffered && code >= 500;
    const refusal: Refusal | Unreachable = missing
      ? { kind: 'unreachable', stage, code: 'STARTTLS_MISSING', text: `the server offers no STARTTLS: ${code} ${text}` }
      : { kind: 'refused', stage, code, enhanced, text };
    this.#refused = { refusal, at };
  }

  #advance(awaited: Awaited, raw: string, reply: Reply, at: Instant): void {
    const done = reply.code < 300;
    switch (awaited) {
      case 'greeting':
        return;
      case 'ehlo':
      case 'helo':
        if (!done) return;
        this.#startTlsOffered = offers(raw, 'STARTTLS');
        this.#stages.enter(this.#afterEhlo(), at);
        return;
      case 'starttls':
        if (!done) return;
        this.#upgraded = true;
        this.#deadline.start(LIMIT_MS.handshake);
        return;
      case 'auth':
        if (done) this.#stages.enter('mail', at);
        return;
      case 'mail':
        if (done) this.#stages.enter('rcpt', at);
        return;
      case 'rcpt':
        if (done) this.#stages.enter('data', at);
        return;
      case 'data':
        this.#awaited.push('dot');
        return;
      case 'dot':
        if (done) this.#acknowledged = { reply, at };
        return;
    }
  }

  #afterEhlo(): Stage {
    if (this.#plan.startTls && !this.#upgraded) return 'tls';
    return this.#plan.login ? 'auth' : 'mail';
  }

  /** Bounds the wait for the reply that is due next. */
  #startLimit(): void {
    const next = this.#awaited[0];
    if (next !== undefined) this.#deadline.start(LIMIT[next]);
  }
}

/** nodemailer's success, where it is none. */
const UNSENT = { code: 'PROTOCOL', text: 'a 250 before the message was sent' };

function describe({ code, message }: Failure): { code: string; text: string } {
  return { code, text: message };
}
