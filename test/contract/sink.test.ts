/** Sink: the one without a network, and the SMTP server. */
import { once } from 'node:events';
import { describe, onTestFinished } from 'vitest';
import { createSink } from '../../src/adapters/smtp-sink/sink.ts';
import { ownClock, SENDERS, silent, sinkSettings } from '../adapters/smtp-sink/fixtures.ts';
import { RawClient } from '../adapters/smtp-sink/raw-client.ts';
import { FakeSink } from '../fakes/fake-sink.ts';
import { describeSink, type SinkPeer } from './sink.ts';

describe('the sink without a network', () => {
  describeSink(() => {
    const sink = new FakeSink(ownClock());
    onTestFinished(() => sink.die());
    return {
      sink,
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
  });
});

describe('the SMTP server', () => {
  describeSink(() => {
    const sink = createSink(sinkSettings(), SENDERS, ownClock(), silent);
    const clients: RawClient[] = [];
    onTestFinished(async () => {
      for (const client of clients) client.destroy();
      await sink.close();
    });
    return {
      sink,
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
  });
});

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
