/** The whole agent through real Postfix and Dovecot: what it measures holds what those servers say happened. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Agent, createLog, openAgent } from '../../src/app.ts';
import type { Path } from '../../src/domain/probe.ts';
import { tokenOf } from '../../src/domain/token.ts';
import type { ProbeSight } from '../../src/ports.ts';
import { KEY, settingsFor, temporaryFolder, type Wish } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { type Provider, startProvider } from './provider.ts';

const PATIENCE = 20_000;
const log = createLog('error', 'test');

describeWithServers('the agent', () => {
  let provider: Provider;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(async () => provider.stop());
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
    provider.greylist(0);
  });

  async function open(wish: Wish = {}, folder?: string): Promise<Agent> {
    const data = folder ?? (await newFolder());
    const agent = await openAgent(settingsFor(provider, data, wish), { log, as: 'spot-check' });
    closers.push(() => agent.close());
    await agent.ready(PATIENCE);
    return agent;
  }

  async function newFolder(): Promise<string> {
    const folder = await temporaryFolder();
    closers.push(() => folder.remove());
    return folder.path;
  }

  async function settled(agent: Agent, id: string): Promise<ProbeSight> {
    const sight = await agent.control.settled(id, PATIENCE);
    if (sight === null) throw new Error(`no probe ${id}`);
    return sight;
  }

  async function check(agent: Agent, path: Path): Promise<ProbeSight> {
    return settled(agent, await agent.control.check('corp', path));
  }

  /** Waits until the provider has taken the message. */
  async function accepted(agent: Agent, id: string): Promise<ProbeSight> {
    for (;;) {
      const sight = await agent.control.probe(id);
      if (sight?.record.handover?.kind === 'accepted') return sight;
      if (sight?.record.handover) throw new Error(JSON.stringify(sight.record.handover));
      await pause(10);
    }
  }

  /** What Postfix logs of a probe. */
  const logged = ({ record: { id, sender } }: ProbeSight): { messageId: string } => ({
    messageId: `${tokenOf(id, KEY)}@${sender.split('@')[1]}`,
  });

  it.each(['starttls', 'tls'] as const)('delivers on all three paths with %s', async (security) => {
    const agent = await open({ security });
    for (const path of ['send', 'receive', 'internal'] as const) {
      const { assessment, record } = await check(agent, path);
      expect(assessment, path).toMatchObject({ outcome: 'delivered' });
      // Postfix may have delivered before a busy machine has read its 250.
      expect(assessment.flags.filter((flag) => flag !== 'before-acceptance')).toEqual([]);
      expect(assessment.delay!.lo).toBeLessThanOrEqual(assessment.delay!.hi);
      expect(record.handover!.stages.map(({ name }) => name)).toContain('tls');
      expect(record.capture!.hops.length).toBeGreaterThan(0);
    }
  });

  it('holds the time that Postfix says it kept a message in its queue, less than a second wide', async () => {
    const agent = await open();
    await provider.holdQueue();
    const id = await agent.control.check('corp', 'send');
    const taken = await accepted(agent, id);
    await pause(5000);
    provider.releaseQueue();
    const { assessment, record } = await settled(agent, id);
    const { a, b, c } = await provider.postfixDelays(logged(taken));
    const reception = record
      .handover!.stages.filter(({ name }) => ['mail', 'rcpt', 'data'].includes(name))
      .reduce((sum, { seconds }) => sum + seconds, 0);
    expect(assessment.delay!.lo).toBeLessThanOrEqual(a.hi + b.hi + c.hi);
    expect(assessment.delay!.hi).toBeGreaterThanOrEqual(a.lo + b.lo - reception);
    expect(assessment.delay!.lo).toBeGreaterThan(4.9);
    expect(assessment.delay!.hi - assessment.delay!.lo).toBeLessThan(1);
  });

  it('holds the time until Dovecot wrote the message, less than a second wide', async () => {
    const agent = await open({ mailbox: { cleanup: 'keep' } });
    await provider.holdQueue();
    const id = await agent.control.check('corp', 'receive');
    await accepted(agent, id);
    await pause(5000);
    provider.releaseQueue();
    const { assessment, record } = await settled(agent, id);
    if (record.handover?.kind !== 'accepted') throw new Error('not accepted');
    const written = (await provider.maildirFiles('alice')).at(-1)!.deliveredUs / 1e6;
    const truth = written - record.handover.acknowledged.wallMs / 1000;
    // The file's name was made just before it could be seen; wall times are read to the millisecond.
    expect(assessment.delay!.lo).toBeLessThanOrEqual(truth + 0.05);
    expect(assessment.delay!.hi).toBeGreaterThanOrEqual(truth - 0.002);
    expect(assessment.delay!.lo).toBeGreaterThan(4);
    expect(assessment.delay!.hi - assessment.delay!.lo).toBeLessThan(1.01);
  });

  it('counts nothing of the time between the last byte and the 250', async () => {
    const agent = await open();
    await provider.delayEndOfData(3);
    try {
      const { assessment, record } = await check(agent, 'send');
      const data = record.handover!.stages.findLast(({ name }) => name === 'data');
      expect(data!.seconds).toBeGreaterThan(2.5);
      expect(assessment.delay!.lo).toBeLessThan(1);
    } finally {
      await provider.delayEndOfData(0);
    }
  });

  it('finds and flags mail that Sieve files as junk', async () => {
    await provider.sieve('alice', 'require "fileinto"; fileinto "Junk";');
    try {
      const agent = await open();
      const { assessment, record } = await check(agent, 'receive');
      expect(assessment).toMatchObject({ outcome: 'delivered', flags: ['junk'] });
      expect(record.capture!.found!.folder).toBe('Junk');
    } finally {
      await provider.sieve('alice', 'keep;');
    }
  });

  it('counts a second copy in another folder as a duplicate', async () => {
    await provider.sieve('alice', 'require ["fileinto", "copy"]; fileinto :copy "Trash"; keep;');
    try {
      const agent = await open();
      const { record } = await check(agent, 'internal');
      for (
        let tries = 0;
        tries < 200 && (await agent.control.probe(record.id))!.record.duplicates.length === 0;
        tries += 1
      )
        await pause(20);
      expect((await agent.control.probe(record.id))!.record.duplicates).toHaveLength(1);
    } finally {
      await provider.sieve('alice', 'keep;');
    }
  });

  it('takes an unknown recipient for a failure at RCPT', async () => {
    const agent = await open({ mailbox: { address: `nobody@${provider.domain}` } });
    const { assessment, record } = await check(agent, 'receive');
    expect(assessment).toMatchObject({ outcome: 'failed', delay: null });
    expect(record.handover).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.1.1' });
  });

  it('correlates a bounce that comes back to the sink', async () => {
    const agent = await open({ mailbox: { address: provider.lateBounce } });
    const { assessment, record } = await check(agent, 'receive');
    expect(assessment.outcome).toBe('failed');
    expect(record.notice).toMatchObject({ action: 'failed', status: '5.1.1' });
  });

  it('correlates a bounce that comes back to the mailbox', async () => {
    const agent = await open({ mailbox: { address: provider.lateBounce } });
    const { assessment, record } = await check(agent, 'internal');
    expect(assessment.outcome).toBe('failed');
    expect(record.notice).toMatchObject({ action: 'failed', status: '5.1.1' });
  });

  it('comes again when it is greylisted, and measures from the acceptance', async () => {
    provider.greylist(1);
    const agent = await open();
    const { assessment, record } = await check(agent, 'receive');
    expect(record.deferrals).toHaveLength(1);
    expect(record.deferrals[0]!.refusal.code).toBe(450);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.delay!.hi).toBeLessThan(2);
  });

  it('holds the first attempt that met its sink closed', async () => {
    const folder = await newFolder();
    const first = await open({}, folder);
    await provider.holdQueue();
    const id = await first.control.check('corp', 'send');
    const taken = await accepted(first, id);
    await first.close();
    provider.releaseQueue();
    const attempt = await provider.postfixDelays({ ...logged(taken), status: 'deferred' });
    const second = await open({}, folder);
    const { assessment } = await settled(second, id);
    expect(assessment.outcome).toBe('delivered');
    expect(assessment.flags).toContain('unwatched');
    expect(assessment.delay!.lo).toBeLessThanOrEqual(attempt.a.hi + attempt.b.hi + attempt.c.hi);
    expect(assessment.delay!.hi).toBeGreaterThanOrEqual(attempt.a.lo + attempt.b.lo - 1);
  });

  it('picks up what arrived while the mailbox was away', async () => {
    const agent = await open();
    await provider.holdQueue();
    const id = await agent.control.check('corp', 'receive');
    await accepted(agent, id);
    await provider.stopDovecot();
    provider.releaseQueue();
    await provider.startDovecot();
    await provider.flushQueue();
    const { assessment } = await settled(agent, id);
    expect(assessment.outcome).toBe('delivered');
  });

  it('leaves other people’s mail as it was', async () => {
    const others = Array.from(
      { length: 300 },
      (_, index) =>
        `From: other@else.example\r\nSubject: mail ${index}\r\nMessage-ID: <${index}@else.example>\r\n\r\nhello\r\n`,
    );
    await provider.dropMessages('bob', others);
    const { username, password, address } = provider.user('bob');
    const agent = await open({ mailbox: { login: { username, password }, address } });
    for (let probes = 0; probes < 2; probes += 1)
      expect((await check(agent, 'receive')).assessment.outcome).toBe('delivered');
    await agent.close();
    const left = await provider.maildirFiles('bob');
    // The day's first probe stays.
    expect(left).toHaveLength(301);
    // Maildir shows flags behind ":2,"; S is \Seen, T is \Deleted.
    expect(left.filter(({ path }) => /:2,[A-Z]*[ST]/.test(path))).toEqual([]);
  });
});
