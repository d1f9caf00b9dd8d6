/** What is known of one mail transaction while it runs. */
import type { SMTPServerAddress, SMTPServerSession } from 'smtp-server';
import type { SinkSteps } from '../../domain/probe.ts';
import type { SinkTransaction } from '../../ports.ts';
import { ENVELOPE_ID_LENGTH_MAX } from './limits.ts';
import type { Transfer } from './session-clock.ts';

/** Code of a transaction that the peer ended. */
const GONE = 0;

export class Transaction {
  readonly #facts: Omit<SinkTransaction, 'recipients' | 'steps'>;
  #steps: SinkSteps;
  readonly #recipients = new Set<string>();
  #refusal = GONE;

  constructor(
    peer: string,
    { steps, ...transfer }: Transfer & { readonly steps: SinkSteps },
    { address: sender }: SMTPServerAddress,
    session: SMTPServerSession,
  ) {
    this.#steps = steps;
    const envelopeId = session.envelope.dsn?.envid ?? null;
    this.#facts = {
      ...transfer,
      peer,
      helo: session.hostNameAppearsAs,
      tls: session.secure,
      sender,
      envelopeId: envelopeId !== null && envelopeId.length <= ENVELOPE_ID_LENGTH_MAX ? envelopeId : null,
    };
  }

  /** The peer's first RCPT, or its DATA, `seconds` after the accept. */
  reached(step: 'rcpt' | 'data', seconds: number): void {
    this.#steps = { ...this.#steps, [step]: this.#steps[step] ?? seconds };
  }

  /** A recipient that is ours. The others are not kept: they say nothing of a probe. */
  named(recipient: string): void {
    this.#recipients.add(recipient);
  }

  refused(code: number): void {
    this.#refusal = code;
  }

  /** What ended it if nothing else is known: our refusal if that left the peer no recipient, else the peer went away. */
  get code(): number {
    return this.#recipients.size === 0 ? this.#refusal : GONE;
  }

  seen(): SinkTransaction {
    return { ...this.#facts, steps: this.#steps, recipients: [...this.#recipients] };
  }
}
