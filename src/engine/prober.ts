/** Sends one probe: plans it, hands it to the provider, and records how that ended. */
import { LOST_AFTER } from '../domain/contract.ts';
import { composeProbe } from '../domain/mail/message.ts';
import {
  ABORTED,
  type Handover,
  isTemporary,
  type Path,
  type ProbeKind,
  type Refusal,
  type Stage,
} from '../domain/probe.ts';
import { dayOf, type SendingCount, secondsToNextDay } from '../domain/sending-limit.ts';
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import { newProbeId, tokenOf } from '../domain/token.ts';
import {
  type Clock,
  type EndpointCheck,
  type Log,
  type Observer,
  type Random,
  type Sender,
  SendingLimitReached,
} from '../ports.ts';
import type { PartHealth } from './health.ts';
import type { Recorder } from './recorder.ts';

/** One path through one provider, with what it takes to send on it. */
export interface Line {
  readonly provider: string;
  readonly path: Path;
  readonly sender: Sender;
  readonly from: string;
  /** Recipients to choose from: the sink's pool, or the one mailbox. */
  readonly recipients: readonly string[];
  /** Seconds to wait after each temporary refusal, the last one repeating; empty takes the first for an answer. */
  readonly retryAfter: readonly number[];
}

export interface ProberOptions {
  readonly agent: string;
  readonly contact: string;
  readonly key: Uint8Array;
  /** What may still be sent today. */
  readonly sending: SendingCount;
}

/** Handovers under way at once on one line. A provider that answers nobody for ten minutes must not collect our connections. */
const HANDOVERS_MAX = 20;

/** What comes before the message itself. */
const ENTRY_STAGES: readonly Stage[] = ['dns', 'connect', 'tls', 'greeting', 'auth'];

export interface Prober {
  /** Whether another probe may start on the line now. */
  hasRoom(line: Line): boolean;
  /**
   * Plans a probe and resolves with its id once it is durable; the handover goes on by itself. Rejects when the ledger refuses, and with
   * SendingLimitReached: then nothing is recorded.
   */
  probe(line: Line, kind: ProbeKind): Promise<string>;
  /** The stage of a handover under way. */
  doing(id: string): Stage | null;
  /** Gives up what was not handed over yet and waits for the rest, for `ms` at most. */
  stop(ms: number): Promise<void>;
}

export function createProber(
  options: ProberOptions,
  parts: {
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly random: Random;
    readonly observer: Observer;
    /** Of the schedule's share of what may be sent. */
    readonly part: PartHealth;
    readonly log: Log;
  },
): Prober {
  const { recorder, clock, random, observer, part, log } = parts;
  const { sending } = options;
  const stopping = new AbortController();
  const running = new Map<string, { readonly line: Line; readonly done: Promise<void>; stage: Stage | null }>();
  const planning = new Map<string, number>();
  /** The day of which the log knows that its spot checks are used up. */
  let toldOf: number | null = null;

  /** Before the plan is recorded: what is planned is sent, and counts from the ledger at the next start. */
  const mayPlan = (kind: ProbeKind, wallMs: number): void => {
    if (sending.take(kind, wallMs)) {
      if (kind === 'scheduled') part.works();
      return;
    }
    const refusal = new SendingLimitReached(kind, secondsToNextDay(wallMs));
    observer.sendingRefused(kind);
    if (kind === 'scheduled') part.failed(refusal.message);
    else if (toldOf !== dayOf(wallMs))
      log.warn('the spot checks of the day are sent: more are refused until 00:00 UTC');
    if (kind === 'spot') toldOf = dayOf(wallMs);
    throw refusal;
  };

  const probe = async (line: Line, kind: ProbeKind): Promise<string> => {
    const id = newProbeId(random.bytes(10));
    const recipient = leastUsed(line.recipients, recorder, planning);
    planning.set(recipient, (planning.get(recipient) ?? 0) + 1);
    const at = clock.now();
    const { provider, path, from } = line;
    try {
      mayPlan(kind, at.wallMs);
      await recorder.record([{ type: 'probe.planned', at, probe: id, provider, path, kind, sender: from, recipient }]);
    } catch (error) {
      if (!(error instanceof SendingLimitReached)) sending.giveBack(kind, at.wallMs);
      throw error;
    } finally {
      planning.set(recipient, (planning.get(recipient) ?? 1) - 1);
    }
    const token = tokenOf(id, options.key);
    const text = composeProbe({
      id,
      token,
      provider,
      path,
      sender: from,
      recipient,
      date: at,
      chainHead: recorder.head,
      ...options,
    });
    const done = handOver(id, line, { sender: from, recipient, text, envelopeId: token }, at)
      .catch((error: unknown) => log.error('a handover broke off', { probe: id, error }))
      .finally(() => running.delete(id));
    running.set(id, { line, done, stage: null });
    return id;
  };

  const handOver = async (
    id: string,
    line: Line,
    message: Parameters<Sender['send']>[0],
    planned: Instant,
  ): Promise<void> => {
    const onStage = (stage: Stage): void => {
      const entry = running.get(id);
      if (entry !== undefined) entry.stage = stage;
    };
    for (let attempt = 1; ; attempt += 1) {
      const handover = await line.sender.send(message, onStage, stopping.signal);
      if (handover.kind !== 'unreachable' || handover.code !== ABORTED)
        observer.endpointChecked(endpointCheck(line, handover));
      const wait = retryDelay(line, handover, attempt, spanBetween(planned, clock.now()).lo);
      if (wait === null) return recorder.note({ type: 'probe.handed-over', at: clock.now(), probe: id, handover });
      const refusal = refusalOf(handover);
      await recorder.note({
        type: 'probe.deferred',
        at: clock.now(),
        probe: id,
        attempt,
        refusal,
        retryAfterSeconds: wait,
      });
      await clock.sleep(wait * 1000, stopping.signal);
      if (stopping.signal.aborted) {
        return recorder.note({
          type: 'probe.handed-over',
          at: clock.now(),
          probe: id,
          handover: givenUp(handover),
        });
      }
    }
  };

  return {
    hasRoom: (line) => [...running.values()].filter((entry) => entry.line === line).length < HANDOVERS_MAX,
    probe,
    doing: (id) => running.get(id)?.stage ?? null,
    async stop(ms) {
      stopping.abort();
      const patience = new AbortController();
      await Promise.race([
        Promise.all([...running.values()].map((entry) => entry.done)),
        clock.sleep(ms, patience.signal),
      ]);
      patience.abort();
    },
  };
}

