/** What a refusal says, whose doing it is, and what becomes of the probe. */
import { describe, expect, it, test } from 'vitest';
import {
  isLoginRefused,
  isOurDoing,
  isTemporary,
  isThrottling,
  PATHS,
  type Refusal,
  type Stage,
} from '../../src/domain/probe.ts';
import { channelOf, newsOf, outcomeOf, type ProbeRecord } from '../../src/domain/record.ts';
import { accepted, at, capture, probe, refused, uncertain, unreachable } from './month-case.ts';

const refusal = (code: number, enhanced: string | null, text = 'no', stage: Stage = 'rcpt'): Refusal => ({
  ...{ kind: 'refused', stage, code, enhanced, text },
});

test.each([
  [399, false],
  [400, true],
  [499, true],
  [500, false],
])('a reply of %d is temporary: %s', (code, expected) => {
  expect(isTemporary(refusal(code, null))).toBe(expected);
});

describe('throttling', () => {
  it.each([
    refusal(421, null, 'Too many connections'),
    refusal(450, '4.2.1', 'you send TOO FAST'),
    refusal(452, null, 'too much mail today'),
    refusal(451, null, 'Rate limit reached'),
    refusal(451, null, 'rate exceeded'),
    refusal(450, '4.7.1'),
    refusal(454, '4.7.0', 'too many logins', 'auth'),
    refusal(421, '4.3.2', 'too many concurrent connections'),
    refusal(550, '5.7.1', 'too many connections'),
    refusal(554, '5.7.1', 'too many messages from this account today'),
    refusal(550, '5.4.5', 'Daily user sending limit exceeded'),
    refusal(550, null, 'Ip frequency limited'),
    refusal(421, null, 'HL:ICC 163 mx15,http://mail.163.com/help/help_spam_16.htm', 'greeting'),
    refusal(421, null, 'HL:IFC 163 mx15', 'greeting'),
    refusal(554, null, 'MI:STC 163 smtp8', 'data'),
    refusal(451, null, 'RP:CEL 163 smtp8'),
    refusal(554, null, 'Reject by behaviour spam at Rcpt State', 'data'),
  ])('is what $code $enhanced $text says', (reply) => {
    expect(isThrottling(reply)).toBe(true);
  });

  it.each([
    refusal(451, '4.3.0', 'queue file write error: Too many open files'),
    refusal(451, null, 'too many open files'),
    refusal(554, '5.4.6', 'too many hops'),
    refusal(451, '4.4.6', 'too many hops'),
    refusal(554, '5.7.1', 'too many links in the text'),
    refusal(552, '5.3.4', 'message size limit exceeded'),
    refusal(450, null, 'corporate limits'),
    refusal(554, null, 'DT:SPM 163 smtp8', 'data'),
    refusal(550, null, 'MI:STCX'),
    refusal(450, null, 'too soon'),
    refusal(450, '4.3.0'),
    refusal(450, '4.70.1'),
    refusal(450, '14.7.1'),
    // A failing service of the provider's own, not an answer to how much we send.
    refusal(454, '4.7.0'),
    refusal(450, '4.7.0', 'no', 'tls'),
    refusal(450, '4.7.0', 'no', 'auth'),
    refusal(450, null),
  ])('is not what $code $enhanced $text at $stage says', (reply) => {
    expect(isThrottling(reply)).toBe(false);
  });
});

test.each<[readonly string[], Refusal, string]>([
  [['receive'], refusal(550, '5.1.8', 'Sender address rejected: Domain not found'), 'our domain cannot be looked up'],
  [['receive'], refusal(450, '4.1.8', 'Domain not found'), 'our domain cannot be looked up just now'],
  [['receive'], refusal(550, '5.7.20'), 'our signature fails'],
  [['receive'], refusal(550, '5.7.23', 'SPF validation failed'), 'our SPF record'],
  [['receive'], refusal(550, '5.7.25', 'Reverse DNS validation failed'), 'our PTR record'],
  [['receive'], refusal(550, '5.7.27', 'Sender address has null MX'), 'our MX record'],
  [['receive'], refusal(550, '5.7.1', 'SPF check: fail'), 'our SPF record, in words'],
  [['receive'], refusal(554, null, 'no PTR record'), 'our PTR record, in words'],
  [
    ['receive'],
    refusal(554, '5.7.1', 'Client host [203.0.113.9] blocked using zen.spamhaus.org'),
    'our address on a list',
  ],
  [['receive'], refusal(450, null, 'DT:RBL 163 mx9'), 'our address on a list, as Coremail says it'],
  [['receive'], refusal(550, null, 'your address is blacklisted'), 'our address on a list, in words'],
  [[], refusal(554, '5.7.1', 'blocked by policy'), 'what names no list'],
  [[], refusal(550, '5.7.28', 'mail flood'), 'what is no record of ours'],
  [[], refusal(550, '5.1.80'), 'a longer code than of a sender that is not found'],
  [[], refusal(550, '15.1.8'), 'one that begins otherwise'],
  [[], refusal(550, '5.7.10', 'SPF failed'), 'a longer code than of policy'],
  [[], refusal(550, '15.7.1', 'SPF failed'), 'no code of policy'],
  [[], refusal(550, '5.1.1', 'no such user, SPF passed'), 'a code that says another thing than its words'],
])('our doing on %j is %j: %s', (paths, reply) => {
  expect(PATHS.filter((path) => isOurDoing(reply, path))).toEqual(PATHS.filter((path) => paths.includes(path)));
});

