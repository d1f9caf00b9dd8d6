/** What every Sink must keep of instants: each holds what happened, however late the agent heard of it. */
import { expect, it } from 'vitest';
import { earliest, type Instant } from '../../src/domain/time/instant.ts';
import { begin, notAfter, RECIPIENT, SENDER, type SinkUnderTest, TEXT } from './sink.ts';

/** Milliseconds that a peer lets pass. */
const PAUSE = 40;

/** `make` as for `describeSink`, with peers that go by steps. */
export function describeSinkInstants(make: () => SinkUnderTest): void {
  /** Between the two the peer waits. */
  async function pause({ clock }: SinkUnderTest): Promise<readonly [Instant, Instant]> {
    const from = clock.now();
    await clock.sleep(PAUSE);
    return [from, clock.now()];
  }

  it('bounds a first transfer by the connection and by MAIL, the message by its end', async () => {
    const under = make();
    const { listener, meet } = await begin(under);
    const peer = await meet();
    const [met] = await pause(under);
    await peer.mail(SENDER, RECIPIENT);
    const [mailed, sending] = await pause(under);
    expect(await peer.data(TEXT)).toBe(250);
    const replied = under.clock.now();
    const { at } = await listener.told('connected');
    const { transaction, message } = await listener.told('received');
    expect(transaction.earliest).toEqual(at);
    notAfter(at, met);
    // Less what we owed the peer. A reading lies after what it reads by its own error at most.
    notAfter(at, transaction.latest);
    notAfter(earliest(transaction.latest), mailed);
    notAfter(sending, message.endOfData);
    notAfter(earliest(message.endOfData), replied);
  });

  it('keeps when the peer said what, in seconds since it was accepted', async () => {
    const under = make();
    const { listener, meet } = await begin(under);
    const peer = await meet();
    const [, mailing] = await pause(under);
    await peer.mail(SENDER, RECIPIENT);
    const [, sending] = await pause(under);
    expect(await peer.data(TEXT)).toBe(250);
    const { steps } = (await listener.told('received')).transaction;
    const { accepted, ehlo, mail, rcpt, data } = steps;
    if (ehlo === null || mail === null || rcpt === null || data === null) throw new Error(JSON.stringify(steps));
    const order = [0, ehlo, mail, rcpt, data];
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    const since = (instant: Instant): number => (instant.monoUs - accepted.monoUs) / 1e6;
    expect(mail).toBeGreaterThanOrEqual(since(mailing) - 1e-6);
    expect(data).toBeGreaterThanOrEqual(since(sending) - 1e-6);
  });

  it('does not know of steps that were not taken', async () => {
    const { listener, meet } = await begin(make());
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    peer.leave();
    const { transaction } = await listener.told('abandoned');
    expect(transaction.steps).toMatchObject({ data: null });
    expect(transaction.steps.rcpt).not.toBeNull();
  });
}
