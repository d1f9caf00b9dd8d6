/** The checks of a provider's servers on a virtual clock: when they come, how deep they go, and what is recorded of them. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/domain/endpoint.ts';
import { spanBetween } from '../../src/domain/time/instant.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';
import { FakeChecker, FakeControl, MUTE, REFUSED, UP } from '../fakes/fake-checker.ts';

const CERTIFICATE = Date.UTC(2027, 0);
const THROTTLED: CheckResult = { kind: 'inconclusive', reason: 'too many' };

let world: FakeWorld;
let engine: Engine | null = null;
let submission: FakeChecker;
let mx: FakeChecker;
let mailbox: FakeChecker;
let control: FakeControl;
/** Monotonic microseconds when the agent came up. */
let startedUs: number;

const SESSION = { shallow: 'session', deep: 'login' } as const;

async function begin({ everySeconds = 60, seed = 1, controlled = true, again = false } = {}): Promise<void> {
  if (!again) world = fakeWorld();
  submission = new FakeChecker(world.clock);
  mx = new FakeChecker(world.clock);
  mailbox = new FakeChecker(world.clock);
  control = new FakeControl(world.clock);
  const provider = 'acme';
  startedUs = world.clock.now().monoUs;
  engine = await world.start({
    seed,
    connectivity: {
      everySeconds,
      control: controlled ? control : null,
      checks: [
        { provider, endpoint: 'submission', depths: SESSION, checker: submission },
        { provider, endpoint: 'mx', depths: { shallow: 'greeting', deep: 'recipient' }, checker: mx },
        { provider, endpoint: 'mailbox', depths: SESSION, checker: mailbox },
      ],
    },
  });
}

async function stop(): Promise<void> {
  const stopped = engine?.stop();
  await world.clock.advance(5);
  await stopped;
  engine = null;
}
afterEach(async () => {
  if (engine !== null) await stop();
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

const checksOf = (endpoint: string) =>
  world.ledger.events('endpoint.checked').filter((event) => event.endpoint === endpoint);
const scheduledOf = (endpoint: string) => checksOf(endpoint).filter(({ kind }) => kind === 'scheduled');
const missedOf = (endpoint: string) =>
  world.ledger.events('check.unmeasured').filter((event) => event.endpoint === endpoint);
const secondsOf = ({ began }: { began: { monoUs: number } }) => (began.monoUs - startedUs) / 1e6;
const observed = (endpoint: string) => world.observer.endpoints.filter((check) => check.endpoint === endpoint);
const isDeep = (depth: string) => depth === 'login' || depth === 'recipient';

/** Probes hand over on the path until the next one's handover was recorded. */
async function probe(path: 'send' | 'receive' | 'internal'): Promise<void> {
  const planned = engine?.check('acme', path);
  await world.clock.advance(0.5);
  await planned;
}

describe('the schedule', () => {
  it.each([30, 60, 300])('has exactly one check of each server in each cell of %d s', async (everySeconds) => {
    await begin({ everySeconds });
    await world.clock.advance(40 * everySeconds - 0.5);
    for (const endpoint of ['submission', 'mx', 'mailbox']) {
      const cells = scheduledOf(endpoint).map((check) => Math.floor(secondsOf(check) / everySeconds));
      // The last cell's may be in its last half second.
      const last = cells.length === 40 ? [39] : [];
      expect(cells).toEqual([...Array.from({ length: 39 }, (_, cell) => cell), ...last]);
      expect(missedOf(endpoint)).toEqual([]);
    }
    expect(checksOf('mx')[0]).toMatchObject({ provider: 'acme', everySeconds, control: null, result: { kind: 'up' } });
  });

  it('leaves a check to its cell that a busy host begins a moment after its end', async () => {
    await begin({ everySeconds: 30 });
    const sleep = world.clock.sleep.bind(world.clock);
    world.clock.sleep = (ms, signal) => sleep(ms >= 1000 ? ms + 1500 : ms, signal);
    await world.clock.advance(30 * 200);
    // One moment in twenty lies in the last 1.5 s of its cell.
    expect(missedOf('mx')).toEqual([]);
    expect(scheduledOf('mx').length).toBeGreaterThanOrEqual(198);
  });

  it('has its moments spread evenly over the cell, each server by itself', async () => {
    await begin({ everySeconds: 30, seed: 7 });
    await world.clock.advance(30 * 400);
    for (const endpoint of ['submission', 'mx', 'mailbox']) {
      const tenths = Array.from({ length: 10 }, () => 0);
      for (const check of scheduledOf(endpoint)) tenths[Math.floor((secondsOf(check) % 30) / 3)]! += 1;
      // 400 draws: 40 in each tenth, standard deviation 6; the seed is fixed.
      expect(Math.min(...tenths)).toBeGreaterThan(40 - 4 * 6);
      expect(Math.max(...tenths)).toBeLessThan(40 + 4 * 6);
    }
    const [one, other] = ['submission', 'mailbox'].map((endpoint) => scheduledOf(endpoint).map(secondsOf));
    expect(one).not.toEqual(other);
  });

  it('logs in at least every ten minutes, and names the recipient at most so often', async () => {
    await begin();
    await world.clock.advance(4 * 3600);
    const deep = (endpoint: string) =>
      checksOf(endpoint)
        .filter(({ depth }) => isDeep(depth))
        .map(secondsOf);
    const gaps = (moments: readonly number[]) => moments.slice(1).map((at, index) => at - moments[index]!);
    expect(Math.max(...gaps(deep('mailbox')))).toBeLessThanOrEqual(600);
    expect(deep('mailbox').length).toBeLessThan(240 / 7);
    expect(Math.min(...gaps(deep('mx')))).toBeGreaterThanOrEqual(600);
    expect(deep('mx').length).toBeGreaterThan(20);
  });

  it('gives each cell its check or says that it had none, whatever the draws and however long checks take', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 0, max: 90_000 }), async (seed, latencyMs) => {
        await begin({ everySeconds: 30, seed });
        mx.latencyMs = latencyMs;
        await world.clock.advance(30 * 30);
        const records = world.ledger.entries
          .map(({ event }) => event)
          .filter((event) => event.type === 'endpoint.checked' || event.type === 'check.unmeasured')
          .filter(({ endpoint }) => endpoint === 'mx');
        const amiss = records.filter((record, cell) => {
          if (record.type === 'check.unmeasured') return (record.at.monoUs - startedUs) / 1e6 <= 30 * (cell + 1);
          // A busy agent may be 2 s late.
          return secondsOf(record) < 30 * cell || secondsOf(record) > 30 * (cell + 1) + 2.1;
        });
        expect(amiss).toEqual([]);
        // All but those that the last check, and the time since, leave open.
        expect(records.length).toBeGreaterThanOrEqual(30 - 1 - Math.ceil(latencyMs / 30_000));
        await stop();
      }),
      { numRuns: 30 },
    );
  });
});

