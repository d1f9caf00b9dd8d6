/** The engine over fakes and a virtual clock: what becomes of probes, whatever goes wrong around them. */
import { afterEach, describe, expect, it } from 'vitest';
import { assess } from '../../src/domain/delay/delay.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { MailboxError } from '../../src/ports.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

let world: FakeWorld;
let engine: Engine;

async function begin(options?: Parameters<FakeWorld['start']>[0]): Promise<void> {
  world = fakeWorld();
  engine = await world.start(options);
  await world.clock.advance(0.1);
}

/** Starts again on the same ledger, as a new process would. */
async function restart(): Promise<void> {
  engine = await world.start();
  await world.clock.advance(0.1);
}

async function stop(): Promise<void> {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
}

async function probe(path: 'send' | 'receive' | 'internal') {
  const starting = engine.check('acme', path);
  await world.clock.advance(0.01);
  return starting;
}

async function outcome(id: string) {
  const sight = await engine.probe(id);
  if (sight === null) throw new Error(`no probe ${id}`);
  return sight;
}

afterEach(async () => {
  await stop();
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

describe('the send path', () => {
  it('measures from acceptance to the start of the transfer at the sink', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(5);
    expect(await world.sink.deliver(world.submitter.sent[0]!)).toBe(250);
    const { assessment } = await outcome(id);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.lo).toBeLessThanOrEqual(5.009);
    expect(assessment.delay!.hi).toBeGreaterThanOrEqual(5.009);
    expect(assessment.delay!.hi - assessment.delay!.lo).toBeLessThan(0.05);
  });

  it('makes the plan durable before the message leaves', async () => {
    await begin();
    const types: string[] = [];
    const send = world.submitter.send.bind(world.submitter);
    world.submitter.send = (...args) => {
      types.push(...world.ledger.entries.map(({ event }) => event.type));
      return send(...args);
    };
    await probe('send');
    expect(types).toContain('probe.planned');
  });

  it('sends nothing when the ledger refuses the plan', async () => {
    await begin();
    world.ledger.failure = new Error('disk full');
    await expect(engine.check('acme', 'send')).rejects.toThrow('disk full');
    world.ledger.failure = null;
    expect(world.submitter.sent).toHaveLength(0);
    expect(world.observer.counts.get('ledger failed')).toBeGreaterThan(0);
  });

  it('does not take itself for having been away while the ledger refused for long', async () => {
    await begin();
    await probe('send');
    world.ledger.failure = new Error('disk full');
    world.sink.listener!.abandoned(world.sink.transaction(world.submitter.sent[0]!), 0);
    await world.clock.advance(120);
    world.ledger.failure = null;
    await world.clock.advance(5);
    expect(world.ledger.events('sink.closed')).toEqual([]);
  });

  it('counts a second copy as a duplicate and keeps the first', async () => {
    await begin();
    const id = await probe('send');
    await world.sink.deliver(world.submitter.sent[0]!);
    const first = await outcome(id);
    await world.clock.advance(60);
    await world.sink.deliver(world.submitter.sent[0]!);
    const second = await world.ledger.probe(id);
    expect(second!.duplicates).toHaveLength(1);
    expect(second!.capture).toEqual(first.record.capture);
    expect(world.observer.counts.get('token duplicate')).toBe(1);
  });

  it('takes the attempt that our own ledger failure turned away as the start of the transfer', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(2);
    world.ledger.failure = new Error('disk full');
    expect(await world.sink.deliver(world.submitter.sent[0]!)).toBe(451);
    world.ledger.failure = null;
    await world.clock.advance(1800);
    expect(await world.sink.deliver(world.submitter.sent[0]!)).toBe(250);
    expect((await outcome(id)).assessment.delay!.hi).toBeLessThan(3);
  });

  it('takes the first attributable attempt, even if it failed, as the start of the transfer', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(2);
    world.sink.listener!.abandoned(world.sink.transaction(world.submitter.sent[0]!), 0);
    await world.clock.advance(600);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.hi).toBeLessThan(3);
  });

  it('lets an attempt that cannot be attributed lower the bound of those who share its recipient alone', async () => {
    await begin();
    const [first, second] = [await probe('send'), await probe('send')];
    await world.clock.advance(10);
    const message = world.submitter.sent[0]!;
    world.sink.listener!.abandoned({ ...world.sink.transaction(message), envelopeId: null }, 0);
    await world.clock.advance(90);
    for (const sent of world.submitter.sent) await world.sink.deliver(sent);
    expect((await outcome(first)).assessment.delay!.lo).toBeLessThan(11);
    expect((await outcome(second)).assessment.delay!.lo).toBeGreaterThan(99);
  });

  it('lets a connection from elsewhere that dies early erase nothing', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(10);
    const at = world.clock.now();
    world.sink.listener!.connected('198.51.100.9:1', at);
    world.sink.listener!.vanished('198.51.100.9:1', at);
    world.sink.listener!.disconnected('198.51.100.9:1');
    await world.clock.advance(90);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(99);
  });

  it('lets nobody from outside the provider’s networks lower a bound who does not name both sender and recipient', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(10);
    const peer = '198.51.100.9:1';
    const forged = { ...world.sink.transaction(world.submitter.sent[0]!), envelopeId: null, peer };
    world.sink.listener!.abandoned({ ...forged, recipients: [] }, 0);
    world.sink.listener!.abandoned({ ...forged, sender: 'another@acme.example' }, 0);
    world.sink.listener!.abandoned({ ...forged, recipients: ['postmaster@sink.example'] }, 0);
    await world.clock.advance(90);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(99);
  });

  it('does not take a message for missing while nothing shows that the sink can be reached', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(7200);
    expect((await outcome(id)).assessment.delay).toEqual({ lo: 0, hi: Number.POSITIVE_INFINITY });
  });

  it('proves a breach after an hour in which connections from outside kept coming', async () => {
    await begin();
    const id = await probe('send');
    for (let seconds = 0; seconds <= 3900; seconds += 300) {
      const stranger = `198.51.100.9:${seconds + 1}`;
      world.sink.listener!.connected(stranger, world.clock.now());
      world.sink.listener!.disconnected(stranger);
      await world.clock.advance(300);
    }
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(3600);
  });

  it('takes a sink that heard nothing for long for one that could not be reached', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(7200);
    world.sink.listener!.connected('198.51.100.9:1', world.clock.now());
    world.sink.listener!.disconnected('198.51.100.9:1');
    await world.clock.advance(5);
    expect((await outcome(id)).assessment.delay!.lo).toBe(0);
    await world.sink.deliver(world.submitter.sent[0]!);
    const { assessment } = await outcome(id);
    expect(assessment.delay!.lo).toBe(0);
    expect(assessment.flags).toContain('unwatched');
  });

  it('takes a message that was sent at the end of such a silence for one that may have been tried in vain too', async () => {
    await begin();
    await probe('send');
    await world.clock.advance(900);
    const late = await probe('send');
    await world.clock.advance(60);
    for (const sent of world.submitter.sent) await world.sink.deliver(sent);
    expect((await outcome(late)).assessment.delay!.lo).toBe(0);
  });

  it('counts such a silence across a restart', async () => {
    await begin();
    await world.clock.advance(400);
    const id = await probe('send');
    await world.clock.advance(400);
    await stop();
    await restart();
    await world.clock.advance(400);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBe(0);
  });

  it('does not take a sink for silent before a restart when it has just heard something', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(400);
    world.sink.listener!.connected('198.51.100.9:1', world.clock.now());
    world.sink.listener!.disconnected('198.51.100.9:1');
    await world.clock.advance(5);
    await stop();
    await restart();
    await world.clock.advance(400);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(400);
  });

  it('proves a breach an hour after acceptance where an operator vouches for the sink', async () => {
    await begin({ reachability: 'assumed' });
    const id = await probe('send');
    await world.clock.advance(3590);
    expect((await outcome(id)).assessment.delay!.lo).toBeLessThanOrEqual(3600);
    await world.clock.advance(40);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(3600);
  });

  it('records a bounce at the sink as a failure, not a delay', async () => {
    await begin();
    const id = await probe('receive');
    const sent = world.injector.sent[0]!;
    const token = sent.envelopeId;
    const text = `From: mailer-daemon@acme.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.example\r\nOriginal-Envelope-Id: ${token}\r\n\r\nFinal-Recipient: rfc822; probe@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n`;
    await world.sink.deliver({ sender: '', recipient: 'bounces@sink.example', envelopeId: token, text });
    const { assessment, record } = await outcome(id);
    expect(assessment.outcome).toBe('failed');
    expect(record.notice).toMatchObject({ action: 'failed', status: '5.1.1' });
  });

  it('takes a failure that is reported after a delay', async () => {
    await begin();
    const id = await probe('internal');
    const token = world.submitter.sent[0]!.envelopeId;
    for (const action of ['delayed', 'failed']) {
      const text = `Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: ${token}\r\n\r\nAction: ${action}\r\nStatus: 4.4.7\r\n\r\n--b--\r\n`;
      world.mailbox.deliver({ text });
      await world.clock.advance(60);
    }
    expect((await outcome(id)).assessment.outcome).toBe('failed');
  });

  it('shows a forged token to nobody but the counter', async () => {
    await begin();
    const id = await probe('send');
    const forged = 'a'.repeat(32);
    const text = world.submitter.sent[0]!.text.replaceAll(world.submitter.sent[0]!.envelopeId, forged);
    await world.sink.deliver({ ...world.submitter.sent[0]!, text, envelopeId: forged });
    expect((await outcome(id)).assessment.outcome).toBe('pending');
    expect(world.observer.counts.get('token forged')).toBe(1);
  });
});

