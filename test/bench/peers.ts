/** The agent beside two other programs that measure mail, through the same Postfix and Dovecot: how far each is off, and who is right when mail is odd. */
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CAPTURE, demand, MAIL_SERVERS } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { startAgent } from './agent-process.ts';
import { atLeast, type Bench, type Row, row } from './bench-row.ts';
import { type Captured, startCapture } from './capture.ts';
import { storedInstants } from './dovecot-log.ts';
import { injectCopy, startTap, type Tap } from './mail-tap.ts';
import { begin, type End, missingOf, NAMES, type Name, type Scene } from './measurers.ts';
import { writePlainConfiguration } from './plain-agent.ts';

/** A case, in which all of them send one message each, at once. */
interface Case {
  readonly name: string;
  /** Milliseconds for which the provider keeps what it has taken. */
  readonly holdMs: number;
  readonly runs: number;
  /** Whether another host delivers the message once more, a while after it came. */
  readonly copy: boolean;
  /** Seconds for which the others wait for their mail; the agent does for days. */
  readonly patience: number;
}
const CASES: readonly Case[] = [
  { name: '0 s', holdMs: 0, runs: 3, copy: false, patience: 60 },
  { name: '1 s', holdMs: 1000, runs: 2, copy: false, patience: 60 },
  { name: '30 s', holdMs: 30_000, runs: 1, copy: false, patience: 60 },
  { name: 'a copy 2 s later', holdMs: 0, runs: 1, copy: true, patience: 60 },
  { name: 'late, beyond the patience', holdMs: 6000, runs: 1, copy: false, patience: 2 },
];
const COPY_AFTER_MS = 2000;
/** Milliseconds in which each has sent, and after which all are done with what has come. */
const SENDING_MS = 30_000;
const SETTLING_MS = 2500;
/** Seconds: who is further off has not measured that message. */
const RIGHT_WITHIN = 1;

export const PEERS: Bench = {
  name: 'peers',
  about: 'the delay of the same mail by the agent, prometheus-mailexporter and check_email_delivery, less the truth',
  async run(tell) {
    demand(MAIL_SERVERS);
    demand(CAPTURE);
    const present = NAMES.filter((name) => {
      const missing = missingOf(name);
      if (missing !== null) tell(`!! LEFT OUT: ${name}: apt-get install --no-install-recommends ${missing}`);
      return missing === null;
    });
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    // One of them sends in plain text only where nothing else is offered, and neither gives its message an identifier.
    const postfix = { smtpd_tls_security_level: 'none', always_add_missing_headers: 'yes' };
    const provider = stack.adopt(await startProvider({ users: NAMES, postfix }), (started) => started.stop());
    for (const name of NAMES) await provider.dropMessages(name, ['Subject: makes the folders\r\n\r\nx\r\n']);
    const taps = new Map<Name, Tap>();
    for (const name of NAMES)
      taps.set(
        name,
        stack.adopt(await startTap(provider.mx), (started) => started.close()),
      );
    const watched = new Map<Name, number[]>();
    for (const name of NAMES) {
      const arrivals: number[] = [];
      const place = join(provider.maildirOf(name), 'new');
      const watcher = watch(place, (_event, file) => {
        const nowUs = Number(process.hrtime.bigint()) / 1000;
        // It tells of those that leave, too.
        if (file !== null && existsSync(join(place, file))) arrivals.push(nowUs);
      });
      stack.defer(() => watcher.close());
      watched.set(name, arrivals);
    }
    const capture = stack.adopt(await startCapture(join(folder, 'wire.pcap'), [provider.mx.port]), (it) => it.close());
    const throughTap = { ...provider, mx: taps.get('agent')!.at };
    const config = writePlainConfiguration(folder, throughTap, ['agent']);
    const agent = stack.adopt(await startAgent('source', config), (started) => started.end());
    const said: Said[] = [];
    for (const each of CASES)
      for (let run = 0; run < each.runs; run += 1)
        said.push(...(await played(each, { present, provider, taps, agent, folder, stack })));
    await agent.end();
    const truths = truthsOf(await capture.end(), provider, watched);
    return rowsOf(
      said.map((each) => ({ ...each, truth: truths.get(each.name)?.[each.index] ?? Number.NaN })),
      present,
      tell,
    );
  },
};

/** What one of them makes of its message, in the end. */
interface Said {
  readonly name: Name;
  readonly what: Case;
  /** Which of its messages: the first, the second, … */
  readonly index: number;
  /** Seconds; NaN where it has none. */
  readonly delay: number;
  /** How many deliveries it has counted. */
  readonly deliveries: number;
}