describe('after a failure', () => {
  it('checks again after 5 s, as deep, and then once a cell until it is good', async () => {
    await begin();
    await world.clock.advance(600);
    mx.answer = () => REFUSED;
    const from = scheduledOf('mx').length;
    await world.clock.advance(300);
    const failed = checksOf('mx').slice(from);
    expect(failed.map(({ kind }) => kind)).toEqual([
      'scheduled',
      'confirmation',
      'scheduled',
      'scheduled',
      'scheduled',
      'scheduled',
    ]);
    expect(spanBetween(failed[0]!.began, failed[1]!.began).lo).toBeGreaterThan(4.9);
    expect(spanBetween(failed[0]!.began, failed[1]!.began).hi).toBeLessThan(6);
    mx.answer = () => UP;
    await world.clock.advance(60);
    mx.answer = () => REFUSED;
    await world.clock.advance(66);
    expect(checksOf('mx').filter(({ kind }) => kind === 'confirmation')).toHaveLength(2);
  });

  it('stays at the depth that failed, so that a shallow success hides nothing', async () => {
    await begin();
    mx.answer = (depth) => (depth === 'recipient' ? { kind: 'down', stage: 'rcpt', code: '550', text: 'no' } : UP);
    await world.clock.advance(1200);
    expect(new Set(mx.asked)).toEqual(new Set(['recipient']));
    mx.answer = () => UP;
    await world.clock.advance(180);
    expect(mx.asked.at(-1)).toBe('greeting');
    mailbox.answer = (depth) => (depth === 'session' ? { kind: 'down', stage: 'session', code: 'NO', text: '' } : UP);
    await world.clock.advance(60);
    // The next one has no session and logs in, which is more than what failed.
    expect(
      checksOf('mailbox')
        .slice(-2)
        .map(({ kind, depth, result }) => [kind, depth, result.kind]),
    ).toEqual([
      ['scheduled', 'session', 'down'],
      ['confirmation', 'login', 'up'],
    ]);
  });

  it('asks the neutral host right beside, and only then', async () => {
    await begin();
    await world.clock.advance(600);
    expect(control.asked).toBe(0);
    submission.answer = () => REFUSED;
    control.answer = false;
    await world.clock.advance(70);
    const failed = checksOf('submission').filter(({ result }) => result.kind === 'down');
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(new Set(failed.map((check) => check.control))).toEqual(new Set(['failed']));
    expect(control.asked).toBe(failed.length);
    // Our own line: nobody is told that the server is down.
    expect(observed('submission').every(({ up }) => up)).toBe(true);
    control.answer = true;
    await world.clock.advance(60);
    expect(checksOf('submission').at(-1)!.control).toBe('healthy');
    expect(observed('submission').at(-1)!.up).toBe(false);
    expect(new Set(checksOf('mx').map((check) => check.control))).toEqual(new Set([null]));
  });

  it.each([
    ['submission', 'dns', 'ENOTFOUND', 'failed'],
    ['mx', 'dns', 'TIMEOUT', 'failed'],
    ['mx', 'connect', 'TIMEOUT', 'healthy'],
    // imapflow gives up without a word on whether it had an address.
    ['mailbox', 'connect', 'TIMEOUT', 'failed'],
    ['mailbox', 'connect', 'ECONNREFUSED', 'healthy'],
  ] as const)(
    'of %s at %s by %s, needs a neutral host with a name only if our resolver may be dead',
    async (endpoint, stage, code, state) => {
      await begin();
      control.answerByName = false;
      const checker = { submission, mx, mailbox }[endpoint];
      checker.answer = () => ({ kind: 'down', stage, code, text: '' });
      await world.clock.advance(70);
      expect(checksOf(endpoint)[0]?.control).toBe(state);
      control.answerByName = true;
      await world.clock.advance(60);
      expect(checksOf(endpoint).at(-1)?.control).toBe('healthy');
    },
  );

  it('says so where there is no neutral host to ask', async () => {
    await begin({ controlled: false });
    submission.answer = () => REFUSED;
    await world.clock.advance(66);
    expect(checksOf('submission')[0]).toMatchObject({ control: 'none', result: REFUSED });
  });

  it('takes throttling for no failure: nothing is confirmed, nobody asked, and nothing shown', async () => {
    await begin();
    await world.clock.advance(600);
    mx.answer = () => THROTTLED;
    const before = observed('mx').length;
    await world.clock.advance(300);
    expect(checksOf('mx').at(-1)).toMatchObject({ kind: 'scheduled', result: THROTTLED, control: null });
    expect(control.asked).toBe(0);
    expect(observed('mx')).toHaveLength(before);
  });
});

