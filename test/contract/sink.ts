/** What every Sink must keep. */
import { expect, it } from 'vitest';
import { earliest, type Instant } from '../../src/domain/time/instant.ts';
import type { Clock, Sink, SinkReply } from '../../src/ports.ts';
import { NotingListener } from '../adapters/smtp-sink/fixtures.ts';

/* oxlint-disable vitest/no-conditional-tests -- registers tests for what the peers can be made to do */
/** Another mail server, which does as the test says. */
export interface SinkPeer {
  /** As the sink names it, once it is connected; null where the test cannot know. */
  readonly name: string | null;
  mail(sender: string, recipient: string, envelopeId?: string): Promise<void>;
  /** Sends the whole message; resolves with the code of the reply. */
  data(text: string): Promise<number | null>;
  /** Goes away, in the middle of whatever it does. */
  leave(): void;
}

export interface SinkUnderTest {
  readonly sink: Sink;
  readonly clock: Clock;
  /** Resolves with null where nothing listens. */
  readonly connect: (at: { readonly host: string; readonly port: number }) => Promise<SinkPeer | null>;
}

export const SENDER = 'someone@provider.test';
export const RECIPIENT = 'probe-1@sink.test';
export const TEXT = 'Subject: one\r\nX-Two: three\r\n\r\nfirst line\r\nsecond line\r\n';
const BUSY: SinkReply = { code: 451, text: '4.3.0 try again later' };

export const notAfter = (a: Instant, b: Instant): void => expect(a.monoUs).toBeLessThanOrEqual(b.monoUs);

export async function begin({ sink, connect }: SinkUnderTest) {
  const listener = new NotingListener();
  const address = await sink.open(listener);
  const meet = async (): Promise<SinkPeer> => {
    const peer = await connect(address);
    if (peer === null) throw new Error('nothing listens');
    return peer;
  };
  return { listener, address, meet };
}

/**
 * What peers do: those who go by `steps` connect, give the envelope and leave as they are told; those who hand over a `whole`
 * message, as real servers do, choose their own moments.
 */
export type Peers = 'steps' | 'whole';

