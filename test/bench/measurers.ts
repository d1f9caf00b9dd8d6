/** The programs whose measurements are compared: how each is let loose on one message, and asked for what it has found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assess } from '../../src/domain/delay/delay.ts';
import { reservePorts } from '../servers/ports.ts';
import type { Provider } from '../servers/provider.ts';
import type { RunningAgent } from './agent-process.ts';
import type { Tap } from './mail-tap.ts';
import { orderPaced, recordsOf, untilSettled } from './plain-agent.ts';

export const NAMES = ['agent', 'mailexporter', 'check_email_delivery'] as const;
export type Name = (typeof NAMES)[number];

const EXPORTER = '/usr/bin/mailexporter';
const CHECK = '/usr/lib/nagios/plugins/check_email_delivery';
const IMAP_CLIENT = '/usr/share/perl5/Mail/IMAPClient.pm';

/** The Debian package that brings it; null if it is there. */
export function missingOf(name: Name): string | null {
  if (name === 'mailexporter' && !existsSync(EXPORTER)) return 'prometheus-mailexporter';
  if (name !== 'check_email_delivery') return null;
  return existsSync(CHECK) && existsSync(IMAP_CLIENT) ? null : 'monitoring-plugins-contrib libmail-imapclient-perl';
}

/** Where they measure. */
export interface Scene {
  readonly present: readonly Name[];
  readonly provider: Provider;
  readonly taps: ReadonlyMap<Name, Tap>;
  readonly agent: RunningAgent;
  readonly folder: string;
  /** Ends what they have started. */
  readonly stack: AsyncDisposableStack;
}

/** What it makes of its message, in the end: seconds, NaN where it has none, and how many deliveries it has counted. */
export type End = () => Promise<{ readonly delay: number; readonly deliveries: number }>;

/** Lets it send one message and wait for it for `patience` seconds (the agent waits for days); what is returned asks it for what it has found. */
export function begin(name: Name, patience: number, scene: Scene): Promise<End> {
  if (name === 'agent') return beginAgent(scene);
  return name === 'mailexporter' ? beginExporter(patience, scene) : beginCheck(patience, scene);
}

async function beginAgent({ agent, folder }: Scene): Promise<End> {
  const { ids } = await orderPaced(agent.url, [{ provider: 'agent', path: 'receive' }], {
    perSecond: 50,
    seconds: 0.02,
  });
  return async () => {
    await untilSettled(join(folder, 'data'));
    const record = (await recordsOf(join(folder, 'data'))).find(({ id }) => id === ids[0]);
    const delay = record === undefined ? null : assess(record, new Map()).delay;
    // The bound that it shows in its histograms.
    return { delay: delay?.hi ?? Number.NaN, deliveries: record?.capture === null ? 0 : 1 };
  };
}

/** Sends once it is up, and then no more for an hour. */
async function beginExporter(patience: number, { provider, taps, folder, stack }: Scene): Promise<End> {
  const { ports, release } = await reservePorts('127.0.0.1', ['web']);
  const config = join(folder, 'mailexporter.conf');
  writeFileSync(
    config,
    `monitoringinterval: 1h
mailchecktimeout: ${patience}s
startupoffset: 1ms
servers:
  - {name: mail, server: 127.0.0.1, port: "${taps.get('mailexporter')!.at.port}", login: "", passphrase: "", from: probe@sink.test, to: ${provider.user('mailexporter').address}, detectiondir: ${provider.maildirOf('mailexporter')}/new}
`,
  );
  const child = spawn(EXPORTER, ['-config.file', config, '-web.listen-address', `127.0.0.1:${ports.web}`], {
    stdio: 'ignore',
  });
  stack.adopt(child, ended);
  return async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${ports.web}/metrics`)).text();
    await ended(child);
    await release();
    const value = (pattern: RegExp): number => Number(pattern.exec(metrics)?.[1]);
    return {
      delay: value(/^mail_last_deliver_duration_seconds\{.*\} (\S+)$/m),
      deliveries: value(/^mail_deliver_durations\w*_count\{.*\} (\S+)$/m) || 0,
    };
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** As closely as it can be told to look: at once, and then every second. */
async function beginCheck(patience: number, { provider, taps, stack }: Scene): Promise<End> {
  const { username, password, address } = provider.user('check_email_delivery');
  const smtp = ['--smtp-server', '127.0.0.1', '--smtp-port', String(taps.get('check_email_delivery')!.at.port)];
  const imap = ['--imap-server', '127.0.0.1', '--imap-port', String(provider.imap.port)];
  const mail = ['--mailto', address, '--mailfrom', 'probe@sink.test', '--imap-username', username];
  const pace = ['--wait', '0.1', '--imap-check-interval', '1', '--imap-retries', String(patience)];
  const limits = ['-w', '600,600,600', '-c', '900,900,900', '-t', '120,120', '--hires'];
  const login = ['--imap-password', password, '--username', username, '--password', password];
  // Without these two it does not even begin, and with them it would log in to the MX, which has no AUTH.
  const child = spawn(CHECK, [...smtp, ...imap, ...mail, ...pace, ...limits, ...login, '--smtp-username', ''], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stack.adopt(child, ended);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exit = once(child, 'close');
  return async () => {
    await exit;
    const delay = /delay=([\d.]+)s/.exec(said)?.[1];
    return delay === undefined ? { delay: Number.NaN, deliveries: 0 } : { delay: Number(delay), deliveries: 1 };
  };
}