describe('a probe that is not taken', () => {
  it.each([
    ['send', 'submission', 'login'],
    ['internal', 'submission', 'login'],
    ['receive', 'mx', 'recipient'],
  ] as const)('on the path %s has the %s checked at once by %s', async (path, endpoint, depth) => {
    await begin();
    await world.clock.advance(120);
    const count = checksOf(endpoint).length;
    (path === 'receive' ? world.injector : world.submitter).answers.push({ kind: 'refuse', code: 550 });
    await probe(path);
    expect(checksOf(endpoint).slice(count)).toMatchObject([{ kind: 'confirmation', depth, result: UP }]);
  });

  it('is followed once a cell at most', async () => {
    await begin();
    await world.clock.advance(120);
    world.submitter.answers.push(...Array.from({ length: 20 }, () => ({ kind: 'refuse', code: 550 }) as const));
    for (let count = 0; count < 20; count += 1) {
      await probe('send');
      await world.clock.advance(5.5);
    }
    // 20 probes in 120 s.
    const confirmations = checksOf('submission').filter(({ kind }) => kind === 'confirmation');
    expect(confirmations).toHaveLength(2);
  });

  it('changes nothing where it is taken, or where the agent gave it up', async () => {
    await begin();
    await world.clock.advance(120);
    world.submitter.answers.push({ kind: 'accept' }, { kind: 'hang' });
    await probe('send');
    await probe('send');
    await stop();
    expect(world.ledger.events('probe.handed-over')).toHaveLength(2);
    expect(checksOf('submission').filter(({ kind }) => kind === 'confirmation')).toEqual([]);
  });
});

