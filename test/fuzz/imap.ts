/** Fuzzes the IMAP client: answers of a server, bent by chance, at one of the steps that the watcher takes. */
import fc from 'fast-check';
import { createMailbox } from '../../src/adapters/imap/mailbox.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { BODY_BYTES_MAX, type Clock, type FolderState, HEADER_BYTES_MAX, MailboxError } from '../../src/ports.ts';
import { type Stage, startHostileServer } from '../adapters/imap/hostile-server.ts';
import { settingsFor, silentLog } from '../adapters/imap/support.ts';
import { TOKEN } from './mail-samples.ts';
import { fuzzValues, must } from './surface.ts';
import { cook, recipes } from './texts.ts';

const INBOX: FolderState = { path: 'INBOX', role: 'inbox', uidValidity: '17', uidNext: 8 };
/** Deadlines are minutes, and a server that has been bent often says nothing more. */
const HURRY = 1500;
const ANSWER_MAX = 262_144;
const STAGES: readonly Stage[] = ['greeting', 'CAPABILITY', 'LOGIN', 'LIST', 'STATUS', 'EXAMINE', 'SELECT', 'UID'];
const FOLDERS_MAX = 10_000;
/** As servers write them; `TAG` stands for the command's tag. */
const ANSWERS = [
  'TAG OK done\r\n',
  '* LIST (\\HasNoChildren) "/" INBOX\r\n* STATUS INBOX (UIDNEXT 8 UIDVALIDITY 17)\r\nTAG OK done\r\n',
  '* LIST (\\Junk) "/" {4}\r\na"b]\r\n* STATUS {4}\r\na"b] (UIDNEXT 1 UIDVALIDITY 3)\r\nTAG OK done\r\n',
  '* 2 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 17] valid\r\n* OK [UIDNEXT 8] next\r\nTAG OK [READ-ONLY] done\r\n',
  `* 1 FETCH (UID 5 BODY[HEADER.FIELDS (X-MAILFLOW-PROBE)]<0> "Message-ID: <${TOKEN}@x>")\r\nTAG OK done\r\n`,
  `* 1 FETCH (BODY[HEADER]<0> {52}\r\nX-Mailflow-Probe: ${TOKEN}\r\n UID 6 FLAGS (\\Seen))\r\nTAG OK done\r\n`,
  '* 1 FETCH (UID 7 BODY[TEXT]<0> NIL)\r\n* VANISHED 1:4\r\nTAG OK done\r\n',
  '* OK [CAPABILITY IMAP4rev1 IDLE UIDPLUS LIST-STATUS] ready\r\n',
  'TAG NO [UNAVAILABLE] later\r\n',
  '* BYE going down\r\n',
];
const PIECES = [
  ...[
    '* ',
    'TAG ',
    'TAG OK\r\n',
    'OK ',
    'NO ',
    'BAD ',
    'BYE ',
    '+ \r\n',
    '\r\n',
    '\r',
    '\n',
    '\0',
    '"',
    '\\',
    '(',
    ')',
  ],
  ...[
    '[',
    ']',
    '<',
    '>',
    '{',
    '}',
    '{3}\r\nabc',
    '{0}\r\n',
    '{65536}\r\n',
    '{4294967296}\r\n',
    '~{3}\r\nabc',
    '{-1}\r\n',
  ],
  ...[
    'NIL',
    '4294967295',
    '-1',
    '0',
    'UID 5 ',
    'BODY[HEADER]<0> ',
    'BODY[',
    'FLAGS (',
    '* 5 EXISTS\r\n',
    '* 1 EXPUNGE\r\n',
  ],
  ...[
    'INBOX',
    '&',
    '&AAA-',
    '&2D0-',
    '\xff',
    '* LIST () NIL ""\r\n',
    '* LIST () "/" "../../etc"\r\n',
    'x'.repeat(1000),
  ],
];

const clock = systemClock();
const hurried: Clock = { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms / HURRY, signal) };

export const fuzzImap = fuzzValues(
  fc.record({ stage: fc.constantFrom(...STAGES), recipe: recipes, hangsUp: fc.boolean() }),
  async ({ stage, recipe, hangsUp }) => {
    const answer = cook(recipe, ANSWERS, PIECES, ANSWER_MAX);
    const server = await startHostileServer(stage, (socket, tag) => {
      const bytes = Buffer.from(answer.replaceAll('TAG', tag), 'latin1');
      if (hangsUp) socket.end(bytes);
      else socket.write(bytes);
    });
    const mailbox = createMailbox(settingsFor(server), ['probe@sink.test'], {
      clock: hurried,
      random: systemRandom,
      log: silentLog,
    });
    try {
      await failsAsMailbox(mailbox.open(() => {}));
      const look = await failsAsMailbox(mailbox.look());
      must((look?.folders.length ?? 0) <= FOLDERS_MAX, 'a look has folders without end');
      for (const { uidNext, uidValidity } of look?.folders ?? [])
        must(uidNext < 2 ** 32 && uidNext >= 0 && /^\d{1,10}$/.test(uidValidity), `UIDNEXT is ${uidNext}`);
      const fetched = await failsAsMailbox(mailbox.fetch(INBOX, 1, 8));
      for (const { uid, header, body } of fetched?.messages ?? []) {
        must(uid >= 1 && uid < 8, `UID ${uid} was not asked for`);
        must(header.length <= HEADER_BYTES_MAX && body.length <= BODY_BYTES_MAX, 'more was kept than was asked for');
      }
      must(
        new Set(fetched?.messages.map(({ uid }) => uid)).size === (fetched?.messages.length ?? 0),
        'a UID came twice',
      );
      await failsAsMailbox(mailbox.remove(INBOX, [3]));
    } finally {
      await mailbox.close();
      await server.close();
    }
    const deleting = server.commands.filter((each) => /\b(?:EXPUNGE|CLOSE|UNSELECT|STORE|MOVE|DELETE)\b/.test(each));
    const asked = ['UID STORE 3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 3'];
    must(
      deleting.every((command) => asked.includes(command)),
      `it sent ${deleting.join(', ')}`,
    );
  },
);

/** Undefined where it failed as a mailbox may, in words that are fit for a log; any other failure is thrown. */
async function failsAsMailbox<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    must(/^[^\p{Cc}]{1,600}$/u.test(error.message), `a failure says ${JSON.stringify(error.message)}`);
    return undefined;
  }
}
