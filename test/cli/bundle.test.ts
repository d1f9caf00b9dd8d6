/** Evidence from end to end: a provider that signs, an agent that measures it, and somebody with nothing but the bundle. */

import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeSigner } from '../../src/adapters/config-file/signing-key.ts';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { createLog, openAgent, readSettings, readSigner, systemRandom } from '../../src/app.ts';
import { chainHash, GENESIS } from '../../src/domain/evidence/chain.ts';
import { monthOf } from '../../src/domain/time/calendar.ts';
import type { Signer } from '../../src/ports.ts';
import { forged, signerOf } from '../adapters/sqlite/bundle-case.ts';
import { quiet, tamper } from '../adapters/sqlite/support.ts';
import { type DnsResponder, startDnsResponder } from '../fakes/dns-responder.ts';
import { type SigningRelay, startSigningRelay } from '../fakes/signing-relay.ts';
import { type Finished, run } from '../servers/command.ts';
import { examineOutput } from '../tooling/secrets.ts';
import { configured, daemonOf } from './configured.ts';
import { MONTH, monthLedger } from './month-ledger.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Whether this system lets a process have a network of its own, with nothing in it. */
const CAN_UNPLUG = spawnSync('unshare', ['-rn', 'true']).status === 0;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailflow-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** `ledger verify` in an empty folder, without a network where the system can do that, and without an environment. */
function verifyElsewhere(file: string, ...args: readonly string[]): Finished {
  const cwd = temporaryFolder();
  const command = [process.execPath, MAIN, 'ledger', 'verify', file, ...args];
  const [program = '', ...rest] = CAN_UNPLUG ? ['unshare', '-rn', ...command] : command;
  const { status, stdout, stderr } = spawnSync(program, rest, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect(readdirSync(cwd)).toEqual([]);
  examineOutput('ledger verify elsewhere', stdout + stderr);
  return { code: status, stdout, stderr };
}

describe('of a provider that signs', () => {
  let folder: string;
  let config: string;
  let file: string;
  let signer: Signer;
  let relay: SigningRelay;
  let dns: DnsResponder;
  const month = monthOf(Date.now(), 'Asia/Shanghai');
  /** The anchors' own entries, and the heads they name. */
  let anchors: readonly { readonly seq: number; readonly head: number }[];

  /** One run of the agent with one probe through the relay; resolves when its anchor is kept. */
  async function measure(): Promise<void> {
    const result = await readSettings(config, process.env, { createKey: true });
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    const agent = await openAgent(result.settings, {
      log: createLog('error', 'test'),
      as: 'spot-check',
      dnsServers: [dns.address],
    });
    try {
      relay.setSink(agent.sinkAddress);
      const before = (await anchorsOf()).length;
      await agent.control.settled(await agent.control.check('acme', 'send'), 10_000);
      for (let tries = 0; (await anchorsOf()).length === before; tries += 1) {
        if (tries > 500) throw new Error(`no anchor came: ${String(relay.failures[0])}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await agent.close();
    }
  }

  async function anchorsOf(): Promise<readonly { readonly seq: number; readonly head: number }[]> {
    const ledger = await openLedger(join(folder, 'data'), { role: 'reader', log: quiet });
    try {
      const entries = await ledger.marked(['anchor.signed']);
      return entries.flatMap(({ seq, event }) =>
        event.type === 'anchor.signed' ? [{ seq, head: event.head.seq }] : [],
      );
    } finally {
      await ledger.close();
    }
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mailflow-signed-'));
    config = join(folder, 'mailflow.yml');
    file = join(folder, 'month.bundle');
    relay = await startSigningRelay('acme.example');
    dns = await startDnsResponder({ [relay.keyName]: relay.keyRecord });
    writeFileSync(
      config,
      `agent: tester
data_folder: data
sink: {listen: "127.0.0.1:0", hostname: sink.example}
providers:
  - name: acme
    submission: {host: ${relay.at.host}, port: ${relay.at.port}, security: none, from: probe@acme.example}
`,
    );
    await measure();
    await measure();
    anchors = await anchorsOf();
    signer = await readSigner(join(folder, 'data'));
    const exported = await run(['ledger', 'export', '-c', config, '--month', month, '-o', file]);
    // The key that the other side is given to compare with.
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(exported.stdout).toMatch(/: \d{4}-\d{2}, entries 1 to \d+, signed by the key /);
    expect(exported.stdout.trimEnd().endsWith(` ${signer.publicKey}`)).toBe(true);
  }, 60_000);
  afterAll(async () => {
    await relay.close();
    await dns.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds elsewhere, without configuration, secret or network, and says how far the provider has signed', () => {
    const { code, stdout, stderr } = verifyElsewhere(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [about, signature, key, chain, verdict, anchored, keyLine] = stdout.split('\n');
    expect(about).toMatch(`bundle: ${month} by agent tester, exported `);
    expect(signature).toBe(`signature: holds, by the key ${signer.publicKey}`);
    expect(key).toBe('key: stands in the chain, entry 1, agent tester');
    expect(chain).toMatch(/^chain: holds, entries 1 to \d+, head [0-9a-f]{64}$/);
    expect(verdict).toBe(`verdict: recomputed from the entries, the report of ${month} is the same: acme`);
    const [one, two] = anchors.map(({ head }) => head);
    expect(anchored).toMatch(
      new RegExp(
        `^anchors: 2 signed by d=acme\\.example \\(acme\\), the first up to entry ${one} at \\S+Z, the last up to entry ${two} at \\S+Z; `,
      ),
    );
    expect(keyLine).toMatch(/^anchors: key mail\._domainkey\.acme\.example, TXT record with SHA-256 [0-9a-f]{64}$/);
    // One lookup for each anchor, none by anybody else.
    expect(dns.asked).toEqual([relay.keyName, relay.keyName]);
  });

  it('is for its owner alone, holds none of the secrets, and says the same as JSON', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    for (const name of ['signing.key', 'token.key']) {
      const secret = readFileSync(join(folder, 'data', name), 'utf8')
        .split('\n')
        .find((line) => line.length > 40)!;
      expect(text).not.toContain(secret);
    }
    const { code, stdout } = verifyElsewhere(file, '--format', 'json', '--key', signer.publicKey);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      bundle: { month, agent: 'tester' },
      anchors: { ok: true, anchoredBy: [{ by: 'd=acme.example', provider: 'acme', count: 2 }], failed: 0 },
    });
  });

  it('is found out by an anchor where the keeper changed an event and made everything anew', () => {
    const changed = forged(
      file,
      ({ events }) => {
        const index = events.findIndex((text) => text.includes('"type":"transfer.captured"'));
        events[index] = events[index]!.replace('"helo":"out.acme.example"', '"helo":"out.acme.exemple"');
      },
      signer,
    );
    const { code, stdout } = verifyElsewhere(changed);
    expect(code).toBe(2);
    expect(stdout).toContain('signature: holds');
    expect(stdout).toContain('verdict: recomputed from the entries');
    const last = anchors.at(-1)!;
    expect(stdout).toMatch(
      new RegExp(
        `anchors: DOES NOT HOLD: entry ${last.seq}: d=acme.example signed entry ${last.head} as [0-9a-f]{64}, the chain has [0-9a-f]{64}: the ledger was rewritten`,
      ),
    );
  });

  it('is found out by an anchor where the keeper took an entry out, and where it changed what was signed too', () => {
    const without = forged(file, ({ events }) => void events.splice(1, 1), signer);
    expect(verifyElsewhere(without)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('the ledger was rewritten'),
    });
    const hash = /Ledger: \d+ ([0-9a-f]{64})/;
    const resigned = forged(
      file,
      ({ events }) => {
        const index = events.findLastIndex((text) => text.includes('"type":"anchor.signed"'));
        const [, old = ''] = hash.exec(events[index]!) ?? [];
        events[index] = events[index]!.replaceAll(old, 'ab'.repeat(32));
      },
      signer,
    );
    const { code, stdout } = verifyElsewhere(resigned);
    expect(code).toBe(2);
    expect(stdout).toContain(`entry ${anchors.at(-1)!.seq}: d=acme.example: the body is not the one that was signed`);
  });

  it('is found out where another key signed it, be it known beforehand or by the chain', async () => {
    const other = signerOf(9);
    const stolen = forged(file, () => {}, other);
    expect(verifyElsewhere(stolen)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("key: DOES NOT HOLD: the chain's agent was started with another key"),
    });
    const pinned = join(temporaryFolder(), 'agent.pub');
    writeFileSync(pinned, `${signer.publicKey}\n`);
    expect(verifyElsewhere(stolen, '--key', pinned)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining(
        `signature: DOES NOT HOLD: the key must be ${signer.publicKey}, is ${other.publicKey}`,
      ),
    });
    expect(verifyElsewhere(file, '--key', pinned).code).toBe(0);
  });

  it('has a ledger whose anchors are verified too', async () => {
    const good = await run(['ledger', 'verify', '-c', config]);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(
      /^\d+ events, the chain holds, head [0-9a-f]{64}\nanchors: 2 signed by d=acme\.example \(acme\), /,
    );
    const json = await run(['ledger', 'verify', '-c', config, '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, chain: { ok: true }, anchors: { ok: true } });
  });
});

describe('of a long month', () => {
  it('is written to standard output as to a file, and holds', async () => {
    const { config, folder } = await monthLedger({ everySeconds: 7200 });
    const signer = await makeSigner(folder, systemRandom);
    const file = join(folder, 'june.bundle');
    expect((await run(['ledger', 'export', '-c', config, '--month', MONTH, '-o', file])).code).toBe(0);
    const printed = await run(['ledger', 'export', '-c', config, '--month', MONTH]);
    // The moment of the export, and with it the signature, are all that differ.
    expect(printed.stdout.split('\n').slice(2)).toEqual(readFileSync(file, 'utf8').split('\n').slice(2));
    const { code, stdout } = verifyElsewhere(file);
    expect(code).toBe(0);
    expect(stdout).toContain(signer.publicKey);
    expect(stdout).toContain('key: does not stand in the chain');
    expect(stdout).toContain('anchors: none, nobody else has signed or stored any of it');
  });

  it('says what is missing, and leaves no file behind', async () => {
    const { config, folder } = await monthLedger({ everySeconds: 86_400 });
    const file = join(folder, 'june.bundle');
    const told = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await run(['ledger', 'export', '-c', config, '-o', file, ...args]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(existsSync(file)).toBe(false);
      return stderr;
    };
    expect(await told('--month', MONTH)).toContain('must hold a signing.key: the first run makes it');
    await makeSigner(folder, systemRandom);
    expect(await told('--month', '2020-01')).toContain("a bundle's month must be one with a probe or a check of acme");
    expect(await told('--month', MONTH, '--data', folder)).toContain('--data cannot go with it');
    expect(await told('--month', MONTH, '--provider', 'nobody')).toContain('--provider must be one of acme');
    expect(await told('--provider', 'acme')).toContain('--provider is for a bundle: name its --month');
    expect(await told('--month', '9999-01')).toContain('--month must have begun');
  });
});

it('holds the ledger against what the mailbox has stored, and finds a rewriter there too', async () => {
  const place = await configured();
  const agent = await daemonOf(place);
  place.provider.setSink(agent.sinkAddress);
  await agent.control.settled(await agent.control.check('acme', 'internal'), 10_000);
  await agent.close();
  const verify = () => run(['ledger', 'verify', '-c', place.config, '--mailbox']);
  const { code, stdout, stderr } = await verify();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, head] =
    /anchors: 1 stored in the mailbox \(acme\), the first up to entry (\d+) at \S+Z, /.exec(stdout) ?? [];
  expect(Number(head)).toBeGreaterThan(1);
  // As its keeper could: another text, and every hash from there on anew.
  tamper(join(place.folder, 'data'), (db) => {
    let hash = GENESIS;
    for (const { seq, text } of db.prepare('SELECT seq, text FROM events ORDER BY seq').all()) {
      const changed = String(text).replace('"agent":"test"', '"agent":"tess"');
      hash = chainHash(hash, changed);
      db.prepare('UPDATE events SET text = ?, hash = ? WHERE seq = ?').run(
        changed,
        Buffer.from(hash, 'hex'),
        Number(seq),
      );
    }
  });
  const after = await verify();
  expect(after.code).toBe(2);
  expect(after.stdout).toContain('the chain holds');
  expect(after.stdout).toMatch(
    new RegExp(
      `mailbox of acme, INBOX/\\d+/\\d+: the mailbox stored entry ${head} as \\w+, the chain has \\w+: the ledger was rewritten`,
    ),
  );
  expect(await run(['ledger', 'verify', '--data', 'data', '--mailbox'])).toMatchObject({ code: 3 });
});

it('tells what is no bundle from one that was altered', async () => {
  const file = join(temporaryFolder(), 'none.bundle');
  writeFileSync(file, 'hello\n');
  expect(verifyElsewhere(file)).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('must be a bundle that ledger export wrote'),
  });
  expect(verifyElsewhere('/nonexistent')).toMatchObject({ code: 3, stdout: '' });
  expect(verifyElsewhere(tmpdir())).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('must be a bundle, is a folder: a ledger is verified by --data'),
  });
  expect(verifyElsewhere(file, '--key', 'nonsense')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--key must be an Ed25519 public key'),
  });
  expect(verifyElsewhere(file, '--key', tmpdir())).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--key must be an Ed25519 public key'),
  });
  const mine = join(temporaryFolder(), 'signing.key');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(mine, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  expect(verifyElsewhere(file, '--key', mine)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--key must be the public key, is a private one'),
  });
  expect(await run(['ledger', 'verify', '--key', 'x', '--data', tmpdir()])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--key is for a bundle'),
  });
});
