/** When things happened to each probe, as its packets have it: the truth that the agent's own readings are compared with. */
import type { Account } from '../servers/dovecot.ts';
import type { Conversation, Flow } from './capture.ts';

/** Wall time in microseconds throughout. What was not found on the wire is missing. */
export interface WireTruth {
  /** The final dot, from the agent to the provider, and the 250 to it. */
  readonly dotUs: number;
  readonly acceptedUs: number;
  /**
   * MAIL FROM to our sink. On a connection's first transaction less the time our sink had owed the peer a reply by then, as
   * measurement.md has it: the peer had its message in hand when it connected.
   */
  readonly mailFromUs?: number;
  /** The end of the first FETCH response that holds the message. */
  readonly fetchedUs?: number;
}

export interface ServerPorts {
  readonly providers: readonly number[];
  readonly sink: number;
  readonly imap: number;
}

/** An id of ours is the first half of its token. */
const MESSAGE_ID = /^Message-ID: <([a-z2-7]{16})[a-z2-7]{16}@/gim;

/** By the probe's id. Those alone that a provider took. */
export function truthsOf(conversations: readonly Conversation[], ports: ServerPorts): ReadonlyMap<string, WireTruth> {
  const handovers = conversations.filter(({ serverPort }) => ports.providers.includes(serverPort)).flatMap(handoverOf);
  const transfers = conversations.filter(({ serverPort }) => serverPort === ports.sink).flatMap(transfersOf);
  const fetches = conversations.filter(({ serverPort }) => serverPort === ports.imap).flatMap(fetchesOf);
  const [mailFrom, fetched] = [firstOf(transfers), firstOf(fetches)];
  return new Map(
    handovers.map(({ id, dotUs, acceptedUs }) => {
      const [mailFromUs, fetchedUs] = [mailFrom.get(id), fetched.get(id)];
      const truth: WireTruth = {
        ...{ dotUs, acceptedUs },
        ...(mailFromUs === undefined ? {} : { mailFromUs }),
        ...(fetchedUs === undefined ? {} : { fetchedUs }),
      };
      return [id, truth];
    }),
  );
}

/** One look: when its LIST was sent, and the UIDNEXT of INBOX that it was answered. */
export interface WireLook {
  readonly atUs: number;
  readonly uidNext: number;
}

/** Those that were answered in the account's mailbox, in their order. */
export function looksOf(
  conversations: readonly Conversation[],
  imapPort: number,
  { username, password }: Account,
): readonly WireLook[] {
  const plain = Buffer.from(`\0${username}\0${password}`).toString('base64');
  return conversations
    .filter(
      ({ serverPort, client }) => serverPort === imapPort && [plain, username].some((it) => client.text.includes(it)),
    )
    .flatMap(({ client, server }) => {
      const answers = [...server.text.matchAll(/^\* STATUS INBOX \(UIDNEXT (\d+)/gm)];
      const lists = [...client.text.matchAll(/^\S+ LIST .*STATUS/gm)];
      // One after the other on a connection.
      return lists.flatMap(({ index }, order) => {
        const uidNext = answers[order]?.[1];
        return uidNext === undefined ? [] : [{ atUs: client.atUs(index), uidNext: Number(uidNext) }];
      });
    })
    .toSorted((one, other) => one.atUs - other.atUs);
}

interface Dated {
  readonly id: string;
  readonly atUs: number;
}

function firstOf(events: readonly Dated[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { id, atUs } of events) first.set(id, Math.min(atUs, first.get(id) ?? Number.POSITIVE_INFINITY));
  return first;
}

/** The agent sends one message on each connection. */
function handoverOf({ client, server }: Conversation) {
  const [message] = client.text.matchAll(MESSAGE_ID);
  if (message === undefined) return [];
  const dot = client.text.indexOf('\r\n.\r\n', message.index);
  const go = /^354 .*\r\n/m.exec(server.text);
  if (dot < 0 || go === null) return [];
  const reply = go.index + go[0].length;
  if (!server.text.startsWith('250', reply)) return [];
  return [{ id: message[1]!, dotUs: client.atUs(dot + '\r\n.\r\n'.length - 1), acceptedUs: server.atUs(reply) }];
}

/** Each message that Postfix brought on one connection to the sink. */
function transfersOf(conversation: Conversation): readonly Dated[] {
  const { client } = conversation;
  const transfers: Dated[] = [];
  let [mailAt, id, isData, isFirst]: [number, string | null, boolean, boolean] = [-1, null, false, true];
  for (const { 0: line, index } of client.text.matchAll(/.*\r\n/g)) {
    if (!isData && /^MAIL FROM:/i.test(line)) mailAt = index;
    else if (!isData && /^DATA\r/i.test(line)) isData = true;
    else if (isData && line === '.\r\n') {
      const readUs = client.atUs(mailAt);
      if (id !== null) transfers.push({ id, atUs: isFirst ? readUs - owedUs(conversation, readUs) : readUs });
      [id, isData, isFirst] = [null, false, false];
    } else if (isData) id ??= /^Message-ID: <([a-z2-7]{16})[a-z2-7]{16}@/i.exec(line)?.[1] ?? null;
  }
  return transfers;
}

/** For how long the server kept the client waiting before `untilUs`, its banner included. */
function owedUs({ beganUs, client, server }: Conversation, untilUs: number): number {
  const steps = [
    ...client.packets.map(({ atUs }) => ({ atUs, isReply: false })),
    ...server.packets.map(({ atUs }) => ({ atUs, isReply: true })),
  ].toSorted((one, other) => one.atUs - other.atUs);
  let sinceUs: number | null = beganUs;
  let owed = 0;
  for (const { atUs, isReply } of steps) {
    if (atUs >= untilUs) break;
    if (isReply && sinceUs !== null) owed += atUs - sinceUs;
    sinceUs = isReply ? null : (sinceUs ?? atUs);
  }
  return owed;
}

/** Every response that holds a Message-ID of ours, once it had come in whole. */
function fetchesOf({ server }: Conversation): readonly Dated[] {
  return [...server.text.matchAll(MESSAGE_ID)].map(({ 1: id, index }) => ({ id: id!, atUs: endOf(server, index) }));
}

function endOf(server: Flow, index: number): number {
  const end = server.text.indexOf('\r\n)\r\n', index);
  return server.atUs(end < 0 ? index : end);
}
