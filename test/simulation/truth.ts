/** What is so in a simulated world, kept by the world itself and never shown to the agent. All times are milliseconds that passed for everybody. */
import type { Endpoint } from '../../src/domain/endpoint.ts';
import type { Path } from '../../src/domain/probe.ts';
import type { OutgoingMessage } from '../../src/ports.ts';
import type { OutageManner } from '../fakes/simulated-checker.ts';
import type { InjectedFault } from './fault.ts';

/** What became of one message at its provider. */
export interface MessageTruth {
  /** The probe's. */
  readonly id: string;
  readonly provider: string;
  readonly path: Path;
  readonly message: OutgoingMessage;
  /** When the first connection for it was begun. */
  readonly begunMs: number;
  /** Complete reception by the provider; null if it never took it. */
  receivedMs: number | null;
  /** When the provider was ready to pass it on, or put it into the mailbox; whatever of ours stood in its way. Null if not so far. */
  readyMs: number | null;
  /** From when on a client could have read it (mailbox paths: the servers that let it in were up); for `send` the same as `readyMs`. */
  accessibleMs: number | null;
  /** When our sink took it, or a look and fetch could see it; null if not so far. */
  reachedMs: number | null;
  /** When it bounced: it is under way no more. Null if it did not so far, or to a sink that was cut off: that bounce is taken for heard (src/ARCHITECTURE.md). */
  bouncedMs: number | null;
  /** How the provider failed it: null where it did not, or only our own doing kept it. */
  failure: 'refused' | 'unanswered' | 'bounced' | 'lost' | null;
  /** What refused or bounced it was our own doing: we sent too fast, or our mailbox was full. */
  ours: boolean;
}

/** A service was not there for its clients. */
export interface Outage {
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly how: OutageManner;
  readonly fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

export interface Books {
  readonly messages: Map<string, MessageTruth>;
  readonly outages: Outage[];
  readonly faults: InjectedFault[];
  /** How far the agent's wall clock (epoch milliseconds) is ahead of the time that passed, from when on; in order, the first from 0. */
  readonly wall: { readonly fromMs: number; readonly aheadMs: number }[];
  /** Every stretch in which an agent ran, in order; `toMs` is Infinity while it does. */
  readonly runs: { readonly fromMs: number; toMs: number }[];
}