describe('the receive path', () => {
  it('bounds the delay by the last look that proved absence and the first fetch', async () => {
    await begin();
    const id = await probe('receive');
    await world.clock.advance(30);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(15);
    const { assessment } = await outcome(id);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.lo).toBeLessThanOrEqual(30.009);
    expect(assessment.delay!.hi).toBeGreaterThanOrEqual(30.009);
    expect(assessment.delay!.hi - assessment.delay!.lo).toBeLessThan(0.2 * 40);
  });

  it('looks at once when new mail is announced', async () => {
    await begin();
    const id = await probe('receive');
    await world.clock.advance(3000);
    world.mailbox.deliver(world.injector.sent[0]!, 'INBOX', true);
    await world.clock.advance(0.001);
    expect((await outcome(id)).assessment.outcome).toBe('delivered');
  });

  it('proves a breach the moment a message has been missing for an hour, and once', async () => {
    await begin({ reachability: 'assumed' });
    const id = await probe('receive');
    await world.clock.advance(3600);
    expect((await outcome(id)).assessment.delay!.lo).toBeLessThanOrEqual(3600);
    await world.clock.advance(25);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(3600);
  });

  it('finds a message that was announced and is handed out only later, and claims no absence meanwhile', async () => {
    await begin();
    const id = await probe('receive');
    await world.clock.advance(30);
    let handsOut = false;
    world.mailbox.deliver(world.injector.sent[0]!, 'INBOX', true, () => handsOut);
    await world.clock.advance(20);
    handsOut = true;
    const since = world.clock.now().monoUs;
    await world.clock.advance(60);
    const { assessment, record } = await outcome(id);
    expect(assessment.outcome).toBe('delivered');
    const acknowledgedUs = record.handover?.kind === 'accepted' ? record.handover.acknowledged.monoUs : Number.NaN;
    expect(assessment.delay!.lo).toBeLessThanOrEqual((since - acknowledgedUs) / 1e6);
    expect(world.observer.counts.get('token duplicate')).toBeUndefined();
  });

  it('proves the absence of what was sent after the mailbox announced what it never hands out', async () => {
    await begin({ reachability: 'assumed' });
    world.mailbox.deliver({ text: 'Subject: gone\r\n\r\n' }, 'INBOX', true, () => false);
    await world.clock.advance(1);
    const id = await probe('receive');
    await world.clock.advance(300);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(200);
  });

  it('finds a message that was announced before a restart and is handed out after it', async () => {
    await begin();
    const id = await probe('receive');
    await world.clock.advance(30);
    let handsOut = false;
    world.mailbox.deliver(world.injector.sent[0]!, 'INBOX', true, () => handsOut);
    await world.clock.advance(5);
    await stop();
    await restart();
    await world.clock.advance(5);
    expect((await outcome(id)).assessment.outcome).toBe('pending');
    handsOut = true;
    await world.clock.advance(60);
    const { assessment } = await outcome(id);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.lo).toBeLessThan(31);
  });

  it('looks less and less often for what was sent before a reboot, though the wall clock was set back by days', async () => {
    await begin();
    await probe('receive');
    await stop();
    world.clock.reboot();
    world.clock.stepWall(-6 * 86_400);
    await restart();
    await world.clock.advance(60);
    const before = world.mailbox.looks;
    await world.clock.advance(60);
    expect(world.mailbox.looks - before).toBeLessThan(15);
  });

  it('takes what was sent before a reboot for what may be missing, though the wall clock was set back', async () => {
    await begin();
    world.mailbox.failure = new MailboxError('CLOSED', 'the connection was closed');
    const id = await probe('receive');
    await world.clock.advance(5);
    await stop();
    world.clock.reboot();
    world.clock.stepWall(-7200);
    world.mailbox.deliver(world.injector.sent[0]!, 'INBOX', true, () => false);
    world.mailbox.failure = null;
    await restart();
    await world.clock.advance(120);
    expect((await outcome(id)).assessment.outcome).toBe('pending');
    const { boot } = world.clock.now();
    expect(world.ledger.events('absence.proven').filter(({ until }) => until.boot === boot)).toEqual([]);
  });

  it('gives a message up after five days only once a look has shown that it is not there', async () => {
    await begin();
    const [found, missing] = [await probe('receive'), await probe('receive')];
    await world.clock.advance(10);
    await stop();
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(6 * 86_400);
    world.mailbox.failure = new MailboxError('CLOSED', 'the connection was closed');
    await restart();
    await world.clock.advance(600);
    expect((await outcome(found)).assessment.outcome).toBe('pending');
    world.mailbox.failure = null;
    await world.clock.advance(300);
    expect((await outcome(found)).assessment.outcome).toBe('delivered');
    expect((await outcome(missing)).assessment.outcome).toBe('lost');
  });

  it('flags mail found in Junk and counts it as delivered', async () => {
    await begin();
    world.mailbox.create('Junk');
    await world.clock.advance(60);
    const id = await probe('receive');
    world.mailbox.deliver(world.injector.sent[0]!, 'Junk');
    await world.clock.advance(1);
    expect((await outcome(id)).assessment).toMatchObject({ outcome: 'delivered', flags: ['junk'] });
  });

  it('widens by the time the mailbox could not be watched, and picks up what arrived meanwhile', async () => {
    await begin();
    const id = await probe('receive');
    await world.clock.advance(10);
    world.mailbox.failure = new MailboxError('CLOSED', 'the connection was closed');
    await world.clock.advance(60);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(200);
    world.mailbox.failure = null;
    await world.clock.advance(120);
    const { assessment } = await outcome(id);
    expect(assessment.delay!.lo).toBeLessThanOrEqual(10);
    expect(assessment.delay!.hi).toBeGreaterThan(270);
    expect(world.ledger.events('mailbox.failed')).toHaveLength(1);
    expect(world.ledger.events('mailbox.restored')).toHaveLength(1);
  });

  it('deletes its own recorded messages and nothing else, but for the first one of each day', async () => {
    await begin();
    const deliver = async (): Promise<void> => {
      await probe('receive');
      world.mailbox.deliver(world.injector.sent.at(-1)!);
      await world.clock.advance(120);
    };
    await deliver();
    world.mailbox.deliver({ text: 'From: someone@else.example\r\nSubject: hello\r\n\r\nhello' });
    await deliver();
    expect(world.mailbox.removed).toEqual([3]);
    // The next run knows that the day has its message.
    await stop();
    await restart();
    await deliver();
    expect(world.mailbox.removed).toEqual([3, 4]);
    await world.clock.advance(86_400);
    await deliver();
    await deliver();
    expect(world.mailbox.removed).toEqual([3, 4, 6]);
    expect(world.mailbox.stored.map(({ uid }) => uid)).toEqual([1, 2, 5]);
  });

  it('retries a temporary refusal, records it apart, and measures from the acceptance', async () => {
    await begin();
    world.injector.answers.push({ kind: 'refuse', code: 450 });
    const id = await probe('receive');
    await world.clock.advance(65);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(30);
    const { assessment, record } = await outcome(id);
    expect(record.deferrals).toHaveLength(1);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.lo).toBeLessThan(6);
  });

  it('gives up what it would have tried again when it is stopped, as its own doing, and takes no step of that attempt for one of it', async () => {
    await begin();
    world.injector.answers.push({ kind: 'refuse', code: 450 });
    const id = await probe('receive');
    await world.clock.advance(1);
    await stop();
    const { assessment, record } = await outcome(id);
    expect(assessment.outcome).toBe('unmeasured');
    expect(record).toMatchObject({ handover: { code: 'ABORTED', stages: [] }, turnedAwayAt: expect.anything() });
  });

  it('takes a permanent refusal for an answer', async () => {
    await begin();
    world.injector.answers.push({ kind: 'refuse', code: 550 });
    const id = await probe('receive');
    expect((await outcome(id)).assessment).toEqual({ outcome: 'failed', delay: null, flags: [] });
  });
});

