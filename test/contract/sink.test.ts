/** Sink: the one without a network, the same in the simulator, and the SMTP server with peers of our own and with Postfix. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { describe, onTestFinished } from 'vitest';
import { createSink } from '../../src/adapters/smtp-sink/sink.ts';
import type { Clock, Sink } from '../../src/ports.ts';
import { KNOWN, ownClock, silent, sinkSettings } from '../adapters/smtp-sink/fixtures.ts';
import { RawClient } from '../adapters/smtp-sink/raw-client.ts';
import { FakeSink } from '../fakes/fake-sink.ts';
import { Mortal } from '../fakes/mortal.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { describeWithServers } from '../servers/available.ts';
import { parseDeliveries } from '../servers/maillog.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { Host } from '../simulation/host.ts';
import { letTimePass } from './passing.ts';
import { describeSink, type SinkPeer, type SinkUnderTest } from './sink.ts';
import { describeSinkInstants } from './sink-instants.ts';

describe('the sink without a network', () => {
  const make = (): SinkUnderTest => {
    const clock = ownClock();
    return byMethods(new FakeSink(clock), clock);
  };
  describeSink(make, 'steps');
  describeSinkInstants(make);
});

describe("the simulator's sink, in a process that hears of everything late", () => {
  const LAG_MS = 25;
  const make = (): SinkUnderTest => {
    const world = new VirtualClock();
    letTimePass(world);
    const host = new Host(world, 0, []);
    const mortal = new Mortal(host, LAG_MS);
    return byMethods(new FakeSink(mortal.clock, LAG_MS, () => host.isAsleep), host);
  };
  describeSink(make, 'steps');
  describeSinkInstants(make);
});

/** Peers come by method calls, and go by `clock`. */
function byMethods(sink: FakeSink, clock: Clock): SinkUnderTest {
  onTestFinished(() => sink.die());
  return {
    sink,
    clock,
    async connect() {
      const session = sink.connect();
      if (session === null) return null;
      return {
        name: session.peer,
        async mail(sender, recipient, envelopeId) {
          session.mail({ sender, recipients: [recipient], envelopeId: envelopeId ?? null });
        },
        data: (text) => session.data(text),
        leave: () => session.close(),
      };
    },
  };
}

/** Closed at the end of the test. */
function overSmtp(clock: Clock): Sink {
  const sink = createSink(sinkSettings(), KNOWN, clock, silent);
  onTestFinished(() => sink.close());
  return sink;
}

describe('the SMTP server', () => {
  const make = (): SinkUnderTest => {
    const clock = ownClock();
    const clients: RawClient[] = [];
    const sink = overSmtp(clock);
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    return {
      sink,
      clock,
      async connect({ port }) {
        const client = new RawClient(port);
        clients.push(client);
        const refused = await once(client.socket, 'connect').then(
          () => false,
          () => true,
        );
        if (refused) return null;
        await client.greet();
        return smtpPeer(client);
      },
    };
  };
  describeSink(make, 'steps');
  describeSinkInstants(make);
});

describeWithServers('the SMTP server, whose peer is Postfix', () => {
  describeSink(() => {
    const clock = ownClock();
    return { sink: overSmtp(clock), clock, connect: ({ port }) => postfixPeer(port) };
  }, 'whole');
});

/** A Postfix of its own for each message, so that none comes again in another test. */
async function postfixPeer(sinkPort: number): Promise<SinkPeer> {
  const provider = await startProvider({ sinkPort, postfix: { smtp_tls_security_level: 'none' } });
  onTestFinished(() => provider.stop());
  let envelope: SMTPConnection.Envelope = { from: '', to: [] };
  return {
    name: null,
    async mail(from, to, envid) {
      envelope = { from, to: [to], ...(envid === undefined ? {} : { dsn: { envid } }) };
    },
    async data(text) {
      await submit(provider, envelope, text);
      for (;;) {
        const [delivery] = parseDeliveries(await readFile(join(provider.root, 'maillog'), 'utf8'));
        const code = /(?:said: |^)([245]\d\d)[ -]/.exec(delivery?.text ?? '')?.[1];
        if (code !== undefined) return Number(code);
        await pause(20);
      }
    },
    // It goes once its message is gone.
    leave: () => {},
  };
}

async function submit(provider: Provider, envelope: SMTPConnection.Envelope, text: string): Promise<void> {
  const connection = new SMTPConnection({ ...provider.submission, ignoreTLS: true });
  const { username: user, password: pass } = provider.user('alice');
  const done = (start: (callback: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  await done((callback) => connection.connect(callback));
  await done((callback) => connection.login({ user, pass }, callback));
  await done((callback) => connection.send(envelope, text, callback));
  connection.quit();
}

function smtpPeer(client: RawClient): SinkPeer {
  const name = client.name;
  const demand = async (line: string, code: number): Promise<void> => {
    const reply = await client.ask(line);
    if (reply.code !== code) throw new Error(`${line}: ${reply.text}`);
  };
  return {
    name,
    async mail(sender, recipient, envelopeId) {
      await demand(`MAIL FROM:<${sender}>${envelopeId === undefined ? '' : ` ENVID=${envelopeId}`}`, 250);
      await demand(`RCPT TO:<${recipient}>`, 250);
    },
    async data(text) {
      await demand('DATA', 354);
      return (await client.ask(`${text}.`)).code;
    },
    leave: () => client.destroy(),
  };
}