async function played(what: Case, scene: Scene): Promise<readonly Said[]> {
  const { provider, present, taps } = scene;
  const before = new Map(present.map((name) => [name, taps.get(name)!.messages.length]));
  if (what.holdMs > 0) await provider.holdQueue();
  const sent = async (names: readonly Name[]): Promise<void> => {
    const fromMs = performance.now();
    while (!names.every((name) => taps.get(name)!.messages.length > before.get(name)!)) {
      if (performance.now() - fromMs > SENDING_MS)
        throw new Error(`${names.join(' and ')} must have sent within ${SENDING_MS / 1000} s`);
      await pause(5);
    }
  };
  const running: [Name, End][] = [];
  // One of them waits for up to 20 s before it sends.
  for (const group of [
    present.filter((name) => name === 'mailexporter'),
    present.filter((name) => name !== 'mailexporter'),
  ]) {
    for (const name of group) running.push([name, await begin(name, what.patience, scene)]);
    await sent(group);
  }
  await pause(what.holdMs);
  provider.releaseQueue();
  if (what.copy) {
    await pause(COPY_AFTER_MS);
    for (const name of present) await injectCopy(provider.mx, taps.get(name)!.messages.at(-1)!);
  }
  await pause(SETTLING_MS);
  return Promise.all(running.map(async ([name, end]) => ({ name, what, index: before.get(name)!, ...(await end()) })));
}

/**
 * Seconds from the 250 until it was in the mailbox, of each message by whom it was for, in the order in which they were sent. Dovecot logs it
 * some milliseconds after its file is there, which the kernel tells: `watched` has the monotonic microseconds of what it told.
 */
function truthsOf(
  { conversations, offset }: Captured,
  provider: Provider,
  watched: ReadonlyMap<Name, readonly number[]>,
): ReadonlyMap<Name, readonly number[]> {
  const maillog = readFileSync(join(provider.root, 'maillog'), 'utf8');
  const stored = storedInstants(provider);
  const truths = new Map<Name, number[]>(NAMES.map((name) => [name, []]));
  for (const { client, server } of conversations) {
    const name = NAMES.find((each) => client.text.includes(`<${each}@`));
    const queued = /^250 .* queued as (\w+)/m.exec(server.text);
    // A copy is ours to send, not theirs.
    if (name === undefined || queued === null || client.text.includes('EHLO copy.test')) continue;
    const messageId = new RegExp(`: ${queued[1]}: message-id=<([^>]+)>`).exec(maillog)?.[1] ?? '';
    const acceptedUs = server.atUs(queued.index);
    const loggedUs = stored.get(messageId)?.[0] ?? Number.NaN;
    const toldUs = (watched.get(name) ?? [])
      .map((us) => us + (offset.lo + offset.hi) / 2)
      .find((us) => us > acceptedUs);
    truths.get(name)?.push((Math.min(loggedUs, toldUs ?? loggedUs) - acceptedUs) / 1e6);
  }
  return truths;
}

type Judged = Said & { readonly truth: number };

function rowsOf(all: readonly Judged[], present: readonly Name[], tell: (line: string) => void): readonly Row[] {
  const of = (name: Name, what: Case) => all.filter((each) => each.name === name && each.what === what);
  const offMs = ({ delay, truth }: Judged): number => Math.abs(delay - truth) * 1000;
  const isRight = (each: Judged): boolean => offMs(each) <= RIGHT_WITHIN * 1000 && each.deliveries === 1;
  return CASES.flatMap((what): readonly Row[] => {
    for (const { name, delay, truth, deliveries } of all.filter((each) => each.what === what))
      tell(`${what.name}: ${name} says ${delay} s and ${deliveries} delivered; it took ${truth.toFixed(6)} s`);
    const errors = present.map((name) => ({ name, ms: of(name, what).map(offMs).filter(Number.isFinite) }));
    const measured = errors.filter(({ ms }) => ms.length > 0);
    const ours = measured.find(({ name }) => name === 'agent');
    const ratios = measured.flatMap(({ name, ms }) =>
      name === 'agent' || ours === undefined || what.copy || what.patience < 60
        ? []
        : [row(`${what.name}: ${name} over the agent`, 'ratio', [median(ms) / median(ours.ms)], atLeast(10))],
    );
    return [
      ...measured.map(({ name, ms }) => row(`${what.name}: ${name}, off by`, 'ms', ms)),
      ...ratios,
      ...present.map((name) => row(`${what.name}: ${name} is right`, '', [of(name, what).every(isRight) ? 1 : 0])),
    ];
  });
}

function median(values: readonly number[]): number {
  return row('', '', values).value;
}