it('takes nothing for absent that was announced and gone before it could be read', async () => {
  await begin();
  const id = await probe('receive');
  await world.clock.advance(30);
  world.mailbox.deliver(world.injector.sent[0]!);
  world.mailbox.stored.splice(0);
  await world.clock.advance(4000);
  expect((await outcome(id)).assessment.delay!.lo).toBeLessThan(31);
});

it('holds what a suspended host may have missed', async () => {
  await begin();
  const id = await probe('send');
  await world.clock.advance(10);
  world.clock.suspend(600);
  await world.clock.advance(1800);
  await world.sink.deliver(world.submitter.sent[0]!);
  expect((await outcome(id)).assessment.delay!.lo).toBeLessThan(11);
});

describe('what a host may have missed while it slept, told by what comes in before the next beat', () => {
  /** The clock passes at once, with no beat on the way. */
  const sleep = () => world.clock.suspend(600);

  it('is missed by a new connection', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(10);
    sleep();
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBeLessThan(11);
    expect(world.ledger.events('sink.opened').at(-1)).toMatchObject({ address: 'awake again' });
  });

  it('is told once', async () => {
    await begin();
    await probe('send');
    await world.clock.advance(10);
    sleep();
    await world.sink.deliver(world.submitter.sent[0]!);
    await world.clock.advance(60);
    expect(world.ledger.events('sink.closed')).toHaveLength(1);
  });
});

