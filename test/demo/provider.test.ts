import { afterEach, describe, expect, it } from 'vitest';
import { type DemoProvider, type DemoProviderOptions, startDemoProvider } from '../../src/demo/provider.ts';
import { parseHeader } from '../../src/domain/mail/header.ts';
import { composeProbe } from '../../src/domain/mail/message.ts';
import { parseReceived } from '../../src/domain/mail/received.ts';
import { recognise } from '../../src/domain/mail/recognise.ts';
import type { Path } from '../../src/domain/probe.ts';
import { newProbeId, tokenOf } from '../../src/domain/token.ts';
import { clock, isOpen, lookFor, openMailbox, seededRandom, startSink, submit } from './harness.ts';

const KEY = new Uint8Array(32).fill(7);
const RECIPIENT = 'probe-0@sink.example';
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

function keep<T extends { close(): Promise<void> }>(resource: T): T {
  opened.push(resource);
  return resource;
}

async function start(options: Partial<DemoProviderOptions> = {}): Promise<DemoProvider> {
  const delays = { send: 0, receive: 0, internal: 0 };
  return keep(await startDemoProvider({ sink: null, delays, clock, random: seededRandom(), ...options }));
}

function probe(seed: number, path: Path, sender: string, recipient: string) {
  const id = newProbeId(new Uint8Array(10).fill(seed));
  const token = tokenOf(id, KEY);
  const text = composeProbe({
    id,
    token,
    agent: 'demo',
    provider: 'demo',
    path,
    sender,
    recipient,
    date: clock.now(),
    chainHead: { seq: 0, hash: '0'.repeat(64) },
    contact: 'nobody',
  });
  return { id, token, text, envelope: { from: sender, to: recipient, envid: token } };
}

