/** What an anchor proves, and how many of them are summed up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnchorTally, checkAnchor, checkStored, type SignatureFinding } from '../../../src/domain/evidence/anchor.ts';

const HASH = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const head = { seq: 7, hash: HASH };
const good: SignatureFinding = { domain: 'acme.example', selector: 's', signedMs: 1000, problem: null };
const bad: SignatureFinding = { ...good, domain: 'list.example', problem: 'the body is not the one that was signed' };
const message = { provider: 'acme', recordedMs: 5000, head, bodyHead: head, signatures: [bad, good] };

describe('a signed message', () => {
  it('anchors the entry it names, by whoever has signed it, at their time or else ours', () => {
    const place = { kind: 'entry', hash: HASH } as const;
    expect(checkAnchor(message, place)).toEqual({ kind: 'holds', by: [{ by: 'd=acme.example', ms: 1000 }] });
    const timeless = { ...message, signatures: [{ ...good, signedMs: null }] };
    expect(checkAnchor(timeless, place)).toEqual({ kind: 'holds', by: [{ by: 'd=acme.example', ms: 5000 }] });
  });

  it('gives a rewriter away where the chain has another hash there, or nothing', () => {
    expect(checkAnchor(message, { kind: 'entry', hash: OTHER })).toEqual({
      kind: 'rewritten',
      reason: `d=acme.example signed entry 7 as ${HASH}, the chain has ${OTHER}: the ledger was rewritten`,
    });
    expect(checkAnchor(message, { kind: 'missing' })).toMatchObject({ kind: 'rewritten' });
    expect(checkAnchor(message, { kind: 'before' })).toEqual({ kind: 'before' });
  });

  it('proves nothing without a signature that holds, or where the body does not say what the ledger says it does', () => {
    const place = { kind: 'entry', hash: HASH } as const;
    expect(checkAnchor({ ...message, signatures: [bad] }, place)).toEqual({
      kind: 'fails',
      reason: 'd=list.example: the body is not the one that was signed',
    });
    expect(checkAnchor({ ...message, signatures: [] }, place)).toMatchObject({ kind: 'fails' });
    for (const bodyHead of [null, { seq: 8, hash: HASH }, { seq: 7, hash: OTHER }])
      expect(checkAnchor({ ...message, bodyHead }, place)).toMatchObject({ kind: 'fails' });
  });
});

it('a stored message anchors its entry by the mailbox, and gives a rewriter away too', () => {
  const stored = { provider: 'acme', head, storedMs: 9000, where: 'INBOX/1/2' };
  expect(checkStored(stored, { kind: 'entry', hash: HASH })).toEqual({
    kind: 'holds',
    by: [{ by: 'mailbox', ms: 9000 }],
  });
  expect(checkStored(stored, { kind: 'entry', hash: OTHER })).toMatchObject({ kind: 'rewritten' });
  expect(checkStored(stored, { kind: 'before' })).toEqual({ kind: 'before' });
});

describe('the sum of anchors', () => {
  const holds = (ms: number) => ({ kind: 'holds', by: [{ by: 'd=acme.example', ms }] }) as const;

  it('names the first and last entry, and the longest stretch without one from the first entry on', () => {
    const tally = new AnchorTally(11);
    for (const [seq, ms] of [
      [40, 2000],
      [20, 1000],
      [45, 3000],
    ] as const)
      tally.add('entry', 'acme', seq, holds(ms));
    // From 10 to 20 are ten entries, from 20 to 40 twenty, from 40 to 45 five.
    expect(tally.summary()).toEqual({
      ok: true,
      before: 0,
      failed: 0,
      failures: [],
      anchoredBy: [
        {
          provider: 'acme',
          by: 'd=acme.example',
          count: 3,
          first: { seq: 20, at: '1970-01-01T00:00:01.000Z' },
          last: { seq: 45, at: '1970-01-01T00:00:03.000Z' },
          longestStretch: { afterSeq: 20, toSeq: 40 },
        },
      ],
    });
  });

  it('keeps parties apart, and counts every failure but shows twenty', () => {
    const tally = new AnchorTally(1);
    tally.add('entry 3', 'acme', 2, holds(0));
    tally.add('entry 4', 'other', 2, {
      kind: 'holds',
      by: [
        { by: 'd=acme.example', ms: 0 },
        { by: 'mailbox', ms: 0 },
      ],
    });
    tally.add('entry 5', 'acme', 1, { kind: 'before' });
    for (let index = 0; index < 25; index += 1)
      tally.add(`entry ${index}`, 'acme', 2, { kind: 'fails', reason: 'why' });
    const { ok, before, failed, failures, anchoredBy } = tally.summary();
    expect({ ok, before, failed, shown: failures.length }).toEqual({ ok: false, before: 1, failed: 25, shown: 20 });
    expect(failures[0]).toEqual({ where: 'entry 0', reason: 'why' });
    expect(anchoredBy.map(({ provider, by }) => `${provider} ${by}`)).toEqual([
      'acme d=acme.example',
      'other d=acme.example',
      'other mailbox',
    ]);
  });

  it('is the same in whatever order they come, with stretches that add up', () => {
    const places = fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(places, places, (seqs, shuffle) => {
        const sum = (order: readonly number[]) => {
          const tally = new AnchorTally(5);
          for (const seq of order) tally.add('', 'acme', seq, holds(seq));
          return tally.summary();
        };
        const order = seqs.toSorted(
          (one, other) => (shuffle[one % shuffle.length] ?? 0) - (shuffle[other % shuffle.length] ?? 0),
        );
        expect(sum(order)).toEqual(sum(seqs));
        const { afterSeq, toSeq } = sum(seqs).anchoredBy[0]!.longestStretch;
        // No anchor lies within the stretch.
        expect(seqs.filter((seq) => seq > afterSeq && seq < toSeq)).toEqual([]);
      }),
    );
  });
});