it('tells of a sink that nothing reaches while it lasts, once an hour: nor does the bounce of what is missing in a mailbox', async () => {
  await begin();
  await probe('send');
  const id = await probe('receive');
  await world.clock.advance(500);
  expect(world.ledger.events('sink.unproven')).toHaveLength(0);
  await world.clock.advance(4 * 3600);
  expect(world.ledger.events('sink.unproven')).toHaveLength(4);
  expect((await outcome(id)).assessment.delay!.lo).toBeLessThan(600);
});

it('claims a breach of what is missing in a mailbox up to when the sink, to which its bounce would come, was heard', async () => {
  await begin();
  const id = await probe('receive');
  await world.clock.advance(4 * 3600);
  expect((await outcome(id)).assessment.delay!.lo).toBe(0);
  const others = { sender: 'a@else.example', recipient: 'probe-1@sink.example', envelopeId: '' };
  await world.sink.deliver({ ...others, text: 'Subject: of somebody else\r\n\r\n' });
  await world.clock.advance(2 * 3600);
  const { lo } = (await outcome(id)).assessment.delay!;
  expect(lo).toBeGreaterThan(4 * 3600 - 60);
  expect(lo).toBeLessThanOrEqual(4 * 3600);
});

it('stops although the mailbox never answers', async () => {
  await begin();
  const closed = Promise.withResolvers<never>();
  world.mailbox.look = () => closed.promise;
  world.mailbox.close = async () => closed.reject(new MailboxError('CLOSED', 'closed'));
  await world.clock.advance(120);
  let stopped = false;
  void engine.stop().then(() => {
    stopped = true;
  });
  await world.clock.advance(5);
  expect(stopped).toBe(true);
});

