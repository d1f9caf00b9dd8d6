/** What comes from the network, made to look as bad as it can: for a world of fakes. */
import fc from 'fast-check';
import { type Handover, STAGES } from '../../../src/domain/probe.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { MailboxError, type Sender, SINK_REFUSALS, UnknownRoute } from '../../../src/ports.ts';
import type { FakeWorld } from '../../fakes/agent.ts';
import type { FakeChecker } from '../../fakes/fake-checker.ts';

/** Stands in everything hostile, so that it is found wherever it turns up. */
export const MARK = 'EVIL';
const hostile = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\r\n',
      '{',
      '}',
      ',',
      '=',
      '# EOF',
      'provider="x"',
      ' 1',
      '\u0000',
      '邮',
      '<',
      'a',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => MARK + parts.join(''));
/** Without an end of line, which would end a header. */
const hostileWord = hostile.map((text) => text.replaceAll(/[\r\n]/g, ''));
const stage = fc.constantFrom(...STAGES);

type Handing = {
  readonly kind: 'refused' | 'unreachable' | 'uncertain' | 'accepted';
  readonly text: string;
  readonly code: number;
  readonly stage: (typeof STAGES)[number];
};
export type Happening =
  | ({ readonly what: 'handing' } & Handing)
  | {
      readonly what: 'stranger';
      readonly peer: string;
      readonly sender: string;
      readonly recipient: string;
      readonly text: string;
    }
  | { readonly what: 'ours'; readonly header: string; readonly spoilt: boolean; readonly times: number }
  | { readonly what: 'vanished'; readonly peer: string }
  | { readonly what: 'sink-refusal'; readonly reason: (typeof SINK_REFUSALS)[number] }
  | { readonly what: 'mail'; readonly folder: string; readonly text: string }
  | { readonly what: 'mailbox-down'; readonly code: string; readonly text: string }
  | { readonly what: 'check'; readonly down: boolean; readonly code: string; readonly text: string }
  | { readonly what: 'order'; readonly provider: string };

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    what: fc.constant('handing' as const),
    kind: fc.constantFrom('refused' as const, 'unreachable' as const, 'uncertain' as const, 'accepted' as const),
    text: hostile,
    code: fc.integer({ min: 0, max: 999 }),
    stage,
  }),
  fc.record({
    what: fc.constant('stranger' as const),
    peer: hostile,
    sender: hostile,
    recipient: fc.oneof(hostile, fc.constant('probe-0@sink.example')),
    text: hostile.map((body) => `X-Mailflow-Probe: ${body}\r\nSubject: ${body}\r\n\r\n${body}`),
  }),
  fc.record({
    what: fc.constant('ours' as const),
    header: hostileWord,
    spoilt: fc.boolean(),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ what: fc.constant('vanished' as const), peer: hostile }),
  fc.record({ what: fc.constant('sink-refusal' as const), reason: fc.constantFrom(...SINK_REFUSALS) }),
  fc.record({
    what: fc.constant('mail' as const),
    folder: hostile,
    text: hostile.map((body) => `From: ${body}\r\nMessage-ID: <${body}>\r\n\r\n${body}`),
  }),
  fc.record({ what: fc.constant('mailbox-down' as const), code: hostile, text: hostile }),
  fc.record({ what: fc.constant('check' as const), down: fc.boolean(), code: hostile, text: hostile }),
  fc.record({ what: fc.constant('order' as const), provider: hostile }),
);