/** `make` gives a sink of the domain `sink.test`, closed; and sees to it that it ends so. */
export function describeSink(make: () => SinkUnderTest, peers: Peers): void {
  it('tells of a message from the connection to its end, with what was transferred when', async () => {
    const { listener, meet } = await begin(make());
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT, 'abc123');
    expect(await peer.data(TEXT)).toBe(250);
    peer.leave();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
    const { at, peer: name } = await listener.told('connected');
    const { transaction, message } = await listener.told('received');
    expect(transaction).toMatchObject({ sender: SENDER, recipients: [RECIPIENT], envelopeId: 'abc123', tls: false });
    expect(transaction.reusedConnection).toBe(false);
    const names = [transaction.peer, (await listener.told('disconnected')).peer];
    expect(names).toEqual([name, name]);
    expect([name, null]).toContain(peer.name);
    notAfter(at, transaction.earliest);
    notAfter(transaction.earliest, transaction.latest);
    notAfter(transaction.latest, message.endOfData);
    expect(message.header).toContain('X-Two: three');
    expect(message.body).toContain('second line');
    expect(message.header).not.toContain('first line');
  });

  it.each([250, 451, 550])('gives the peer the reply %i of the listener', async (code) => {
    const { listener, meet } = await begin(make());
    listener.answer = async () => ({ code, text: 'as told' });
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    expect(await peer.data(TEXT)).toBe(code);
  });

  it('does not reply before the listener has made up its mind', async () => {
    const { listener, meet } = await begin(make());
    const mind = Promise.withResolvers<SinkReply>();
    listener.answer = () => mind.promise;
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    let replied = false;
    const reply = peer.data(TEXT).finally(() => {
      replied = true;
    });
    await listener.told('received');
    expect(replied).toBe(false);
    mind.resolve(BUSY);
    expect(await reply).toBe(451);
  });

  it('gives the reply to a message that it has when it closes', async () => {
    const under = make();
    const { listener, meet } = await begin(under);
    const mind = Promise.withResolvers<SinkReply>();
    listener.answer = () => mind.promise;
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    const reply = peer.data(TEXT);
    await listener.told('received');
    const closing = under.sink.close();
    mind.resolve({ code: 250, text: 'taken' });
    await closing;
    expect(await reply).toBe(250);
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });

  if (peers === 'whole') return;

  it('takes nobody in any more while it closes', async () => {
    const under = make();
    const { address, meet } = await begin(under);
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    const closing = under.sink.close();
    expect(await under.connect(address)).toBeNull();
    expect(await peer.data(TEXT)).toBe(250);
    await closing;
  });

  it('has the message of a peer that leaves before the reply, once', async () => {
    const { listener, meet } = await begin(make());
    const mind = Promise.withResolvers<SinkReply>();
    listener.answer = () => mind.promise;
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    const reply = peer.data(TEXT).catch(() => null);
    await listener.told('received');
    peer.leave();
    await listener.told('disconnected');
    mind.resolve(BUSY);
    expect(await reply).toBeNull();
    expect(listener.story()).toEqual(['connected', 'received', 'disconnected']);
  });

  it('takes a second message on the connection, whose transfer began after the first', async () => {
    const { listener, meet } = await begin(make());
    const peer = await meet();
    for (let message = 0; message < 2; message += 1) {
      await peer.mail(SENDER, RECIPIENT);
      expect(await peer.data(TEXT)).toBe(250);
    }
    peer.leave();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'received', 'received', 'disconnected']);
    const [first, second] = listener.all('received');
    expect(second?.transaction.reusedConnection).toBe(true);
    // Read late by its error at most.
    notAfter(earliest(first!.message.endOfData), second!.transaction.earliest);
    notAfter(second!.transaction.earliest, second!.transaction.latest);
  });

  it('tells of a transaction that the peer gave up, and whom it was for', async () => {
    const { listener, meet } = await begin(make());
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT, 'abc123');
    peer.leave();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
    const { transaction, code } = await listener.told('abandoned');
    expect(code).toBe(0);
    expect(transaction).toMatchObject({ peer: peer.name, recipients: [RECIPIENT], envelopeId: 'abc123' });
    notAfter((await listener.told('connected')).at, transaction.earliest);
    notAfter(transaction.earliest, transaction.latest);
  });

  it('tells of a connection that ended before MAIL, and since when it was open', async () => {
    const { listener, meet } = await begin(make());
    const peer = await meet();
    peer.leave();
    await listener.told('disconnected');
    expect(listener.story()).toEqual(['connected', 'vanished', 'disconnected']);
    const [connected, vanished] = [await listener.told('connected'), await listener.told('vanished')];
    expect([connected.peer, vanished.peer]).toEqual([peer.name, peer.name]);
    expect(vanished.at).toEqual(connected.at);
  });

  it('tells peers apart', async () => {
    const { listener, meet } = await begin(make());
    const [one, two] = [await meet(), await meet()];
    expect(one.name).not.toBe(two.name);
    await two.mail(SENDER, RECIPIENT);
    expect(await two.data(TEXT)).toBe(250);
    expect((await listener.told('received')).transaction.peer).toBe(two.name);
    two.leave();
    expect((await listener.told('disconnected')).peer).toBe(two.name);
  });

  it('lets a transaction end that runs when it closes, and has told everything by then', async () => {
    const under = make();
    const { listener, meet } = await begin(under);
    const [busy, idle] = [await meet(), await meet()];
    await busy.mail(SENDER, RECIPIENT);
    const closing = under.sink.close();
    expect(await busy.data(TEXT)).toBe(250);
    await closing;
    expect(listener.all('received')).toHaveLength(1);
    expect(listener.all('vanished').map(({ peer }) => peer)).toEqual([idle.name]);
    const gone = new Set(listener.all('disconnected').map(({ peer }) => peer));
    expect(gone).toEqual(new Set([busy.name, idle.name]));
  });

  it('ends what does not end by itself, and tells so before it is closed', async () => {
    const under = make();
    const { listener, meet } = await begin(under);
    const peer = await meet();
    await peer.mail(SENDER, RECIPIENT);
    await under.sink.close();
    expect(listener.story()).toEqual(['connected', 'abandoned', 'disconnected']);
  });

  it('can be opened again, for another listener', async () => {
    const under = make();
    const first = await begin(under);
    await under.sink.close();
    expect(await under.connect(first.address)).toBeNull();
    await under.sink.close();
    const second = await begin(under);
    const peer = await second.meet();
    await peer.mail(SENDER, RECIPIENT);
    expect(await peer.data(TEXT)).toBe(250);
    expect(second.listener.story()).toEqual(['connected', 'received']);
    expect(first.listener.story()).toEqual([]);
  });

  it('is not opened twice', async () => {
    const under = make();
    await begin(under);
    await expect(under.sink.open(new NotingListener())).rejects.toThrow('only while it is closed');
  });
}
