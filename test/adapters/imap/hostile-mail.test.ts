/** Hostile mail in a real Dovecot, watched by the real watcher: probes among it are captured, and nothing else is read whole, or deleted. */
import { linkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createMailbox } from '../../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { LOOPBACK, listening } from '../../../src/demo/sockets.ts';
import { composeProbe } from '../../../src/domain/mail/message.ts';
import { newProbeId, tokenOf } from '../../../src/domain/token.ts';
import { mailboxPart, watchMailbox } from '../../../src/engine/mailbox-watcher.ts';
import { accepted, planned } from '../../domain/events.ts';
import { CountingObserver, silentLog } from '../../fakes/fake-provider.ts';
import { heldBytes } from '../../fakes/held-bytes.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { startRecorder } from '../../fakes/recorder.ts';
import { describeWithServers } from '../../servers/available.ts';
import { type Provider, startProvider } from '../../servers/provider.ts';
import { hostileMessages } from './hostile-messages.ts';
import { settingsFor, strangersMessage, until } from './support.ts';

const KEY = new Uint8Array(32).fill(7);
const SENDER = 'probe@sink.test';
const PROBES = 20;
const TINY = 3000;
const CROWD = 100_000;
const NAMES_OF_A_FILE = 50_000;
/** As the watcher has it. */
const NEWEST_SCANNED = 1000;
/** Bytes for each of them: a few fields, and what stands around them. */
const NEWEST_BYTES_MAX = 600;
/** Bytes held at the end of it; of the folder's numbers and names nothing is kept. */
const HELD_MAX = 8_000_000;
/** Dovecot numbers the folder anew when it is first opened. */
const OPENED_MS_MAX = 30_000;
const LATE_MS_MAX = 5000;
const START_MS_MAX = 60_000;
const WATCH_MS_MAX = 60_000;
/** Bytes for each message that may concern us: header and body as far as they are read, and what stands around them. */
const READ_MAX = 160_000;
/** Bytes for each that does not. */
const SIFTED_MAX = 10_000;

let provider: Provider;

/** A way to the server that counts what comes back. */
async function countingGate(): Promise<{
  readonly host: string;
  readonly port: number;
  readonly received: () => number;
}> {
  let bytes = 0;
  const server = createServer((near) => {
    const far = connect(provider.imap.port, provider.imap.host);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const)
      end.on('error', () => other.destroy()).on('close', () => other.destroy());
    far.on('data', (chunk) => {
      bytes += chunk.length;
    });
    near.pipe(far).pipe(near);
  });
  server.listen(0, LOOPBACK);
  onTestFinished(() => void server.close());
  return { ...(await listening(server)), received: () => bytes };
}

/** Watches an account until the test ends; `ids` are probes that are on their way to it. */
async function watch(account: string, ids: readonly string[]) {
  const gate = await countingGate();
  const clock = systemClock();
  const ledger = new MemoryLedger();
  const observer = new CountingObserver();
  const { recorder, health } = await startRecorder(ledger, { clock, observer });
  for (const id of ids) {
    const recipient = provider.user(account).address;
    await recorder.record([
      planned(id, 0, { at: clock.now(), provider: 'acme', path: 'receive', sender: SENDER, recipient }),
      {
        type: 'probe.handed-over',
        at: clock.now(),
        probe: id,
        handover: { ...accepted(0), acknowledged: clock.now() } as never,
      },
    ]);
  }
  const { username, password, address } = provider.user(account);
  const settings = settingsFor(gate, { login: { username, password }, address });
  const mailbox = createMailbox(settings, [SENDER], { clock, random: systemRandom, log: silentLog });
  const parts = {
    mailbox,
    recorder,
    ledger,
    part: mailboxPart(health, 'acme'),
    clock,
    random: systemRandom,
    observer,
    log: silentLog,
  };
  const ended = new AbortController();
  const options = { provider: 'acme', keys: [KEY], maximumSeconds: () => 3600, cleanup: 'delete' } as const;
  const watching = watchMailbox(options, parts, ended.signal);
  onTestFinished(async () => {
    ended.abort();
    await watching;
    clock.close();
  });
  return { ledger, observer, received: gate.received };
}

const newProbes = (count: number) =>
  Array.from({ length: count }, () => {
    const id = newProbeId(systemRandom.bytes(10));
    return { id, token: tokenOf(id, KEY) };
  });

function probeText({ id, token }: { readonly id: string; readonly token: string }, account: string): string {
  return composeProbe({
    id,
    token,
    agent: 'test',
    provider: 'acme',
    path: 'receive',
    sender: SENDER,
    recipient: provider.user(account).address,
    date: planned(id, 0).at,
    chainHead: { seq: 1, hash: '0'.repeat(64) },
    contact: 'postmaster@sink.test',
  });
}

