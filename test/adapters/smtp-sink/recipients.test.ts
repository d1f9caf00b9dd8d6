import { describe, expect, test } from 'vitest';
import { recipientRule } from '../../../src/adapters/smtp-sink/recipients.ts';

const ours = recipientRule({ domain: 'sink.test', count: 4, senders: ['receive@sink.test'] });

describe("the sink's own addresses", () => {
  const taken = ['probe-0@sink.test', 'probe-63@sink.test', 'receive@sink.test', 'postmaster@sink.test'];
  for (const address of [...taken, 'abuse@sink.test', 'postmaster']) {
    test(`are given back as we write them: ${address}`, () => {
      expect(ours(address)).toBe(address);
      expect(ours(address.toUpperCase())).toBe(address);
    });
  }

  const foreign = [
    'probe-64@sink.test',
    'probe-00@sink.test',
    'probe-1+x@sink.test',
    'probe-0@sink.test.example',
    'probe-0@elsewhere.test',
    'abuse',
    'probe-0%sink.test@elsewhere.test',
    'constructor',
    '',
  ];
  for (const address of foreign) {
    test(`are no others: ${JSON.stringify(address)}`, () => {
      expect(ours(address)).toBeNull();
    });
  }

  test('may lie in an internationalised domain, shown either way', () => {
    const international = recipientRule({ domain: 'xn--bcher-kva.test', count: 1, senders: [] });
    expect(international('probe-0@bücher.test')).toBe('probe-0@xn--bcher-kva.test');
    expect(international('probe-0@XN--bcher-kva.test')).toBe('probe-0@xn--bcher-kva.test');
  });
});