/** Seconds until the next attempt after a temporary refusal, null if this was the last word (RFC 5321 §4.5.4.1). */
function retryDelay(line: Line, handover: Handover, attempt: number, ageSeconds: number): number | null {
  if (handover.kind !== 'refused' || !isTemporary(handover) || ageSeconds > LOST_AFTER) return null;
  return line.retryAfter[Math.min(attempt, line.retryAfter.length) - 1] ?? null;
}

function refusalOf(handover: Handover): Refusal {
  if (handover.kind !== 'refused') throw new Error(`only a refusal is deferred, this is ${handover.kind}`);
  const { kind, stage, code, enhanced, text } = handover;
  return { kind, stage, code, enhanced, text };
}

function givenUp(last: Handover): Handover {
  const text = 'the agent stopped while waiting for the next attempt';
  return {
    kind: 'unreachable',
    stage: 'mail',
    code: ABORTED,
    text,
    // Those of the last attempt had passed when it was put off.
    stages: [],
    peer: last.peer,
    certificateExpiresMs: last.certificateExpiresMs,
  };
}

/** The recipient with the fewest open probes, so that an attempt which names only its recipient concerns as few as possible. */
function leastUsed(recipients: readonly string[], recorder: Recorder, planning: ReadonlyMap<string, number>): string {
  const uses = new Map(recipients.map((recipient) => [recipient, planning.get(recipient) ?? 0]));
  for (const { recipient } of recorder.state.open.values()) {
    const count = uses.get(recipient);
    if (count !== undefined) uses.set(recipient, count + 1);
  }
  let best: string | null = null;
  for (const [recipient, count] of uses) if (best === null || count < (uses.get(best) ?? 0)) best = recipient;
  if (best === null) throw new Error('a line needs at least one recipient');
  return best;
}

/** A server is up when it lets us in; what it then says of a message is another matter. */
function endpointCheck({ provider, path }: Line, handover: Handover): EndpointCheck {
  const { kind, stages, certificateExpiresMs } = handover;
  const shut = (kind === 'refused' || kind === 'unreachable') && ENTRY_STAGES.includes(handover.stage);
  const seconds = stages
    .filter(({ name }) => ENTRY_STAGES.includes(name))
    .reduce((sum, stage) => sum + stage.seconds, 0);
  return { provider, endpoint: path === 'receive' ? 'mx' : 'submission', up: !shut, seconds, certificateExpiresMs };
}
