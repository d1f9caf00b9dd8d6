/** What is to become of one message, drawn kind by kind, so that leaving a kind out changes nothing else of it. */
import type { Path, Stage } from '../../src/domain/probe.ts';
import { SIDE_NOTICES, type SideNotice } from '../fakes/fate.ts';
import { Draw } from './draw.ts';
import type { FaultKind } from './fault.ts';
import type { Plan } from './plan.ts';

/** A transfer to our sink that fails: how far it gets, how long that takes, and when the next one comes. */
export interface FailingTransfer {
  /** `connect`: before MAIL; `mail`: before RCPT; `rcpt`: after it; `envid`: attributable by its ENVID. */
  readonly reaches: 'connect' | 'mail' | 'rcpt' | 'envid';
  readonly lastsMs: number;
  readonly nextAfterMs: number;
  /** Whether the next one comes after its beginning, not its end. */
  readonly overlaps: boolean;
}

export interface SimulatedFate {
  readonly connectMs: number;
  /** From the last bytes to complete reception, and from there to the reply. */
  readonly receiveMs: number;
  readonly replyMs: number;
  /** Temporary refusals before it is taken. */
  readonly deferrals: { readonly count: number; readonly throttled: boolean };
  readonly answer:
    | { readonly kind: 'accept' | 'lose' | 'drop' }
    | { readonly kind: 'refuse'; readonly stage: Stage; readonly code: number; readonly enhanced: string }
    | { readonly kind: 'cut'; readonly stage: Stage };
  /** From reception until it is passed on. */
  readonly delayMs: number;
  readonly end: 'delivered' | 'bounced' | 'lost';
  /** Bounced since our mailbox is full. */
  readonly full: boolean;
  /** Its bounce says so in words that nobody can read. */
  readonly unreadable: boolean;
  readonly cutThrough: boolean;
  readonly failing: readonly FailingTransfer[];
  readonly transferMs: number;
  /** Our own line goes down for so long just before it would be transferred. */
  readonly lineCutMs: number;
  /** The agent's host is suspended, or frozen, for so long once the provider has the message. */
  readonly suspendMs: number;
  readonly frozenMs: number;
  readonly keepsOpen: boolean;
  readonly announced: boolean;
  readonly folder: 'INBOX' | 'Junk';
  readonly copiesAfterMs: readonly number[];
  /** What its sender is told beside what becomes of it, and when. */
  readonly notice: { readonly what: SideNotice; readonly afterMs: number } | null;
  /** The server tells of it so long before it hands it out. */
  readonly unreadableMs: number;
  readonly others: { readonly what: 'move' | 'delete'; readonly afterMs: number } | null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Our line is looked at once a minute at least while a message is on its way, and a look takes some seconds: less goes unseen (engine/line-watch.ts). */
export const LINE_CUT_MIN = 80_000;

export function fateOf(plan: Plan, provider: string, path: Path, index: number): SimulatedFate {
  const strikes = (kind: FaultKind, share: number): Draw | null => {
    const draw = new Draw(plan.seed, kind, provider, path, index);
    return draw.chance(share) && plan.has(kind) ? draw : null;
  };
  const draw = new Draw(plan.seed, 'message', provider, path, index);
  const slow = strikes('slow mail', 0.15);
  const slower = strikes('very slow mail', 0.06);
  const full = path === 'send' ? null : strikes('full mailbox', 0.08);
  const bounced = strikes('bounced mail', 0.06);
  const lost = strikes('lost mail', 0.05);
  const grey = strikes('greylisting', 0.2);
  const throttled = strikes('throttling', 0.1);
  const forGood = strikes('throttling for good', 0.06) !== null;
  const copies = strikes('duplicated mail', 0.12);
  const failing = path === 'send' ? strikes('failing transfers', 0.2) : null;
  const others = path === 'send' ? null : strikes('other clients', 0.15);
  const notice = strikes('other notices', 0.25);
  const usualMs = draw.wide(20, 20_000);
  return {
    connectMs: draw.wide(1, 500),
    receiveMs: draw.wide(1, 3000),
    replyMs: draw.wide(1, 3000),
    deferrals: {
      count: forGood ? Number.POSITIVE_INFINITY : ((throttled ?? grey)?.whole(1, 2) ?? 0),
      throttled: forGood || throttled !== null,
    },
    answer: answerOf(strikes('dropped connection', 0.1), strikes('refused mail', 0.06), full),
    delayMs: slower?.wide(2 * HOUR, 96 * HOUR) ?? slow?.wide(20_000, 2 * HOUR) ?? usualMs,
    end: lost !== null ? 'lost' : bounced !== null || full !== null ? 'bounced' : 'delivered',
    full: full !== null && bounced === null,
    unreadable: notice?.chance(0.5) === true,
    cutThrough: path === 'send' && strikes('cut-through', 0.3) !== null,
    failing: failing === null ? [] : Array.from({ length: failing.whole(1, 3) }, () => failingTransfer(failing)),
    transferMs: draw.wide(1, 4000),
    lineCutMs: (path === 'send' ? strikes('line cut', 0.1) : null)?.wide(LINE_CUT_MIN, 20 * MINUTE) ?? 0,
    suspendMs: strikes('suspend under way', 0.05)?.wide(2000, 10 * MINUTE) ?? 0,
    frozenMs: strikes('frozen host', 0.05)?.wide(2000, 10 * MINUTE) ?? 0,
    keepsOpen: draw.chance(0.3),
    announced: draw.chance(0.5),
    folder: strikes('junk folder', 0.2) === null ? 'INBOX' : 'Junk',
    copiesAfterMs: copies === null ? [] : Array.from({ length: copies.whole(1, 2) }, () => copies.wide(10, 2 * HOUR)),
    notice: notice === null ? null : { what: notice.pick(SIDE_NOTICES), afterMs: notice.wide(10, 30 * MINUTE) },
    unreadableMs: (path === 'send' ? null : strikes('mailbox lies', 0.1))?.wide(100, 30_000) ?? 0,
    others:
      others === null ? null : { what: others.chance(0.7) ? 'move' : 'delete', afterMs: others.wide(10, 20 * MINUTE) },
  };
}

function answerOf(dropped: Draw | null, refused: Draw | null, full: Draw | null): SimulatedFate['answer'] {
  if (dropped !== null) {
    const kind = dropped.pick(['lose', 'drop', 'cut']);
    if (kind !== 'cut') return { kind };
    return { kind, stage: dropped.pick(['dns', 'connect', 'tls', 'greeting', 'auth', 'mail', 'rcpt', 'data']) };
  }
  if (refused !== null) {
    const stage = refused.pick(['greeting', 'auth', 'mail', 'rcpt', 'data']);
    const enhanced = refused.pick(['5.7.1', '5.6.0', '5.1.1', '4.3.0']);
    return { kind: 'refuse', stage, code: enhanced.startsWith('5') ? 550 : 451, enhanced };
  }
  // Refused at once, or taken and bounced.
  if (full?.chance(0.5) === true) return { kind: 'refuse', stage: 'rcpt', code: 552, enhanced: '5.2.2' };
  return { kind: 'accept' };
}

function failingTransfer(draw: Draw): FailingTransfer {
  return {
    reaches: draw.pick(['connect', 'mail', 'rcpt', 'envid']),
    lastsMs: draw.wide(1, 5 * MINUTE),
    nextAfterMs: draw.wide(100, 40 * MINUTE),
    overlaps: draw.chance(0.5),
  };
}