describe('a handover that was cut off', () => {
  it('is uncertain, never sent again, and delivered if the message turns up', async () => {
    await begin();
    world.submitter.answers.push({ kind: 'lose' });
    const id = await probe('internal');
    expect((await outcome(id)).assessment.outcome).toBe('pending');
    await world.clock.advance(60);
    expect(world.submitter.sent).toHaveLength(1);
    world.mailbox.deliver(world.submitter.sent[0]!);
    await world.clock.advance(20);
    expect((await outcome(id)).assessment).toMatchObject({ outcome: 'delivered', delay: { lo: 0 } });
  });

  it('is a failure if the message never turns up', async () => {
    await begin();
    world.submitter.answers.push({ kind: 'lose' });
    const id = await probe('internal');
    await world.clock.advance(121 * 3600);
    expect((await outcome(id)).assessment.outcome).toBe('failed');
  }, 120_000);
});

describe('a restart', () => {
  it('takes up what was pending and records the gap', async () => {
    await begin();
    const id = await probe('receive');
    await stop();
    await world.clock.advance(600);
    await restart();
    const [, second] = world.ledger.events('agent.started');
    expect(second!.unwatchedSince).not.toBeNull();
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(60);
    expect((await outcome(id)).assessment.outcome).toBe('delivered');
  });

  it('records the gap after a first run that ended before anything of it was up', async () => {
    world = fakeWorld();
    world.sink.open = () => Promise.reject(new Error('killed'));
    await expect(world.start()).rejects.toThrow('killed');
    Reflect.deleteProperty(world.sink, 'open');
    const died = world.clock.now();
    await world.clock.advance(600);
    await restart();
    const [first, second] = world.ledger.events('agent.started');
    expect(first!.unwatchedSince).toBeNull();
    expect(second!.unwatchedSince).toEqual(died);
  });

  it('starts the bound of a send probe at the outage, since the provider may have tried in it', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(20);
    await stop();
    await world.clock.advance(1800);
    await restart();
    await world.sink.deliver(world.submitter.sent[0]!);
    const { assessment } = await outcome(id);
    expect(assessment.delay!.lo).toBeLessThan(26);
    expect(assessment.delay!.hi).toBeGreaterThan(1800);
    expect(assessment.flags).toContain('unwatched');
  });

  it('doubts the provider after an outage for an hour, and then until a later probe passes promptly', async () => {
    await begin();
    await probe('send');
    await stop();
    await world.clock.advance(60);
    await restart();
    const atLeast = async () => {
      const id = await probe('send');
      await world.clock.advance(10);
      await world.sink.deliver(world.submitter.sent.at(-1)!);
      return (await outcome(id)).assessment.delay!.lo;
    };
    expect([await atLeast(), await atLeast()]).toEqual([0, 0]);
    await world.sink.deliver(world.submitter.sent[0]!);
    await world.clock.advance(3610);
    world.sink.connect('198.51.100.9')?.close();
    expect(await atLeast()).toBe(0);
    expect(await atLeast()).toBeGreaterThan(9);
  });

  it('does not doubt a provider that had nothing of ours to deliver in the outage', async () => {
    await begin();
    await stop();
    await restart();
    const id = await probe('send');
    await world.clock.advance(10);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await outcome(id)).assessment.delay!.lo).toBeGreaterThan(9);
  });

  it('charges nobody for a probe that the agent itself interrupted', async () => {
    await begin();
    world.submitter.answers.push({ kind: 'hang' });
    const id = await probe('send');
    await stop();
    await restart();
    expect((await outcome(id)).assessment.outcome).toBe('unmeasured');
  });

  it('does not count a message again that it had recorded before a crash', async () => {
    await begin();
    const id = await probe('receive');
    world.mailbox.remove = async () => true;
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(5);
    await stop();
    // The crash came before the bookmarks were kept.
    await world.ledger.keepBookmarks('acme', new Map());
    await restart();
    await world.clock.advance(5);
    expect((await world.ledger.probe(id))!.duplicates).toEqual([]);
    expect(world.ledger.events('message.seen')).toHaveLength(1);
  });
});