describe('the demo provider', () => {
  it('relays what is submitted to the sink, not before the delay, with its ENVID and its trace', async () => {
    const sink = keep(await startSink());
    const provider = await start({ sink: sink.at, delays: { send: 0.4, receive: 0, internal: 0 } });
    const message = probe(1, 'send', provider.address, RECIPIENT);
    const submitted = await submit(provider.submission, provider.login, message.envelope, message.text);
    expect(submitted.code).toBe(250);
    expect(submitted.reply).toContain('queued as');
    await sink.has(1);
    const [arrival] = sink.arrivals;
    expect((arrival?.mailUs ?? 0) - submitted.beforeUs).toBeGreaterThanOrEqual(400_000);
    expect(arrival?.envelope.dsn?.envid).toBe(message.token);
    expect(arrival?.envelope.mailFrom).toMatchObject({ address: provider.address });
    const [header = '', body = ''] = arrival?.text.split('\r\n\r\n') ?? [];
    expect(recognise({ header, body }, [KEY])).toEqual([{ kind: 'probe', id: message.id, where: 'header' }]);
    expect(parseReceived(parseHeader(header)).map((hop) => [hop.from, hop.by])).toEqual([
      ['client.example', 'submission.provider.example'],
      ['submission.provider.example', 'out.provider.example'],
    ]);
  });

  it('says which delay a message got, by probe id, token or Message-ID', async () => {
    const sink = keep(await startSink());
    const provider = await start({ sink: sink.at });
    provider.setDelay('send', { fixed: 0.01, spread: 0.05 });
    const message = probe(2, 'send', provider.address, RECIPIENT);
    expect(provider.injected(message.id)).toBeNull();
    await submit(provider.submission, provider.login, message.envelope, message.text);
    const seconds = provider.injected(message.id);
    expect(seconds).toBeGreaterThan(0.01);
    expect(provider.injected(message.token)).toBe(seconds);
    expect(provider.injected(`<${message.token}@provider.example>`)).toBe(seconds);
    await submit(provider.submission, provider.login, message.envelope, 'Message-ID: <plain@x>\r\n\r\nhello\r\n');
    expect(provider.injected('<plain@x>')).toBeGreaterThan(0.01);
    await sink.has(2);
  });

  it('refuses a delay that is none', async () => {
    const provider = await start();
    expect(() => provider.setDelay('send', -1)).toThrow(
      new RangeError('delay of send must be finite and at least 0 s, is -1'),
    );
    expect(() => provider.setDelay('send', { fixed: 0, spread: Number.NaN })).toThrow(RangeError);
  });

  it.each(['receive', 'internal'] as const)(
    'delivers on the path %s into the mailbox, not before the delay',
    async (path) => {
      const provider = await start();
      provider.setDelay(path, 0.3);
      const client = await openMailbox(provider);
      opened.push({ close: () => client.logout() });
      const sender = path === 'receive' ? 'probe@sink.example' : provider.address;
      const message = probe(3, path, sender, provider.address);
      const submitted =
        path === 'receive'
          ? await submit(provider.mx, null, message.envelope, message.text)
          : await submit(provider.submission, provider.login, message.envelope, message.text);
      expect(submitted.code).toBe(250);
      const seenUs = await lookFor(client, 'INBOX', 2);
      // The look was answered after the delivery, and was sent at most one answer before it.
      expect(clock.now().monoUs - submitted.beforeUs).toBeGreaterThanOrEqual(300_000);
      expect(seenUs).toBeGreaterThan(submitted.beforeUs);
      await client.mailboxOpen('INBOX', { readOnly: true });
      const fetched = await client.fetchOne(
        '1',
        { uid: true, headers: true, flags: true, bodyParts: ['TEXT'] },
        { uid: true },
      );
      if (fetched === false) throw new Error('no message');
      const header = fetched.headers?.toString('latin1') ?? '';
      const body = fetched.bodyParts?.get('text')?.toString('latin1') ?? '';
      expect(recognise({ header, body }, [KEY])).toEqual([{ kind: 'probe', id: message.id, where: 'header' }]);
      expect(recognise({ header: '', body }, [KEY])).toEqual([{ kind: 'probe', id: message.id, where: 'body' }]);
      expect(parseReceived(parseHeader(header)).map((hop) => hop.by)).toEqual([
        path === 'receive' ? 'mx.provider.example' : 'submission.provider.example',
        'store.provider.example',
      ]);
      expect([...(fetched.flags ?? [])]).toEqual([]);
    },
  );

  it('waits for a sink, tries again after a temporary refusal, and delivers once', async () => {
    const provider = await start();
    const message = probe(4, 'send', provider.address, RECIPIENT);
    await submit(provider.submission, provider.login, message.envelope, message.text);
    const sink = keep(await startSink((attempt) => (attempt === 1 ? 451 : null)));
    provider.setSink(sink.at);
    await sink.has(1);
    expect(sink.arrivals).toHaveLength(1);
  }, 20_000);

  it('returns what the sink refuses for good as a report to the mailbox', async () => {
    const sink = keep(await startSink(() => 550));
    const provider = await start({ sink: sink.at });
    const client = await openMailbox(provider);
    opened.push({ close: () => client.logout() });
    const message = probe(5, 'send', provider.address, RECIPIENT);
    await submit(provider.submission, provider.login, message.envelope, message.text);
    await lookFor(client, 'INBOX', 2);
    await client.mailboxOpen('INBOX', { readOnly: true });
    const fetched = await client.fetchOne('1', { source: true }, { uid: true });
    if (fetched === false) throw new Error('no message');
    const source = fetched.source?.toString('latin1') ?? '';
    const end = source.indexOf('\r\n\r\n');
    expect(recognise({ header: source.slice(0, end), body: source.slice(end + 4) }, [KEY])).toMatchObject([
      { kind: 'notice', id: message.id, statuses: [{ action: 'failed', recipient: RECIPIENT }] },
    ]);
    expect(sink.arrivals).toEqual([]);
  });

  it('takes mail from its owner and for its mailbox only', async () => {
    const provider = await start();
    const { address, login } = provider;
    const wrong = { username: login.username, password: 'wrong' };
    expect(await submit(provider.submission, wrong, { from: address, to: RECIPIENT }, 'x')).toMatchObject({
      code: 535,
    });
    expect(await submit(provider.submission, login, { from: 'other@x.example', to: RECIPIENT }, 'x')).toMatchObject({
      code: 553,
    });
    expect(await submit(provider.mx, null, { from: 'a@x.example', to: RECIPIENT }, 'x')).toMatchObject({ code: 550 });
    await expect(openMailbox(provider, wrong)).rejects.toMatchObject({ authenticationFailed: true });
  });

  it('leaves nothing listening, connected or waiting when it closes', async () => {
    const sink = keep(await startSink());
    const provider = await start({ sink: sink.at, delays: { send: 3600, receive: 3600, internal: 0 } });
    const message = probe(6, 'send', provider.address, RECIPIENT);
    await submit(provider.submission, provider.login, message.envelope, message.text);
    const client = await openMailbox(provider);
    client.on('error', () => {});
    await client.mailboxOpen('INBOX');
    const idling = client.idle();
    const ended = new Promise((resolve) => client.once('close', resolve));
    await provider.close();
    await ended;
    await idling;
    for (const at of [provider.submission, provider.mx, provider.imap]) expect(await isOpen(at)).toBe(false);
    expect(sink.arrivals).toEqual([]);
  });
});