/** A folder of so many messages, of which many are the same file: a file may have 65,000 names at most (ext4). */
async function crowd(account: string, count: number): Promise<void> {
  await provider.dropMessages(
    account,
    Array.from({ length: Math.ceil(count / NAMES_OF_A_FILE) }, (_, number) => strangersMessage(number)),
  );
  const seconds = Math.floor(Date.now() / 1000) - 86_400;
  let left = count;
  for (const { path } of await provider.maildirFiles(account)) {
    const cur = join(dirname(dirname(path)), 'cur');
    const names = Math.min(left, NAMES_OF_A_FILE);
    for (let name = 1; name <= names; name += 1, left -= 1)
      linkSync(path, join(cur, `${seconds}.M${left}P1.crowd:2,S`));
  }
}

/** How many messages an account has. */
async function messagesIn(account: string): Promise<number> {
  const files = await provider.maildirFiles(account);
  return files.length;
}

describeWithServers('hostile mail at Dovecot', () => {
  beforeAll(async () => {
    provider = await startProvider({ users: ['alice', 'bob', 'carol'] });
  }, START_MS_MAX);
  afterAll(() => provider.stop(), START_MS_MAX);

  test(
    'probes among messages made to harm are captured, those stay, and of none more than its beginning is read',
    async () => {
      const probes = newProbes(PROBES);
      const sent = { id: newProbeId(systemRandom.bytes(10)) };
      const quoted = tokenOf(newProbeId(systemRandom.bytes(10)), KEY);
      const theirs = tokenOf(newProbeId(systemRandom.bytes(10)), new Uint8Array(32).fill(8));
      const hostile = Object.values(hostileMessages(quoted, theirs));
      const unknown = probeText({ id: quoted.slice(0, 16), token: quoted }, 'alice');
      await provider.dropMessages('alice', [
        ...hostile,
        ...probes.flatMap((probe, index) => [probeText(probe, 'alice'), hostile[index % hostile.length] ?? '']),
        unknown,
      ]);
      const before = await messagesIn('alice');
      const { ledger, observer, received } = await watch('alice', [...probes.map(({ id }) => id), sent.id]);
      await until(() => (ledger.events('message.seen').length === PROBES ? true : null));
      // Of each day's probes one stays.
      await until(async () => ((await messagesIn('alice')) === before - PROBES + 1 ? true : null));
      expect(new Set(ledger.events('message.seen').map(({ probe }) => probe))).toEqual(
        new Set(probes.map(({ id }) => id)),
      );
      expect(ledger.events('probe.notified')).toEqual([]);
      expect(ledger.events('mailbox.failed')).toEqual([]);
      expect(observer.counts.get('token forged')).toBeGreaterThan(5);
      expect(observer.counts.get('token unknown')).toBe(1);
      expect(received()).toBeLessThan(READ_MAX * (2 * hostile.length + 2 * PROBES));
    },
    WATCH_MS_MAX,
  );

  test(
    'a probe below thousands of tiny messages is captured, and they stay',
    async () => {
      const [probe] = newProbes(1);
      if (probe === undefined) throw new Error('there must be a probe');
      const tiny = Array.from({ length: TINY }, (_, number) => strangersMessage(number));
      const { ledger, received } = await watch('bob', [probe.id]);
      await until(() => (ledger.entries.length > 2 ? true : null));
      await provider.dropMessages('bob', [...tiny, probeText(probe, 'bob')]);
      await until(() => (ledger.events('message.seen').length === 1 ? true : null));
      expect(ledger.events('mailbox.failed')).toEqual([]);
      expect(await messagesIn('bob')).toBe(TINY + 1);
      expect(received()).toBeLessThan(SIFTED_MAX * TINY);
    },
    WATCH_MS_MAX,
  );

  test(
    'in a folder of a hundred thousand the newest thousand alone are read, and probes among them are captured in time',
    async () => {
      const [there, late] = newProbes(2);
      if (there === undefined || late === undefined) throw new Error('there must be two probes');
      await crowd('carol', CROWD);
      await provider.dropMessages('carol', [probeText(there, 'carol')]);
      const before = heldBytes();
      const fromMs = performance.now();
      const { ledger, received } = await watch('carol', [there.id, late.id]);
      await until(() => (ledger.events('message.seen').length === 1 ? true : null));
      const openedMs = performance.now() - fromMs;
      expect(received()).toBeLessThan(NEWEST_SCANNED * NEWEST_BYTES_MAX);
      expect(heldBytes() - before).toBeLessThan(HELD_MAX);
      const droppedMs = performance.now();
      await provider.dropMessages('carol', [probeText(late, 'carol')]);
      await until(() => (ledger.events('message.seen').length === 2 ? true : null));
      expect(performance.now() - droppedMs).toBeLessThan(LATE_MS_MAX);
      expect(openedMs).toBeLessThan(OPENED_MS_MAX);
      expect(ledger.events('mailbox.failed')).toEqual([]);
      const left = await provider.maildirFiles('carol');
      expect(left.filter(({ path }) => path.includes('.crowd'))).toHaveLength(CROWD);
    },
    WATCH_MS_MAX,
  );
});