it('listens no more for a probe that it could not read', async () => {
  await begin();
  const subscribe = engine.recorder.subscribe.bind(engine.recorder);
  let listening = 0;
  engine.recorder.subscribe = (listener) => {
    const stopListening = subscribe(listener);
    listening += 1;
    return () => {
      listening -= 1;
      stopListening();
    };
  };
  world.ledger.probe = async () => {
    throw new Error('disk I/O error');
  };
  await expect(engine.settled('unknown', 10)).rejects.toThrow('disk I/O error');
  expect(listening).toBe(0);
});

describe('the schedule', () => {
  it('sends at Poisson times within its bounds, and only those enter the statistics', async () => {
    await begin({ routes: [{ provider: 'acme', path: 'internal', every: 60, minGap: 10, maxGap: 300 }] });
    await world.clock.advance(6000);
    const planned = world.ledger.events('probe.planned');
    expect(planned.length).toBeGreaterThan(50);
    expect(planned.every(({ kind }) => kind === 'scheduled')).toBe(true);
    const gaps = planned.slice(1).map(({ at }, index) => (at.monoUs - planned[index]!.at.monoUs) / 1e6);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300.1);
  });

  it('records a slot that it could not use, and blames nobody', async () => {
    await begin({ routes: [{ provider: 'acme', path: 'internal', every: 12, minGap: 10, maxGap: 20 }] });
    for (let index = 0; index < 40; index += 1) world.submitter.answers.push({ kind: 'hang' });
    await world.clock.advance(500);
    expect(world.ledger.events('slot.unmeasured').length).toBeGreaterThan(0);
  });

  it('records the slots that the ledger kept it from using, once it can', async () => {
    await begin({ routes: [{ provider: 'acme', path: 'internal', every: 60, minGap: 30, maxGap: 90 }] });
    world.ledger.failure = new Error('disk full');
    await world.clock.advance(600);
    world.ledger.failure = null;
    await world.clock.advance(60);
    expect(world.submitter.sent.length).toBeLessThanOrEqual(2);
    expect(world.ledger.events('slot.unmeasured').length).toBeGreaterThan(5);
    expect(world.ledger.events('mailbox.failed')).toEqual([]);
  });

  it('does not send twice when the wall clock is set back', async () => {
    await begin({ routes: [{ provider: 'acme', path: 'internal', every: 60, minGap: 30, maxGap: 90 }] });
    await world.clock.advance(300);
    const before = world.submitter.sent.length;
    world.clock.stepWall(-7200);
    await world.clock.advance(300);
    expect(world.submitter.sent.length - before).toBeLessThanOrEqual(11);
    expect(new Set(world.submitter.sent.map(({ envelopeId }) => envelopeId)).size).toBe(world.submitter.sent.length);
  });
});

describe('evidence', () => {
  it('puts the head of the chain into each probe', async () => {
    await begin();
    await probe('send');
    const planned = world.ledger.entries.find(({ event }) => event.type === 'probe.planned')!;
    expect(world.submitter.sent[0]!.text).toContain(planned.hash);
  });

  it('keeps every delay derivable from the ledger alone', async () => {
    await begin();
    const id = await probe('send');
    await world.clock.advance(3);
    await world.sink.deliver(world.submitter.sent[0]!);
    const stored = await world.ledger.probe(id);
    expect(assess(stored!, (await world.ledger.snapshot()).state.absence)).toEqual((await outcome(id)).assessment);
  });
});