describe('cells without a check', () => {
  it('are recorded when the host slept through them, with a word on why', async () => {
    await begin();
    await world.clock.advance(120);
    const before = checksOf('mx').length;
    world.clock.suspend(600);
    await world.clock.advance(60);
    const missed = missedOf('mx');
    expect(missed.length).toBeGreaterThanOrEqual(9);
    expect(missed.length).toBeLessThanOrEqual(10);
    expect(missed[0]!.reason).toMatch(/^the agent woke \d+ s late$/);
    expect(checksOf('mx').length - before).toBeLessThanOrEqual(2);
    await world.clock.advance(600);
    // 1380 s have passed, 23 cells.
    expect(scheduledOf('mx').length + missedOf('mx').length).toBeGreaterThanOrEqual(22);
    expect(scheduledOf('mx').length + missedOf('mx').length).toBeLessThanOrEqual(23);
  });

  it('are bounded in number after a long sleep', async () => {
    await begin();
    await world.clock.advance(120);
    world.clock.suspend(30 * 86_400);
    await world.clock.advance(120);
    expect(missedOf('mailbox')).toHaveLength(100);
    expect(scheduledOf('mailbox').length).toBeGreaterThanOrEqual(3);
  });

  it('are recorded when the check before took too long', async () => {
    await begin({ everySeconds: 30 });
    submission.latencyMs = 70_000;
    await world.clock.advance(300);
    expect(missedOf('submission').length).toBeGreaterThan(2);
    expect(new Set(missedOf('submission').map(({ reason }) => reason))).toEqual(
      new Set(['the check before was still under way']),
    );
    submission.latencyMs = 0;
    await world.clock.advance(70);
  });

  it('are recorded when the agent stops in the middle of a check, which then says nothing of the server', async () => {
    await begin();
    mx.answer = () => MUTE;
    while (mx.asked.length === 0) await world.clock.advance(0.5);
    await stop();
    expect(checksOf('mx')).toEqual([]);
    expect(missedOf('mx').map(({ reason }) => reason)).toEqual(['the agent stopped meanwhile']);
    expect(world.ledger.entries.at(-1)!.event.type).toBe('agent.stopped');
  });

  it('are recorded when the agent stops while the neutral host is asked', async () => {
    await begin();
    mx.answer = () => REFUSED;
    control.latencyMs = 4000;
    while (control.asked === 0) await world.clock.advance(0.5);
    await stop();
    expect(checksOf('mx')).toEqual([]);
    expect(missedOf('mx')).toHaveLength(1);
  });

  it('are recorded when a check breaks off by a bug, and the checks go on', async () => {
    await begin();
    const real = mx.check.bind(mx);
    mx.check = async () => {
      throw new TypeError('a bug');
    };
    await world.clock.advance(60);
    expect(missedOf('mx').map(({ reason }) => reason)).toEqual(['the check broke off']);
    mx.check = real;
    await world.clock.advance(60);
    expect(checksOf('mx')).toHaveLength(1);
  });
});

describe('the agent', () => {
  it('keeps checks that the ledger refuses, and records them when it can, in order', async () => {
    await begin();
    world.ledger.failure = new Error('disk full');
    await world.clock.advance(180);
    expect(checksOf('mx')).toEqual([]);
    expect(mx.reports.length).toBeGreaterThanOrEqual(2);
    world.ledger.failure = null;
    await world.clock.advance(60);
    expect(checksOf('mx').map(secondsOf)).toEqual(
      mx.reports.slice(0, checksOf('mx').length).map((report) => secondsOf(report)),
    );
    expect(checksOf('mx').length).toBeGreaterThanOrEqual(3);
  });

  it('begins with a deep check after a restart, for what failed before it may fail still', async () => {
    await begin();
    await world.clock.advance(180);
    await stop();
    await begin({ again: true });
    await world.clock.advance(60);
    expect([submission.asked[0], mx.asked[0], mailbox.asked[0]]).toEqual(['login', 'recipient', 'login']);
  });

  it('closes every checker when it stops, and checks no more', async () => {
    await begin();
    await world.clock.advance(130);
    await stop();
    expect([submission.closed, mx.closed, mailbox.closed]).toEqual([1, 1, 1]);
    const { length } = world.ledger.entries;
    await world.clock.advance(300);
    expect(world.ledger.entries).toHaveLength(length);
  });

  it('shows each check, the time of those alone that were let in, and the certificate at every depth', async () => {
    await begin();
    mailbox.certificateExpiresMs = CERTIFICATE;
    await world.clock.advance(180);
    const shown = observed('mailbox').slice(1);
    expect(shown.map(({ up, seconds }) => [up, seconds === null])).toEqual([
      [true, false],
      [true, true],
      [true, true],
    ]);
    expect(shown.map(({ certificateExpiresMs }) => certificateExpiresMs)).toEqual(Array(3).fill(CERTIFICATE));
    mailbox.answer = () => REFUSED;
    await world.clock.advance(60);
    expect(observed('mailbox').at(-1)).toMatchObject({ up: false });
  });
});