/** Each kind once, in an order in which it comes to something, so that every run has tried it. */
export const EVERYTHING: Happening[] = [
  { what: 'order', provider: MARK },
  { what: 'handing', kind: 'accepted', text: MARK, code: 250, stage: 'data' },
  { what: 'ours', header: MARK, spoilt: true, times: 1 },
  { what: 'ours', header: MARK, spoilt: false, times: 2 },
  { what: 'handing', kind: 'refused', text: MARK, code: 550, stage: 'rcpt' },
  {
    what: 'stranger',
    peer: MARK,
    sender: MARK,
    recipient: 'probe-0@sink.example',
    text: `From: ${MARK}\r\n\r\n${MARK}`,
  },
  { what: 'mail', folder: MARK, text: `From: ${MARK}\r\n\r\n${MARK}` },
  { what: 'mailbox-down', code: MARK, text: MARK },
  { what: 'check', down: true, code: MARK, text: MARK },
  { what: 'vanished', peer: MARK },
  { what: 'sink-refusal', reason: 'relay' },
];

/** Answers as told, then accepts. */
export class HostileSender implements Sender {
  readonly answers: Handing[] = [];
  readonly #fallback: Sender;
  readonly #world: FakeWorld;
  constructor(world: FakeWorld, fallback: Sender) {
    this.#world = world;
    this.#fallback = fallback;
  }
  async send(...asked: Parameters<Sender['send']>): Promise<Handover> {
    const answer = this.answers.shift();
    const handover = await this.#fallback.send(...asked);
    if (answer === undefined || handover.kind !== 'accepted') return handover;
    const { kind, text, code, stage: at } = answer;
    const rest = { stages: [{ name: at, seconds: 1 }], peer: text, certificateExpiresMs: code };
    const now = this.#world.clock.now();
    switch (kind) {
      case 'accepted':
        return { ...rest, kind, handedOver: now, acknowledged: now, reply: text };
      case 'refused':
        return { ...rest, kind, stage: at, code, enhanced: text, text };
      case 'unreachable':
        return { ...rest, kind, stage: at, code: text, text };
      case 'uncertain':
        return { ...rest, kind, handedOver: now, code: text, text };
    }
  }
}

/** Every token with a MAC that is not its own. */
function withOtherTokens(text: string): string {
  return text.replaceAll(
    /(?<![a-z2-7])([a-z2-7]{31})([a-z2-7])(?![a-z2-7])/g,
    (_token, head: string, last: string) => head + (last === 'a' ? 'b' : 'a'),
  );
}

export async function happen(
  it: Happening,
  world: FakeWorld,
  senders: readonly HostileSender[],
  checkers: readonly FakeChecker[],
  engine: Engine,
) {
  switch (it.what) {
    case 'handing':
      for (const sender of senders) sender.answers.push(it);
      return;
    case 'stranger': {
      const session = world.sink.connect(it.peer);
      session?.mail({ sender: it.sender, recipients: [it.recipient], envelopeId: it.sender });
      await session?.data(it.text);
      return session?.close();
    }
    case 'ours':
      for (const message of [...world.submitter.sent, ...world.injector.sent].slice(-3)) {
        const text = `Received: from ${it.header} by ${it.header}\r\n${message.text}`;
        const spoilt = { ...message, text: it.spoilt ? withOtherTokens(text) : text };
        for (let time = 0; time < it.times; time += 1) {
          await world.sink.deliver(spoilt);
          world.mailbox.deliver(spoilt);
        }
      }
      return;
    case 'vanished':
      return world.sink.connect(it.peer)?.close();
    case 'sink-refusal':
      return world.sink.listener?.refused(it.reason);
    case 'mail':
      world.mailbox.deliver({ text: it.text }, it.folder);
      return;
    case 'mailbox-down':
      world.mailbox.failure = new MailboxError(it.code, it.text);
      await world.clock.advance(20);
      world.mailbox.failure = null;
      return;
    case 'check':
      for (const checker of checkers)
        checker.answer = () =>
          it.down
            ? { kind: 'down', stage: 'connect', code: it.code, text: it.text }
            : { kind: 'inconclusive', reason: it.text };
      return;
    case 'order':
      return void (await engine.check(it.provider, 'send').catch((error: unknown) => {
        if (!(error instanceof UnknownRoute)) throw error;
      }));
  }
}
