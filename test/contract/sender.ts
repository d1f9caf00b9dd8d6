/** What every Sender must keep. */
import { expect, it } from 'vitest';
import { ABORTED, type Handover, STAGES, type Stage } from '../../src/domain/probe.ts';
import { spanBetween } from '../../src/domain/time/instant.ts';
import type { Clock, OutgoingMessage, Sender } from '../../src/ports.ts';
import { message as usual } from '../adapters/smtp-client/fixtures.ts';

/* oxlint-disable vitest/valid-title, vitest/expect-expect, vitest/no-conditional-tests -- registers tests for the sides that can conduct themselves so */
/**
 * What the other side does. `absent`: there is no server; `mute`: it never greets; `slow`: it waits before it takes the message.
 * `defer`: it asks to come again, once. The connection ends: `cut`, before the message; `drop`, on its way; `lose`, once it is taken.
 */
export const CONDUCTS = ['accept', 'refuse', 'defer', 'cut', 'drop', 'lose', 'absent', 'mute', 'slow'] as const;
export type Conduct = (typeof CONDUCTS)[number];

export interface SenderUnderTest {
  readonly sender: Sender;
  readonly clock: Clock;
  /** Resolves when a `mute` server was met, or a `slow` one has the whole message. */
  readonly reached: () => Promise<void>;
  /** Lets a `slow` server reply, and time pass until `work` is done. */
  readonly until: <T>(work: Promise<T>) => Promise<T>;
  /** Texts of what the other side was handed, as it knows them; waits until there are as many as `count`. */
  readonly taken: (count: number) => Promise<readonly string[]>;
  /** Another one than the usual. */
  readonly message?: OutgoingMessage;
}

async function send(under: SenderUnderTest, signal = new AbortController().signal): Promise<Handover> {
  const told: Stage[] = [];
  const { sender, until, message = usual } = under;
  const handover = await until(sender.send(message, (stage) => told.push(stage), signal));
  expectStages(handover, told);
  return handover;
}

/** Whatever the end, each stage was told as it began, once, in order, and the last is where it ended. */
function expectStages(handover: Handover, told: readonly Stage[]): void {
  expect(told).toEqual(STAGES.filter((stage) => told.includes(stage)));
  expect(told.length).toBeGreaterThan(0);
  expect(handover.stages.map(({ name }) => name)).toEqual(told);
  expect(handover.stages.every(({ seconds }) => seconds >= 0)).toBe(true);
  if (handover.kind === 'refused' || handover.kind === 'unreachable') expect(handover.stage).toBe(told.at(-1));
  else expect(told.at(-1)).toBe('data');
}

export function describeSender(
  make: (conduct: Conduct) => Promise<SenderUnderTest>,
  conducts: readonly Conduct[] = CONDUCTS,
): void {
  const where = (conduct: Conduct, name: string, test: () => Promise<void>): void => {
    if (conducts.includes(conduct)) it(name, test);
  };

  it('tells of a message that was taken between which instants that was', async () => {
    const side = await make('accept');
    const handover = await send(side);
    if (handover.kind !== 'accepted') throw new Error(JSON.stringify(handover));
    expect(handover.acknowledged.monoUs).toBeGreaterThanOrEqual(handover.handedOver.monoUs);
    expect(spanBetween(handover.handedOver, handover.acknowledged).flags).toEqual([]);
    const taken = await side.taken(1);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toContain('Subject: probe');
  });

  it('tells of a refusal by its stage and code, and hands nothing over', async () => {
    const side = await make('refuse');
    expect(await send(side)).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 550 });
    expect(await side.taken(0)).toEqual([]);
  });

  it('is uncertain of a message when the connection is lost after it', async () => {
    const side = await make('lose');
    const handover = await send(side);
    expect(handover).toMatchObject({ kind: 'uncertain', code: 'CONNECTION_LOST' });
    expect(await side.taken(1)).toHaveLength(1);
  });

  where('drop', 'is as uncertain of one that was lost on its way with the connection: it cannot know', async () => {
    const side = await make('drop');
    expect(await send(side)).toMatchObject({ kind: 'uncertain', code: 'CONNECTION_LOST' });
    expect(await side.taken(0)).toEqual([]);
  });

  where('cut', 'is certain that nothing was taken when the connection is lost before the message', async () => {
    const side = await make('cut');
    expect(await send(side)).toMatchObject({ kind: 'unreachable', code: 'CONNECTION_LOST' });
    expect(await side.taken(0)).toEqual([]);
  });

  where(
    'defer',
    'makes one attempt at a time: what is refused for now is taken when it is sent again, once',
    async () => {
      const side = await make('defer');
      expect(await send(side)).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 450 });
      expect(await side.taken(0)).toEqual([]);
      expect(await send(side)).toMatchObject({ kind: 'accepted' });
      expect(await side.taken(1)).toHaveLength(1);
    },
  );

  it('hands over before the other side has it all, and has the reply after that was given', async () => {
    const side = await make('slow');
    const began = side.clock.now();
    const sending = side.sender.send(side.message ?? usual, () => {}, new AbortController().signal);
    await side.reached();
    const had = side.clock.now();
    const handover = await side.until(sending);
    if (handover.kind !== 'accepted') throw new Error(JSON.stringify(handover));
    const order = [began, handover.handedOver, had, handover.acknowledged, side.clock.now()].map(
      ({ monoUs }) => monoUs,
    );
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it('tells of a server that is not there as a value', async () => {
    const handover = await send(await make('absent'));
    if (handover.kind !== 'unreachable') throw new Error(JSON.stringify(handover));
    expect(handover.code).toMatch(/^[A-Z_]+$/);
    expect(handover.code).not.toBe(ABORTED);
  });

  it('gives up at an abort before the message is handed over', async () => {
    const side = await make('mute');
    const abort = new AbortController();
    const sending = side.sender.send(side.message ?? usual, () => {}, abort.signal);
    await side.reached();
    abort.abort();
    expect(await sending).toMatchObject({ kind: 'unreachable', code: ABORTED });
    expect(await side.taken(0)).toEqual([]);
  });

  it('hands nothing over where the signal is aborted already', async () => {
    const side = await make('accept');
    expect(await send(side, AbortSignal.abort())).toMatchObject({ kind: 'unreachable', code: ABORTED });
    expect(await side.taken(0)).toEqual([]);
  });

  it('waits for the reply though it is aborted once the message is handed over', async () => {
    const side = await make('slow');
    const abort = new AbortController();
    const sending = side.sender.send(side.message ?? usual, () => {}, abort.signal);
    await side.reached();
    abort.abort();
    expect(await side.until(sending)).toMatchObject({ kind: 'accepted' });
    expect(await side.taken(1)).toHaveLength(1);
  });

  it('sends one message after another, and several at once', async () => {
    const side = await make('accept');
    await send(side);
    const handovers = await Promise.all([send(side), send(side)]);
    expect(handovers.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect(await side.taken(3)).toHaveLength(3);
  });
}
