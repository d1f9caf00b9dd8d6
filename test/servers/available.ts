/** Suites that need a tool of the system: run where it is, skipped aloud where it is not, failed where it must be (CI). */
/* oxlint-disable vitest/valid-title, vitest/valid-describe-callback, vitest/no-disabled-tests, vitest/expect-expect -- registers suites for the test files that name them */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';

export type Availability =
  | { readonly available: true }
  | {
      readonly available: false;
      /** What is missing and how to get it, one line. */
      readonly reason: string;
    };

export interface Tool {
  /** Stands in the suite's name, so that a reporter can count what ran with it. */
  readonly name: string;
  check(): Availability;
}

/** Programs and modules by the Debian package that brings them. */
const MAIL_SERVER_FILES: Readonly<Record<string, readonly string[]>> = {
  postfix: ['/usr/lib/postfix/sbin/master', '/usr/sbin/postqueue'],
  'dovecot-core': ['/usr/sbin/dovecot', '/usr/bin/doveadm'],
  'dovecot-imapd': ['/usr/lib/dovecot/imap'],
  'dovecot-lmtpd': ['/usr/lib/dovecot/lmtp'],
  'dovecot-sieve': ['/usr/bin/sievec', '/usr/lib/dovecot/modules/lib90_sieve_plugin.so'],
  openssl: ['/usr/bin/openssl'],
};

/** Whether a private Postfix and Dovecot can be started here. */
function mailServers(): Availability {
  if (process.platform !== 'linux') return missing(`Linux is needed, this is ${process.platform}`);
  const packages = Object.entries(MAIL_SERVER_FILES)
    .filter(([, files]) => !files.every((file) => existsSync(file)))
    .map(([name]) => name);
  if (packages.length > 0) return missing(`apt-get install --no-install-recommends ${packages.join(' ')}`);
  // Both servers change to users of their own.
  if (process.getuid?.() !== 0) return missing(`root is needed, this is uid ${process.getuid?.()}`);
  return { available: true };
}

/** Whether Prometheus's `promtool` can be run. */
function promtoolAvailable(): Availability {
  const { error } = spawnSync('promtool', ['--version'], { stdio: 'ignore' });
  return error === undefined ? { available: true } : missing('no promtool in PATH: apt-get install prometheus');
}

/** Whether a private Prometheus can be started here, and `promtool` run. */
function prometheusAvailable(): Availability {
  const { error } = spawnSync('prometheus', ['--version'], { stdio: 'ignore' });
  return error === undefined ? promtoolAvailable() : missing('no prometheus in PATH: apt-get install prometheus');
}

/** Whether a systemd unit can be checked; 252 is the first that can judge one by itself. */
function systemdAvailable(): Availability {
  const { stdout, error } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  if (error !== undefined) return missing('no systemd-analyze in PATH: apt-get install systemd');
  const version = Number(/^systemd (\d+)/.exec(stdout)?.[1]);
  return version >= 252 ? { available: true } : missing(`systemd 252 is needed, this is ${version}`);
}

/** Whether Alertmanager's `amtool` can be run. */
function amtoolAvailable(): Availability {
  const { error } = spawnSync('amtool', ['--version'], { stdio: 'ignore' });
  return error === undefined
    ? { available: true }
    : missing('no amtool in PATH: apt-get install --no-install-recommends prometheus-alertmanager');
}

/** As Debian installs it. */
export const CHROMIUM_PATH = '/usr/bin/chromium';
/** Without it a browser shows empty boxes for Chinese, and nobody would see that on a picture of the page. */
const CJK_FONT = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';

/** Whether a page can be opened in Chromium. */
function chromiumAvailable(): Availability {
  const packages = [existsSync(CHROMIUM_PATH) ? [] : 'chromium', existsSync(CJK_FONT) ? [] : 'fonts-noto-cjk'].flat();
  return packages.length === 0
    ? { available: true }
    : missing(`apt-get install --no-install-recommends ${packages.join(' ')}`);
}

