/** The host's clocks, in a process that is stopped and goes on: what came meanwhile was read late, and says so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.ts';

const CLOCK = fileURLToPath(new URL('../../../src/adapters/system/clock.ts', import.meta.url));
/** Says when it is ready, then answers each line with the error of a reading. */
const PROGRAM = `
  import { systemClock } from ${JSON.stringify(CLOCK)};
  const clock = systemClock();
  process.stdin.on('data', () => console.log(clock.now().errorUs));
  setTimeout(() => console.log('ready'), 200);
`;

it('bounds the error of a reading by the time the process was stopped', async () => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  await pause(50);
  child.stdin.write('now\n');
  await pause(500);
  const answer = once(child.stdout, 'data') as Promise<[Buffer]>;
  child.kill('SIGCONT');
  const [errorUs] = await answer;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
  expect(Number(errorUs.toString())).toBeGreaterThan(450_000);
});

it('knows at its first reading after it that the host slept, and seldom asks', () => {
  const monoSeconds = (): number => Number(process.hrtime.bigint()) / 1e9;
  let [asked, sleptSeconds] = [0, 0];
  const uptime = (): number => {
    asked += 1;
    return monoSeconds() + sleptSeconds;
  };
  const clock = systemClock({ uptime, wallMs: () => Date.now() + sleptSeconds * 1000 });
  const readings = Array.from({ length: 100 }, () => clock.now().suspendedMs);
  expect(Math.max(...readings)).toBeLessThan(10);
  expect(asked).toBeLessThan(10);
  sleptSeconds = 3600;
  expect(Math.abs(clock.now().suspendedMs - 3_600_000)).toBeLessThan(10);
  clock.close();
});
