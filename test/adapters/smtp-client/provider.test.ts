/** The SMTP client against a real Postfix. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInjector, createSubmitter } from '../../../src/adapters/smtp-client/sender.ts';
import { type SystemClock, systemClock } from '../../../src/adapters/system/clock.ts';
import { spanBetween } from '../../../src/domain/time/instant.ts';
import { describeWithServers } from '../../servers/available.ts';
import { type Provider, startProvider } from '../../servers/provider.ts';
import { message, mx, never, submission } from './fixtures.ts';

const END_OF_DATA_DELAY_SECONDS = 1;
const STARTUP_MS = 30_000;

describeWithServers('sending through Postfix', () => {
  let provider: Provider;
  let clock: SystemClock;
  beforeAll(async () => {
    clock = systemClock();
    provider = await startProvider();
  }, STARTUP_MS);
  afterAll(async () => {
    clock.close();
    await provider.stop();
  });

  const tls = () => ({ ca: provider.caPem, servername: provider.serverName });
  const mail = () => ({ ...message, sender: provider.user('alice').address, recipient: provider.user('bob').address });
  const submit = (over: Parameters<typeof submission>[0]) =>
    createSubmitter(submission({ tls: tls(), login: provider.user('alice'), ...over }), clock).send(
      mail(),
      () => {},
      never(),
    );

  test('takes a message by STARTTLS and AUTH', async () => {
    const handover = await submit({ ...provider.submission, security: 'starttls' });
    expect(handover).toMatchObject({ kind: 'accepted', reply: expect.stringMatching(/^Ok: queued as \w+$/) as string });
    expect(handover.certificateExpiresMs).toBeGreaterThan(Date.now());
    const names = ['connect', 'greeting', 'tls', 'auth', 'mail', 'rcpt', 'data'];
    expect(handover.stages.map(({ name }) => name)).toEqual(names);
  });

  test('takes a message by implicit TLS and AUTH', async () => {
    const handover = await submit({ ...provider.submissions, security: 'tls' });
    expect(handover.kind).toBe('accepted');
    expect(handover.certificateExpiresMs).toBeGreaterThan(Date.now());
    const names = ['connect', 'tls', 'greeting', 'auth', 'mail', 'rcpt', 'data'];
    expect(handover.stages.map(({ name }) => name)).toEqual(names);
  });

  test('what it does between the dot and its 250 lies between the two instants', async () => {
    await provider.delayEndOfData(END_OF_DATA_DELAY_SECONDS);
    const handover = await submit({ ...provider.submissions, security: 'tls' });
    await provider.delayEndOfData(0);
    if (handover.kind !== 'accepted') throw new Error(`${handover.kind}: ${handover.text}`);
    expect(spanBetween(handover.handedOver, handover.acknowledged).hi).toBeGreaterThan(END_OF_DATA_DELAY_SECONDS);
    expect(handover.stages.at(-1)?.seconds).toBeGreaterThan(END_OF_DATA_DELAY_SECONDS);
  });

  test('refuses a wrong password at stage auth with 535', async () => {
    const login = { ...provider.user('alice'), password: 'not the password' };
    const handover = await submit({ ...provider.submission, security: 'starttls', login });
    expect(handover).toMatchObject({ kind: 'refused', stage: 'auth', code: 535, enhanced: '5.7.8' });
    expect(JSON.stringify(handover)).not.toContain(login.password);
  });

  test('refuses an unknown recipient of its domain with 5.1.1', async () => {
    const injector = createInjector(mx({ ...provider.mx, tls: tls(), security: 'starttls' }), clock);
    const stranger = { ...message, recipient: `nobody@${provider.domain}` };
    const handover = await injector.send(stranger, () => {}, never());
    expect(handover).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.1.1' });
  });

  test('refuses the first attempt for now where it greylists, and takes the second', async () => {
    provider.greylist(1);
    const injector = createInjector(mx({ ...provider.mx, tls: tls(), security: 'none' }), clock);
    const attempt = () => injector.send({ ...mail(), sender: message.sender }, () => {}, never());
    expect(await attempt()).toMatchObject({ kind: 'refused', stage: 'rcpt', code: 450 });
    expect((await attempt()).kind).toBe('accepted');
    provider.greylist(0);
  });

  test('takes an injected message with its envelope id', async () => {
    const injector = createInjector(mx({ ...provider.mx, tls: tls(), security: 'starttls' }), clock);
    const handover = await injector.send({ ...mail(), sender: message.sender }, () => {}, never());
    expect(handover).toMatchObject({ kind: 'accepted', peer: `${provider.mx.host}:${provider.mx.port}` });
  });

  test('is not trusted where the certificate is for another name', async () => {
    const other = { ca: provider.caPem, servername: 'elsewhere.test' };
    const handover = await submit({ ...provider.submissions, security: 'tls', tls: other });
    expect(handover).toMatchObject({ kind: 'unreachable', stage: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describeWithServers('sending through a Postfix whose certificate has expired', () => {
  test('ends at stage tls by STARTTLS and by implicit TLS', { timeout: STARTUP_MS }, async () => {
    const provider = await startProvider({ certificate: 'expired' });
    const clock = systemClock();
    try {
      const tls = { ca: provider.caPem, servername: provider.serverName };
      const ways = [
        { ...provider.submission, security: 'starttls' },
        { ...provider.submissions, security: 'tls' },
      ] as const;
      for (const way of ways) {
        const sender = createSubmitter(submission({ ...way, tls, login: provider.user('alice') }), clock);
        const handover = await sender.send(message, () => {}, never());
        expect(handover).toMatchObject({ kind: 'unreachable', stage: 'tls', code: 'CERT_HAS_EXPIRED' });
      }
    } finally {
      clock.close();
      await provider.stop();
    }
  });
});