/** Whether file systems can be mounted, as the ones that are filled up and the ones that fail. */
function mountsAvailable(): Availability {
  const servers = mailServers();
  if (!servers.available) return servers;
  if (spawnSync('mkfs.ext4', ['-V'], { stdio: 'ignore' }).error !== undefined)
    return missing('no mkfs.ext4 in PATH: apt-get install e2fsprogs');
  if (!existsSync('/dev/loop-control')) return missing('no loop devices: /dev/loop-control is needed');
  const folder = mkdtempSync(join(tmpdir(), 'mfp-mount-'));
  try {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { encoding: 'utf8' });
    if (status !== 0) return missing(`leave to mount is needed (CAP_SYS_ADMIN): ${(stderr ?? '').trim()}`);
    spawnSync('umount', [folder]);
    return { available: true };
  } finally {
    rmdirSync(folder);
  }
}

/** Whether a network of the test's own can be made, and cut. */
function networksAvailable(): Availability {
  const servers = mailServers();
  if (!servers.available) return servers;
  if (spawnSync('ip', ['-V'], { stdio: 'ignore' }).error !== undefined)
    return missing('no ip in PATH: apt-get install iproute2');
  const pair = ['ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other'];
  const { status, stderr } = spawnSync('unshare', ['--net', '--mount', ...pair], { encoding: 'utf8' });
  return status === 0
    ? { available: true }
    : missing(`leave to make namespaces is needed (CAP_SYS_ADMIN): ${(stderr ?? '').trim()}`);
}

/** Whether packets on loopback can be captured. */
function captureAvailable(): Availability {
  const { error } = spawnSync('dumpcap', ['-v'], { stdio: 'ignore' });
  if (error !== undefined) return missing('no dumpcap in PATH: apt-get install --no-install-recommends tshark');
  return process.getuid?.() === 0 ? { available: true } : missing(`root is needed, this is uid ${process.getuid?.()}`);
}

export const MAIL_SERVERS: Tool = { name: 'Postfix and Dovecot', check: mailServers };
export const MOUNTS: Tool = { name: 'Postfix, Dovecot and mounts', check: mountsAvailable };
export const NETWORKS: Tool = { name: 'Postfix, Dovecot and networks', check: networksAvailable };
export const CHROMIUM: Tool = { name: 'Chromium', check: chromiumAvailable };
export const PROMTOOL: Tool = { name: 'promtool', check: promtoolAvailable };
export const PROMETHEUS: Tool = { name: 'Prometheus', check: prometheusAvailable };
export const SYSTEMD: Tool = { name: 'systemd-analyze', check: systemdAvailable };
export const ALERTMANAGER: Tool = { name: 'amtool', check: amtoolAvailable };
export const CAPTURE: Tool = { name: 'dumpcap', check: captureAvailable };

/** For what is no suite: throws where the tool is not there. */
export function demand(tool: Tool): void {
  const found = tool.check();
  if (!found.available) throw new Error(`${tool.name} is needed: ${found.reason}`);
}

/** What becomes of a suite that needs a tool. */
export type SuiteFate =
  | { readonly kind: 'run' }
  | { readonly kind: 'skip'; readonly notice: string }
  | { readonly kind: 'fail'; readonly error: string };

export function suiteFate(title: string, found: Availability, environment: NodeJS.ProcessEnv): SuiteFate {
  if (found.available) return { kind: 'run' };
  // What is skipped there would pass for tested.
  if (environment['CI']) return { kind: 'fail', error: `CI must run "${title}", and cannot: ${found.reason}` };
  return { kind: 'skip', notice: `SKIPPED: ${title}: ${found.reason}` };
}

/**
 * A suite that needs `tool`. Without it the suite is skipped with one line on stderr, or, when CI is set in the
 * environment, holds one failing test instead.
 */
export function describeWith(tool: Tool, name: string, suite: () => void): void {
  const title = `${name} (with ${tool.name})`;
  const fate = suiteFate(title, tool.check(), process.env);
  switch (fate.kind) {
    case 'run':
      describe(title, suite);
      return;
    case 'skip':
      process.stderr.write(`\n!! ${fate.notice}\n`);
      describe.skip(title, { meta: { skippedBecause: fate.notice } }, suite);
      return;
    case 'fail':
      describe(title, () => {
        test(`${tool.name} can be used`, () => {
          throw new Error(fate.error);
        });
      });
  }
}

/** A suite on the private mail provider (`startProvider`). */
export function describeWithServers(name: string, suite: () => void): void {
  describeWith(MAIL_SERVERS, name, suite);
}

function missing(reason: string): Availability {
  return { available: false, reason };
}
