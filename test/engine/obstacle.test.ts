/** What whoever asks for a probe that is not seen is told: also where that is our own fault. */
import { expect, it } from 'vitest';
import { viewProbe } from '../../src/domain/probe-view.ts';
import { MailboxError } from '../../src/ports.ts';
import { type RunningAgent, running } from '../fakes/running-agent.ts';

async function toldOf({ engine }: RunningAgent, id: string) {
  return viewProbe((await engine.probe(id))!).error;
}

/** Returns how it comes back. */
function breakSink({ sink }: RunningAgent): () => void {
  const open = sink.open.bind(sink);
  sink.open = async () => {
    throw new Error('the port must be free');
  };
  sink.listener!.failed(new Error('no descriptor is left'));
  return () => {
    sink.open = open;
  };
}

it('names our ledger, sink and line on the way to the sink, and nothing where all is well', async () => {
  let down = false;
  const control = { healthy: async () => !down };
  const made = await running({ reachability: 'assumed', connectivity: { everySeconds: 60, checks: [], control } });
  const id = await made.probe('send');
  expect(await toldOf(made, id)).toBeNull();
  down = true;
  made.ledger.failure = new Error('the disk must have room');
  const comeBack = breakSink(made);
  await made.clock.advance(60);
  expect(await toldOf(made, id)).toBe(
    'our ledger: the disk must have room; our sink: the port must be free; our line: no neutral host can be reached',
  );
  down = false;
  made.ledger.failure = null;
  comeBack();
  await made.clock.advance(120);
  expect(await toldOf(made, id)).toBeNull();
  await made.stop();
});

it('names our ledger and the mailbox on the way to one, and not the sink', async () => {
  const made = await running({ reachability: 'assumed' });
  const id = await made.probe('receive');
  made.mailbox.failure = new MailboxError('AUTHENTICATIONFAILED', 'login refused');
  made.ledger.failure = new Error('the disk must have room');
  const comeBack = breakSink(made);
  await made.clock.advance(60);
  expect(await toldOf(made, id)).toBe('our ledger: the disk must have room; AUTHENTICATIONFAILED: login refused');
  made.ledger.failure = null;
  comeBack();
  await made.clock.advance(60);
  expect(await toldOf(made, id)).toBe('AUTHENTICATIONFAILED: login refused');
  await made.stop();
});