test.each([
  [refusal(535, '5.7.8', 'no', 'auth'), true],
  [refusal(535, null, 'no', 'auth'), true],
  [refusal(550, '5.7.8', 'no', 'auth'), true],
  [refusal(526, null, 'Authentication failure[0]', 'auth'), true],
  [refusal(550, null, 'User has no permission', 'auth'), true],
  [refusal(534, '5.7.9', 'Application-specific password required', 'auth'), true],
  [refusal(454, '4.7.0', 'no', 'auth'), false],
  [refusal(535, '5.7.8', 'no', 'mail'), false],
] as const)('%o may say that our password is old: %s', (reply, expected) => {
  expect([isLoginRefused(reply), isOurDoing(reply, 'send')]).toEqual([expected, expected]);
});

describe('the outcome', () => {
  const notice = (action: 'failed' | 'delayed', status = '5.1.1') => ({
    notice: { action, status, recipient: null, diagnostic: null },
  });
  const seen = { capture: capture(at(5), at(6)) };
  it.each<[string, Partial<ProbeRecord>]>([
    ['pending', { handover: null }],
    ['unmeasured', { handover: null, expired: true }],
    ['pending', { handover: null, ...seen }],
    ['unmeasured', { handover: null, ...seen, expired: true }],
    ['pending', { handover: null, interrupted: true }],
    ['delivered', { handover: null, interrupted: true, ...seen }],
    ['unmeasured', { handover: null, interrupted: true, expired: true }],
    ['failed', { handover: null, interrupted: true, ...notice('failed') }],
    ['pending', {}],
    ['pending', notice('delayed')],
    ['delivered', { ...seen, ...notice('delayed') }],
    ['lost', { expired: true }],
    ['lost', { expired: true, ...seen }],
    ['pending', { handover: uncertain(at(0)) }],
    ['delivered', { handover: uncertain(at(0)), ...seen }],
    ['failed', { handover: uncertain(at(0)), expired: true }],
    ['failed', { ...notice('failed'), ...seen }],
    ['failed', notice('failed', '5.2.2')],
    ['unmeasured', { path: 'receive', ...notice('failed', '5.2.2') }],
    ['failed', { path: 'internal', ...notice('failed') }],
    ['failed', { handover: refused(550, '5.2.2') }],
    ['unmeasured', { path: 'internal', handover: refused(550, '5.2.2') }],
    ['unmeasured', { handover: refused(450, '4.7.1') }],
    ['failed', { handover: refused(550, '5.7.1'), ...seen }],
    ['unmeasured', { handover: unreachable('ABORTED') }],
    ['failed', { handover: unreachable('ECONNREFUSED') }],
  ])('is %s of what is known as %j', (expected, change) => {
    expect(outcomeOf(probe('p', 0, change))).toBe(expected);
  });
});

describe('a delivery status', () => {
  const status = (action: 'failed' | 'delayed', recipient: string | null = null) => ({
    ...{ action, status: null, recipient, diagnostic: null },
  });
  const news = (change: Partial<ProbeRecord>, ...statuses: ReturnType<typeof status>[]) =>
    newsOf(probe('p', 0, change), statuses);
  it('is news while the probe is pending, and once', () => {
    expect(news({}, status('delayed'))).toEqual(status('delayed'));
    expect(news({ notice: status('delayed') }, status('delayed'))).toBeNull();
    expect(news({ notice: status('delayed') }, status('failed'))).toEqual(status('failed'));
    expect(news({ capture: capture(at(1), at(1)) }, status('failed'))).toBeNull();
    expect(news({ handover: accepted(at(0)), expired: true }, status('failed'))).toBeNull();
    expect(news({})).toBeNull();
  });
  it.each<[string, boolean, ProbeRecord['path'], string]>([
    ['its own recipient', true, 'send', 'Probe-0@Sink.example'],
    ['another at the sink', false, 'send', 'probe-1@sink.example'],
    ['an archive', false, 'send', 'archive@acme.example'],
    ['what an alias made of its recipient', true, 'receive', 'u123@SINK.example'],
    ['what an alias made of its recipient', true, 'internal', 'u123@sink.example'],
    ['an address that the mailbox forwards to', false, 'receive', 'somebody@else.example'],
  ])('of %s says something of the probe: %s, on %s', (_, says, path, recipient) => {
    const of = status('failed', recipient);
    expect(news({ path, recipient: 'probe-0@sink.example' }, of)).toEqual(says ? of : null);
  });
  it('of several is the gravest that is about the probe’s recipient', () => {
    const own = status('delayed', 'probe-0@sink.example');
    const other = status('failed', 'archive@acme.example');
    expect(news({ path: 'send', recipient: 'probe-0@sink.example' }, other, own)).toEqual(own);
  });
});

test('absence is proven by channel: our sink is one, and each mailbox', () => {
  expect(channelOf('send', 'acme')).toBe('sink');
  expect([channelOf('receive', 'acme'), channelOf('internal', 'acme')]).toEqual(['mailbox:acme', 'mailbox:acme']);
});
