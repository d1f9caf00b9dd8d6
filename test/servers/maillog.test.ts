/** Reads Postfix's lines as what they are: rounded figures. */
import { describe, expect, test } from 'vitest';
import { parseDeliveries, total } from './maillog.ts';

const line = (delays: string, rest: string) =>
  `Nov 23 03:49:48 mx provider/postfix/smtp[1]: 4jXsQN3FXgzJTD4: to=<a@sink.test>, relay=127.0.0.1[127.0.0.1]:2526, delay=5.1, delays=${delays}, ${rest}`;

describe('the log of Postfix', () => {
  test('gives each term as the interval that its printed digits stand for', () => {
    const log = line('12/5.1/0.00022/0', 'dsn=2.0.0, status=sent (250 OK (really))');
    const [delivery] = parseDeliveries(log);
    expect(delivery).toMatchObject({
      queueId: '4jXsQN3FXgzJTD4',
      recipient: 'a@sink.test',
      status: 'sent',
      dsn: '2.0.0',
      text: '250 OK (really)',
      a: { lo: 11.5, hi: 12.5 },
      d: { lo: 0, hi: 0.0000005 },
    });
    expect(delivery?.b.lo).toBeCloseTo(5.05, 9);
    expect(delivery?.b.hi).toBeCloseTo(5.15, 9);
    expect(delivery?.c.lo).toBeCloseTo(0.000215, 9);
    expect(delivery?.c.hi).toBeCloseTo(0.000225, 9);
  });

  test('passes over everything that is not a delivery', () => {
    const removed = 'Nov 23 03:49:48 mx provider/postfix/qmgr[1]: 4jXsQN3FXgzJTD4: removed';
    expect(parseDeliveries(`${removed}\n\n${line('0/0/0/0', 'dsn=5.1.1, status=bounced (no)')}`)).toHaveLength(1);
  });

  test('adds terms end by end', () => {
    expect(total({ lo: 1, hi: 2 }, { lo: 0.5, hi: 4 })).toEqual({ lo: 1.5, hi: 6 });
  });
});
