/** A bundle says the same on another machine, and whatever was done to it is found and named. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import DKIM from 'nodemailer/lib/dkim';
import { describe, expect, it, vi } from 'vitest';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { BundleManifest } from '../../../src/domain/evidence/bundle.ts';
import { type ChainHead, chainHash } from '../../../src/domain/evidence/chain.ts';
import type { Ledger } from '../../../src/ports.ts';
import { bundleOf, forged, IDENTITY, SIGNER, signerOf, verified } from './bundle-case.ts';
import { at, captured, delivered, handedOver, opened, planned, tamper, temporaryFolder } from './support.ts';

// Some of these check hundreds of altered copies.
vi.setConfig({ testTimeout: 120_000 });

/** A provider's key as DNS has it, and its signature over a probe that names an entry. */
function dkimSigner() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const signer = new DKIM({
    domainName: 'acme.example',
    keySelector: 'one',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  return {
    key: `v=DKIM1; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
    sign: async ({ seq, hash }: ChainHead): Promise<{ header: string; body: string }> => {
      const text = `From: probe@acme.example\r\n\r\nLedger: ${seq} ${hash}\r\n`;
      const signed = (await buffer(signer.sign(text))).toString('latin1');
      const end = signed.indexOf('\r\n\r\n');
      return { header: signed.slice(0, end + 2), body: signed.slice(end + 4) };
    },
  };
}

/** The agent's start, and so many probes of November 2026, one of them late. */
async function ledgerWith(probes: number): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([
    { type: 'agent.started', at: at(0), version: '1.2.3', unwatchedSince: null, identity: IDENTITY },
    ...Array.from({ length: probes }, (_, index) => delivered(`probe-${index}`, 100 * index + 1)).flat(),
    planned('late', 9000),
  ]);
  await ledger.close();
  return folder;
}
const HOLDS = { signature: { ok: true }, key: { ok: true }, chain: { ok: true }, verdict: { ok: true } };

describe('an untouched bundle', () => {
  it('holds in all its parts, and says by which key and entry', async () => {
    const result = await verified(await bundleOf(await ledgerWith(3)));
    expect(result).toMatchObject({ ok: true, ...HOLDS, bundle: { agent: 'test', month: '2026-11' } });
    expect(result.signature.says).toBe(`holds, by the key ${SIGNER.publicKey}`);
    expect(result.key.says).toBe('stands in the chain, entry 1, agent test');
    // A start, three probes of three events each, and one that was only planned.
    expect(result.chain.says).toMatch(/^holds, entries 1 to 11, head [0-9a-f]{64}$/);
    expect(result.verdict.says).toBe('recomputed from the entries, the report of 2026-11 is the same: acme');
    expect(result.anchors).toMatchObject({ ok: true, anchoredBy: [], failed: 0 });
  });

  it('is read by the head of the file, and has the entries as export prints them', async () => {
    const [manifest = '', signature = '', ...entries] = readFileSync(await bundleOf(await ledgerWith(1)), 'utf8')
      .trimEnd()
      .split('\n');
    expect(JSON.parse(manifest)).toMatchObject({
      format: 'mailflow-probe bundle 1',
      exportedAt: '2026-12-10T00:00:00.000Z',
      report: [{ provider: 'acme' }],
      contracts: { acme: { name: 'enterprise-mail-sla' } },
      chain: { firstSeq: 1, lastSeq: 5 },
    });
    expect(signature).toMatch(/^[A-Za-z0-9+/]{86}==$/);
    expect(entries.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it('holds by the key it is pinned to, and by no other', async () => {
    const file = await bundleOf(await ledgerWith(1));
    expect((await verified(file, SIGNER.publicKey)).ok).toBe(true);
    const other = await verified(file, signerOf(2).publicKey);
    expect(other.ok).toBe(false);
    expect(other.signature.says).toMatch(/^the key must be .*, is /);
  });

  it('is not made of a month of which the ledger knows nothing', async () => {
    const folder = temporaryFolder();
    await (await opened(folder)).close();
    await expect(bundleOf(folder)).rejects.toThrow(
      "a bundle's month must be one with a probe or a check of acme in the ledger, is 2026-11",
    );
  });
});

it('holds for several providers whatever they are called: a JSON object has numbers first', async () => {
  const file = await bundleOf(await ledgerWith(1), { providers: ['qq', '163', 'acme'] });
  expect(await verified(file)).toMatchObject({ ok: true, ...HOLDS });
});

describe('a bundle of a ledger with checkpoints', () => {
  const DAY = 86_400;
  /** October's probes, one of them still on its way at the checkpoint of 28 October, and November's; more checkpoints follow. */
  async function ledgerOfMonths(): Promise<Ledger> {
    const folder = temporaryFolder();
    const ledger = await opened(folder);
    await ledger.append([planned('slow', -7 * DAY), ...delivered('october', -7 * DAY)]);
    await ledger.checkpoint(at(-6 * DAY));
    await ledger.append([handedOver('slow', 60), captured('slow', 90), ...delivered('november', 100)]);
    await ledger.checkpoint(at(DAY));
    await ledger.append(delivered('later', DAY + 100));
    folders.set(ledger, folder);
    return ledger;
  }
  const folders = new Map<Ledger, string>();
  const chainOf = (file: string) => (JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!) as BundleManifest).chain;

  it('begins at the last one two days before the month, and says what the whole ledger does', async () => {
    const ledger = await ledgerOfMonths();
    const file = await bundleOf(folders.get(ledger)!);
    // Four entries come before the checkpoint: two plans, a handover and a capture.
    expect(chainOf(file)).toMatchObject({ firstSeq: 5, lastSeq: 14 });
    const result = await verified(file);
    expect(result).toMatchObject({
      ok: true,
      chain: { says: expect.stringMatching('^holds, entries 5 to 14, ') as unknown },
    });
    const { report, contracts } = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!) as BundleManifest;
    const matter = { provider: 'acme', contract: contracts['acme']!, month: '2026-11', nowMs: Date.UTC(2026, 11, 10) };
    expect(report).toEqual([JSON.parse(JSON.stringify((await ledger.judge(matter)).report))]);
    // `slow`, `november` and `later`.
    expect(report[0]!.clauses[0]).toMatchObject({ figures: { outcomes: { delivered: 3 } } });
  });

  it('begins earlier where the report needs it, at the first entry at last', async () => {
    const folder = temporaryFolder();
    const ledger = await opened(folder);
    // The clock was wrong: November's probe is recorded before October's checkpoint, which remembers nothing of it.
    await ledger.append(delivered('ahead', 100));
    await ledger.checkpoint(at(-6 * DAY));
    await ledger.append(delivered('november', 200));
    const file = await bundleOf(folder);
    expect(chainOf(file)).toMatchObject({ firstSeq: 1, lastSeq: 7 });
    expect(await verified(file)).toMatchObject({ ok: true });
  });

  it('is not written from a ledger whose projection is not what its entries give', async () => {
    const folder = await ledgerWith(1);
    tamper(folder, (db) => db.exec("DELETE FROM probes WHERE id = 'probe-0'"));
    await expect(bundleOf(folder)).rejects.toMatchObject({ code: 'DAMAGED' });
  });

  it('has the keys that were seen before it, and tells anchors of what lies before it', async () => {
    const folder = temporaryFolder();
    const ledger = await opened(folder);
    const { key, sign } = dkimSigner();
    const anchor = async (seconds: number, head: ChainHead): Promise<LedgerEvent> => {
      return { type: 'anchor.signed', at: at(seconds), probe: 'p', provider: 'acme', head, ...(await sign(head)) };
    };
    const [first, , third] = await ledger.append([
      ...delivered('october', -7 * DAY),
      { type: 'dkim.key-seen', at: at(-7 * DAY), domain: 'acme.example', selector: 'one', record: key },
    ]);
    const checkpoint = await ledger.checkpoint(at(-6 * DAY));
    const [november] = await ledger.append(delivered('november', 100));
    // The fourth entry is the last one before the bundle: its hash is what the first one follows.
    await ledger.append([
      await anchor(200, first!),
      await anchor(300, third!),
      await anchor(400, checkpoint),
      await anchor(500, november!),
    ]);
    const file = await bundleOf(folder);
    const { ok, anchors } = await verified(file);
    expect(ok).toBe(true);
    expect(anchors).toMatchObject({
      before: 2,
      failed: 0,
      keys: [{ seq: 4, record: key }],
      anchoredBy: [{ by: 'd=acme.example', count: 2, first: { seq: 5 }, last: { seq: 6 } }],
    });
    const without = forged(file, ({ manifest }) => void Object.assign(manifest, { keys: [] }));
    expect((await verified(without)).anchors).toMatchObject({
      failed: 4,
      failures: expect.arrayContaining([
        { where: 'entry 9', reason: 'd=acme.example: its key is not known' },
      ]) as unknown,
    });
  });

  it('is given away by a checkpoint that is not what the entries before it give', async () => {
    const ledger = await ledgerOfMonths();
    const { ok, verdict } = await verified(
      forged(await bundleOf(folders.get(ledger)!), ({ events }) => {
        const last = events.findLastIndex((text) => text.includes('ledger.checkpoint'));
        events[last] = events[last]!.replace('"sinkClosedSince":null', '"sinkClosedSince":["@",1,1,0,0,"b"]');
      }),
    );
    expect(ok).toBe(false);
    expect(verdict.says).toMatch(/^checkpoint 11: sinkClosedSince is /);
  });
});

describe('a bundle that was altered', () => {
  it('is found out and the place named, whichever byte it is', async () => {
    const file = await bundleOf(await ledgerWith(3));
    const bytes = readFileSync(file);
    const starts = [0, ...[...bytes].flatMap((byte, index) => (byte === 0x0a ? [index + 1] : []))];
    const copy = join(temporaryFolder(), 'altered.bundle');
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (place, mask) => {
        const altered = Buffer.from(bytes);
        altered[place] = bytes[place]! ^ mask;
        writeFileSync(copy, altered);
        const result = await verified(copy);
        expect(result.ok).toBe(false);
        // The line feed belongs to the line it ends.
        const line = starts.findLastIndex((start) => start <= place) + 1;
        const [said, named] =
          line > 2 ? [result.chain.says, `entry ${line - 2} (line ${line}): `] : [result.signature.says, 'line 1'];
        expect(said).toContain(named);
      }),
      { numRuns: 400 },
    );
  });

  it('is found out at every byte of its first and last lines', async () => {
    const file = await bundleOf(await ledgerWith(1));
    const bytes = readFileSync(file);
    const copy = join(temporaryFolder(), 'altered.bundle');
    const lastLine = bytes.lastIndexOf(0x0a, bytes.length - 2);
    const places = [...bytes.keys()].filter((place) => place < 300 || place >= lastLine);
    for (const place of places) {
      const altered = Buffer.from(bytes);
      altered[place] = bytes[place]! ^ 1;
      writeFileSync(copy, altered);
      expect((await verified(copy)).ok, `byte ${place}`).toBe(false);
    }
  });

  it('is found out where it was cut, or something was added or left out', async () => {
    const file = await bundleOf(await ledgerWith(3));
    const text = readFileSync(file, 'utf8');
    const lines = text.trimEnd().split('\n');
    const of = async (changed: string) => {
      const copy = join(temporaryFolder(), 'altered.bundle');
      writeFileSync(copy, changed);
      return (await verified(copy)).chain;
    };
    expect(await of(`${lines.slice(0, -1).join('\n')}\n`)).toEqual({
      ok: false,
      says: 'entry 11 is missing, the last one must be 11',
    });
    expect((await of(text.slice(0, -1))).says).toBe('entry 11 (line 13): the line is no entry');
    expect((await of(`${text}\n`)).says).toBe('line 14 must not be there: the last entry is 11');
    const without = lines.toSpliced(6, 1);
    expect((await of(`${without.join('\n')}\n`)).says).toBe(
      'entry 5 (line 7): the entry is missing, the next one is 6',
    );
  });

  it('is no bundle where nothing is left of one', async () => {
    const file = join(temporaryFolder(), 'none');
    for (const text of ['', 'hello\n', '{"seq":1,"hash":"","event":{}}\n'.repeat(3)]) {
      writeFileSync(file, text);
      await expect(verified(file)).rejects.toMatchObject({ code: 'NOT_A_BUNDLE' });
    }
    await expect(verified('/nonexistent')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a bundle that its keeper made anew, hashes and signature included', () => {
  it('is given away by its verdict where the events were changed, or the report', async () => {
    const file = await bundleOf(await ledgerWith(3));
    const faster = await verified(
      forged(file, ({ events }) => {
        events[3] = events[3]!.replaceAll(String(at(9).wallMs), String(at(10).wallMs));
        events.pop();
      }),
    );
    expect(faster).toMatchObject({ ok: false, chain: { ok: true }, signature: { ok: true } });
    expect(faster.verdict.says).toBe('report[0].clauses[0].verdict is "INCONCLUSIVE", by the entries it is "MET"');
    const lied = await verified(
      forged(file, ({ manifest }) => {
        (manifest.report[0]!.clauses[0] as { verdict: string }).verdict = 'BREACH';
      }),
    );
    expect(lied.verdict).toEqual({
      ok: false,
      says: 'report[0].clauses[0].verdict is "BREACH", by the entries it is "INCONCLUSIVE"',
    });
  });

  it('is given away by its verdict where a limit of the contract was changed', async () => {
    const file = forged(await bundleOf(await ledgerWith(3)), ({ manifest }) => {
      (manifest.contracts['acme']!.clauses[0] as { averageMaxSeconds: number }).averageMaxSeconds = 5;
    });
    const { ok, verdict } = await verified(file);
    expect(ok).toBe(false);
    expect(verdict.says).toMatch(/^report\[0\]\.clauses\[0\]\.\S+ is .*, by the entries it is /);
  });

  it('is given away where its first entries were left out, and with them what went wrong', async () => {
    const of = async (events: readonly LedgerEvent[]): Promise<string> => {
      const folder = temporaryFolder();
      await (await opened(folder)).append(events);
      return bundleOf(folder);
    };
    const good = delivered('good', 100);
    const file = await of([planned('lost', 1), handedOver('lost', 3), ...good]);
    // What a ledger says that never had the lost one.
    const { report } = JSON.parse(readFileSync(await of(good), 'utf8').split('\n')[0]!) as BundleManifest;
    const cutAt = (firstSeq: number): string =>
      forged(file, ({ manifest, events }) => {
        let hash = manifest.chain.previousHash;
        for (const text of events.splice(0, 2)) hash = chainHash(hash, text);
        Object.assign(manifest, { report, chain: { ...manifest.chain, firstSeq, previousHash: hash } });
      });
    const third = await verified(cutAt(3));
    expect(third).toMatchObject({ ok: false, chain: { ok: true } });
    expect(third.verdict.says).toBe(
      "entry 3 must be the ledger's first one or a checkpoint from before the month: what was left out may bear on it",
    );
    const first = await verified(cutAt(1));
    expect(first.ok).toBe(false);
    expect(first.chain.says).toMatch(/^entry 1 must follow [0-9a-f]{64}, follows [0-9a-f]{64}$/);
  });

  it('is given away where it begins with a checkpoint of the month itself', async () => {
    const folder = temporaryFolder();
    const ledger = await opened(folder);
    await ledger.append(delivered('lost', 100).slice(0, 2));
    await ledger.checkpoint(at(300));
    await ledger.append(delivered('good', 400));
    const whole = await bundleOf(folder);
    const { says } = (
      await verified(
        forged(whole, ({ manifest, events }) => {
          let hash = manifest.chain.previousHash;
          for (const text of events.splice(0, 2)) hash = chainHash(hash, text);
          Object.assign(manifest.chain, { firstSeq: 3, previousHash: hash });
        }),
      )
    ).verdict;
    expect(says).toMatch(/^entry 3 must be the ledger's first one or a checkpoint from before the month/);
  });

  it('is given away by the chain where another key signed it', async () => {
    const other = signerOf(2);
    const { ok, signature, key } = await verified(forged(await bundleOf(await ledgerWith(1)), () => {}, other));
    expect({ ok, signature }).toEqual({
      ok: false,
      signature: { ok: true, says: `holds, by the key ${other.publicKey}` },
    });
    expect(key).toEqual({ ok: false, says: "the chain's agent was started with another key" });
  });

  it('breaks nothing, whatever its rare entries and its keys say', async () => {
    const file = await bundleOf(await ledgerWith(1));
    const types = fc.constantFrom('anchor.signed', 'dkim.key-seen', 'agent.started');
    const names = ['at', 'identity', 'provider', 'head', 'header', 'body', 'domain', 'selector', 'record'];
    const fields = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.string()));
    await fc.assert(
      fc.asyncProperty(types, fields, fc.jsonValue(), async (type, rest, keys) => {
        const altered = forged(file, ({ events, manifest }) => {
          events.push(JSON.stringify({ at: at(1), ...rest, type }));
          if (type === 'dkim.key-seen') Object.assign(manifest, { keys: [keys] });
        });
        expect((await verified(altered)).ok).toBeTypeOf('boolean');
      }),
      { numRuns: 40 },
    );
  });

  it('breaks nothing where the agent has no name, or an anchor that holds no time', async () => {
    const folder = temporaryFolder();
    const ledger = await opened(folder);
    const { key, sign } = dkimSigner();
    const [start] = await ledger.append([
      { type: 'agent.started', at: at(0), version: '1.2.3', unwatchedSince: null, identity: IDENTITY },
      planned('a', 1),
    ]);
    const anchor = { type: 'anchor.signed', probe: 'p', provider: 'acme', at: { wallMs: '1e15' } };
    const nameless = await verified(
      forged(await bundleOf(folder), ({ events }) => {
        events[0] = events[0]!.replace('"agent":"test"', '"agent":{"toString":1}');
      }),
    );
    expect(nameless.key).toEqual({ ok: true, says: 'stands in the chain, entry 1, agent without a name' });
    const signed = await sign(start!);
    const timeless = await verified(
      forged(await bundleOf(folder), ({ events, manifest }) => {
        Object.assign(manifest, { keys: [{ seq: 0, domain: 'acme.example', selector: 'one', record: key }] });
        events.push(JSON.stringify({ ...anchor, head: start, ...signed }));
      }),
    );
    expect(timeless.anchors).toMatchObject({ failures: [{ where: 'entry 3', reason: 'the entry is no anchor' }] });
  });

  it('is refused, and breaks nothing, where it holds nonsense', async () => {
    const file = await bundleOf(await ledgerWith(2));
    const nonsense: Record<string, Parameters<typeof forged>[1]> = {
      'no events': ({ events }) => void events.splice(1, 2, '{"type":"probe.planned"}', '{"type":"nothing"}'),
      'no contract': ({ manifest }) => void Object.assign(manifest.contracts, { acme: { timeZone: 'Mars/Olympus' } }),
      'no month': ({ manifest }) => void Object.assign(manifest, { month: '2026-99' }),
      'no time': ({ manifest }) => void Object.assign(manifest, { exportedAt: 'yesterday' }),
      'no provider': ({ manifest }) => void Object.assign(manifest, { contracts: {}, report: [] }),
    };
    for (const [what, change] of Object.entries(nonsense)) {
      const result = await verified(forged(file, change));
      expect(result.ok, what).toBe(false);
    }
  });
});
