/** Addresses in networks. */
import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGlobal, isInNetworks, peerAddress, sourceOf } from '../../src/domain/network.ts';

describe('isInNetworks', () => {
  it('agrees with the platform on IPv4 and IPv6 networks', () => {
    const cases = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const)),
    );
    fc.assert(
      fc.property(cases, ([address, base, prefix, family]) => {
        fc.pre(!address.includes('.') || family === 'ipv4');
        fc.pre(!base.includes('.') || family === 'ipv4');
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        expect(isInNetworks(address, [`${base}/${prefix}`])).toBe(list.check(address, family));
      }),
    );
  });

  it('takes a mapped address for the IPv4 address it stands for', () => {
    expect(isInNetworks('::ffff:192.0.2.7', ['192.0.2.0/24'])).toBe(true);
  });

  it('finds nothing in what is no network and nobody in none', () => {
    expect(isInNetworks('192.0.2.7', ['nonsense', '192.0.2.0/99', ''])).toBe(false);
    expect(isInNetworks('nonsense', ['0.0.0.0/0'])).toBe(false);
    expect(isInNetworks('192.0.2.7', [])).toBe(false);
    const none = ['/', '/-1', '/1.5', '/33', '/ 8', '/8 ', '/0x8', '/1e1', '/0/0'].map((end) => `192.0.2.7${end}`);
    for (const network of none) expect(isInNetworks('192.0.2.7', [network]), network).toBe(false);
    expect(isInNetworks('192.0.2.7', ['192.0.2.7', 'nonsense'])).toBe(true);
    expect(isInNetworks('0.0.0.1', ['::1', '::/0'])).toBe(false);
  });

  it('takes for an address what the platform takes for one', () => {
    const everything = ['0.0.0.0/0', '::/0'];
    const piece = fc.constantFrom('', '0', '1', '10', '255', '256', '1000', 'ff', 'ffff', 'g', '12345', ':', '::', '.');
    const joined = (by: string, count: number) =>
      fc.array(piece, { minLength: count - 1, maxLength: count + 1 }).map((parts) => parts.join(by));
    fc.assert(
      fc.property(fc.oneof(joined('.', 4), joined(':', 8), joined(':', 4)), (text) => {
        // Both kinds in one, which servers' peers are not written as but for a mapped one.
        fc.pre(!(text.includes('.') && text.includes(':')));
        expect(isInNetworks(text, everything), text).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
    for (const text of ['x::ffff:192.0.2.7', '::ffff:192.0.2.7x', '::ffff:192.0.2', '1::2::3', 'x1::', '1::x', '::1x'])
      expect(isInNetworks(text, everything), text).toBe(false);
  });
});

it.each([
  [true, ['192.0.2.7', '172.15.255.255', '172.32.0.1', '100.63.255.255', '2001:db8::1', '::ffff:192.0.2.7']],
  [false, ['127.0.0.1', '10.0.0.7', '172.17.0.1', '192.168.1.1', '169.254.0.1', '100.64.0.1', '::ffff:10.0.0.7']],
  [false, ['::1', 'fd00::1', 'fe80::1', 'unknown', '']],
])('isGlobal is %s of %j', (expected, addresses) => {
  for (const address of addresses) expect(isGlobal(address), address).toBe(expected);
});

describe('peerAddress', () => {
  it('leaves the port away', () => {
    expect(peerAddress('192.0.2.7:25')).toBe('192.0.2.7');
    expect(peerAddress('[2001:db8::1]:25')).toBe('2001:db8::1');
    expect(peerAddress('2001:db8::1:25')).toBe('2001:db8::1');
    expect(peerAddress('a[b]c:25'), 'brackets about it, not in it').toBe('a[b]c');
  });
});

describe('sourceOf', () => {
  it('is the same for the addresses of one IPv4 host or one /64 of IPv6, and for no others', () => {
    const ipv6 = fc.ipV6().filter((address) => !address.includes('.'));
    fc.assert(
      fc.property(ipv6, ipv6, (one, other) => {
        expect(sourceOf(one) === sourceOf(other)).toBe(isInNetworks(one, [`${other}/64`]));
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), (one, other) => {
        expect(sourceOf(one) === sourceOf(other)).toBe(one === other);
        expect(sourceOf(`::ffff:${one}`)).toBe(sourceOf(one));
        expect(sourceOf(one)).not.toBe(sourceOf(`::${one.replaceAll('.', '')}`));
      }),
    );
    expect(sourceOf('fe80::1%eth0')).toBe(sourceOf('fe80::2%eth1'));
    expect(sourceOf('2001:db8::1')).toBe(sourceOf('2001:DB8:0:0:ffff::'));
    expect(sourceOf('nonsense')).toBe('nonsense');
  });
});
