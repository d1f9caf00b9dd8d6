/** What a thousand connections in IDLE cost the agent, and how soon it hears of mail on them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MailboxSettings } from '../../src/domain/settings.ts';
import { demand, MAIL_SERVERS } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { vitalsOf } from '../servers/vitals.ts';
import { atLeast, atMost, type Bench, quantile, type Row, row } from './bench-row.ts';
import type { Said } from './idlers.ts';
import { type Relay, startRelay } from './relay.ts';

const PROGRAM = fileURLToPath(new URL('idlers.ts', import.meta.url));
const COUNT = 1000;
/** Dovecot says something to each client in IDLE every two minutes, and that is part of rest. */
const REST_SECONDS = 120;
/** As a yardstick, without connections. */
const ALONE_SECONDS = 30;
/** What has just been started or opened leaves work behind that is no rest. */
const SETTLE_MS = 5000;
/** One for every so many mailboxes, and how many of them in a second. */
const DELIVERY_EVERY = 2;
const DELIVERIES_PER_SECOND = 10;
/** Dovecot takes half a second to announce what came. */
const PATIENCE_MS = 10_000;

/** Few processes with many clients each: every one that watches Maildirs takes one of the 128 inotify instances that a user has. */
const DOVECOT = `service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 4000
  vsz_limit = 1G
}
service imap {
  service_count = 0
  client_limit = 50
  process_limit = 100
  vsz_limit = 1G
}
`;

export const MAILBOXES: Bench = {
  name: 'mailboxes',
  about: `${COUNT} connections of the IMAP adapter in IDLE over TLS against Dovecot, in a process of their own`,
  async run(tell) {
    demand(MAIL_SERVERS);
    await using stack = new AsyncDisposableStack();
    const users = Array.from({ length: COUNT }, (_, index) => `corp-${index}`);
    const provider = stack.adopt(await startProvider({ users, dovecot: DOVECOT }), (started) => started.stop());
    const relay = stack.adopt(await startRelay(provider.imaps), (started) => started.close());
    const child = stack.adopt(fork(PROGRAM), ended);
    await saying(child, 'started');
    await pause(SETTLE_MS);
    const alone = await processorOf(child, ALONE_SECONDS);
    const before = await vitalsOf(child.pid!);
    const from = performance.now();
    child.send(users.map((user) => settingsOf(provider, relay, user)));
    const { ports } = await saying(child, 'idling');
    tell(`${ports.length} connections in IDLE after ${((performance.now() - from) / 1000).toFixed(0)} s`);
    await pause(SETTLE_MS);
    const opened = await vitalsOf(child.pid!);
    const resting = await processorOf(child, REST_SECONDS);
    const after = await vitalsOf(child.pid!);
    const bytes = (after.residentBytes - before.residentBytes) / ports.length;
    const told = await hints(child, provider, (mailbox, untilUs) => relay.lastWordUs(ports[mailbox]!, untilUs));
    if (relay.connections > COUNT)
      tell(`${relay.connections - COUNT} connections were lost and replaced: times are wrong`);
    return [
      row('memory after rest', 'MiB', [after.residentBytes / 2 ** 20], atMost(250)),
      row('memory after the logins', 'MiB', [opened.residentBytes / 2 ** 20]),
      row('memory before the first connection', 'MiB', [before.residentBytes / 2 ** 20]),
      row('memory for each connection, after rest', 'bytes', [bytes]),
      row('processor at rest', '%', [resting], atMost(1)),
      row('processor at rest before the first connection', '%', [alone]),
      ...told,
    ];
  },
};

/** Share of one core over the next seconds, per cent. */
async function processorOf({ pid }: ChildProcess, seconds: number): Promise<number> {
  const before = await vitalsOf(pid!);
  await pause(seconds * 1000);
  const after = await vitalsOf(pid!);
  return (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
}

function settingsOf(provider: Provider, relay: Relay, user: string): MailboxSettings {
  const { username, password, address } = provider.user(user);
  const tls = { ca: provider.caPem, servername: provider.serverName };
  return { ...relay.at, security: 'tls', tls, login: { username, password }, address, cleanup: 'keep' };
}

/** Puts one message into each of many mailboxes, at random moments. `announcedUs`: when Dovecot last said something to a mailbox's client. */
async function hints(
  child: ChildProcess,
  provider: Provider,
  announcedUs: (mailbox: number, untilUs: number) => number | undefined,
): Promise<readonly Row[]> {
  const heardUs = new Map<number, number>();
  child.on('message', (said: Said) => {
    if (said.kind === 'hint' && !heardUs.has(said.mailbox)) heardUs.set(said.mailbox, said.atUs);
  });
  const deliveredUs = new Map<number, number>();
  const mailboxes = Array.from({ length: COUNT / DELIVERY_EVERY }, (_, index) => index * DELIVERY_EVERY);
  await Promise.all(
    mailboxes.map(async (mailbox, index) => {
      await pause(((index + Math.random()) / DELIVERIES_PER_SECOND) * 1000);
      await provider.dropMessages(`corp-${mailbox}`, ['Subject: news\r\n\r\nSomething came.\r\n']);
      deliveredUs.set(mailbox, Number(process.hrtime.bigint() / 1000n));
    }),
  );
  const untilMs = performance.now() + PATIENCE_MS;
  while (heardUs.size < mailboxes.length && performance.now() < untilMs) await pause(100);
  const seen = mailboxes.flatMap((mailbox) => {
    const toldUs = heardUs.get(mailbox);
    const saidUs = toldUs === undefined ? undefined : announcedUs(mailbox, toldUs);
    if (toldUs === undefined || saidUs === undefined) return [];
    const fileUs = deliveredUs.get(mailbox)!;
    return [{ ours: (toldUs - saidUs) / 1000, dovecots: (saidUs - fileUs) / 1000, both: (toldUs - fileUs) / 1000 }];
  });
  const timed = (what: string, values: readonly number[]): readonly Row[] => {
    const sorted = values.toSorted((one, other) => one - other);
    return [row(what, 'ms', sorted), row(`${what}, 99th percentile`, 'ms', [quantile(sorted, 0.99)])];
  };
  const of = (key: 'ours' | 'dovecots' | 'both') => seen.map((each) => each[key]);
  return [
    row('deliveries told of', '%', [(100 * seen.length) / mailboxes.length], atLeast(100)),
    ...timed('announcement to told', of('ours')),
    ...timed('file to announcement', of('dovecots')),
    ...timed('file to told', of('both')),
  ];
}

/** Resolves with the next message of that kind; rejects if the process ends first. */
function saying<Kind extends Said['kind']>(child: ChildProcess, kind: Kind): Promise<Extract<Said, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    child.on('message', (said: Said) => {
      if (said.kind === kind) resolve(said as Extract<Said, { kind: Kind }>);
    });
    child.once('exit', (code) => reject(new Error(`the process must say "${kind}", and ended with ${code}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
