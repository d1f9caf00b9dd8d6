/** A process that only sends ends by itself: no socket and no timer of a handover outlives it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { submission } from './fixtures.ts';
import { close, refuse, reset, type Script, silence, startScriptedServer } from './scripted-server.ts';

/** Far longer than a start of Node and a message take; nodemailer's own timers are longer. */
const PATIENCE_MS = 20_000;
const run = promisify(execFile);
const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Sends to `port` and, told to, gives up when the connection stands. */
const program = (port: number, gaveUp: boolean) => `
  import { createSubmitter } from ${url('../../../src/adapters/smtp-client/sender.ts')};
  import { systemClock } from ${url('../../../src/adapters/system/clock.ts')};
  const abort = new AbortController();
  const sender = createSubmitter(${JSON.stringify(submission({ port }))}, systemClock());
  const message = { sender: 'a@b.test', recipient: 'c@d.test', text: 'Subject: probe\\r\\n\\r\\nbody\\r\\n', envelopeId: 'x' };
  const onStage = (stage) => stage === 'greeting' && ${gaveUp} && setTimeout(() => abort.abort(), 20);
  const { kind, code } = await sender.send(message, onStage, abort.signal);
  process.stdout.write(kind + ' ' + code);
`;

test.each<[string, Script]>([
  ['accepted undefined', {}],
  ['refused 550', { on: { rcpt: refuse('550 5.1.1 nobody') } }],
  ['unreachable CONNECTION_LOST', { on: { data: close } }],
  ['uncertain CONNECTION_LOST', { on: { dot: reset } }],
  ['unreachable ABORTED', { on: { greeting: silence } }],
])('nothing is left after a handover that ended %s', { timeout: PATIENCE_MS }, async (outcome, script) => {
  const server = await startScriptedServer(script);
  try {
    const code = program(server.port, outcome.endsWith('ABORTED'));
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { timeout: PATIENCE_MS / 2 });
    expect(stdout).toBe(outcome);
    await server.deserted();
  } finally {
    await server.stop();
  }
});
