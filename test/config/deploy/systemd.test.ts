/** The systemd unit is accepted by systemd, gives the agent little, and fits the configuration that its comment asks for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EXIT_NOT_NOW, EXIT_PART_DIED, EXIT_UNSOUND, EXIT_USAGE } from '../../../src/cli/exit.ts';
import { launch } from '../../cli/launch.ts';
import { describeWith, SYSTEMD } from '../../servers/available.ts';
import { checkAsGiven, secretsAskedFor, textOf, yamlOf } from './manifests.ts';

const NAME = 'mailflow-probe.service';
const UNIT = textOf(NAME);
/** Tenths. systemd calls up to 2 `OK` and over 9 `UNSAFE`; what is left of ours is the network, which it lives by. */
const EXPOSURE_MAX = 20;

/** Values of a setting, in order, those that are commented out left out. */
const valuesOf = (key: string): readonly string[] =>
  UNIT.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));

/** The unit as a file whose program exists here, so that systemd can find fault with everything else. */
function installed(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mfp-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, NAME);
  writeFileSync(file, text.replace('ExecStart=mailflow-probe ', 'ExecStart=/bin/true '));
  return file;
}

function analyze(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, said: stdout + stderr };
}

describeWith(SYSTEMD, NAME, () => {
  test('is accepted by systemd without a word', () => {
    expect(analyze('verify', installed(UNIT))).toEqual({ status: 0, said: '' });
  });

  test('would be found fault with for a setting that does not exist', () => {
    const { said } = analyze('verify', installed(UNIT.replace('ProtectClock=', 'ProtectClocks=')));
    expect(said).toMatch(/Unknown key.* 'ProtectClocks'/);
  });

  test('is exposed little', () => {
    const { status, said } = analyze('security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, installed(UNIT));
    expect({ status, said }).toMatchObject({ status: 0 });
  });
});

describe('the unit', () => {
  /** The block of the comment that is indented as YAML. */
  const asked = yamlOf<Record<string, unknown>>(
    UNIT.split('\n')
      .filter((line) => /^# {3}( *)(- )?\w+:/.test(line))
      .map((line) => line.slice('#   '.length))
      .join('\n'),
  );
  const credentials = valuesOf('LoadCredential').map((value) => value.split(':')[0]!);

  test('asks for keys that the configuration has, and gives it the secrets that it names', async () => {
    const provider = (asked['providers'] as Record<string, object>[])[0]!;
    const complete = {
      ...asked,
      sink: { ...(asked['sink'] as object), hostname: 'probe.example.net' },
      providers: [
        {
          name: 'acme',
          submission: { host: 'smtp.acme.example', username: 'probe', ...provider['submission'] },
          mailbox: {
            host: 'imap.acme.example',
            username: 'probe',
            address: 'probe@acme.example',
            ...provider['mailbox'],
          },
        },
      ],
    };
    const given = { secretsFolder: `/run/credentials/${NAME}`, secrets: credentials, environment: [] };
    const result = await checkAsGiven(JSON.stringify(complete), given);
    expect(result).toMatchObject({ ok: true, settings: { sink: { listen: { port: 25 } } } });
    expect(secretsAskedFor(asked).files).toEqual(new Set(credentials));
    for (const value of valuesOf('LoadCredential')) expect(basename(value)).toBe(value.split(':')[0]);
  });

  test('keeps the ledger where it may write, and may listen on the port of the sink', () => {
    expect(asked['data_folder']).toBe(`/var/lib/${valuesOf('StateDirectory')[0]}`);
    expect(valuesOf('AmbientCapabilities')).toEqual(['CAP_NET_BIND_SERVICE']);
    expect(valuesOf('CapabilityBoundingSet')).toEqual(['CAP_NET_BIND_SERVICE']);
  });

  test('has words that the command line knows, and ends with 3 where there is no configuration', async () => {
    const [command] = valuesOf('ExecStart');
    const [program, ...words] = command!.split(' ');
    expect(program).toBe('mailflow-probe');
    const { ended } = await launch(words.map((word) => word.replace('/etc/mailflow-probe/', '/nonexistent/')));
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: EXIT_USAGE,
      stderr: expect.stringContaining('/nonexistent/mailflow-probe.yml'),
    });
  });

  test('starts the agent again whenever that helps, and not when a person has to look', () => {
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    const prevented = valuesOf('RestartPreventExitStatus').flatMap((value) => value.split(' '));
    expect(prevented).toEqual([String(EXIT_USAGE)]);
    for (const code of [EXIT_UNSOUND, EXIT_PART_DIED, EXIT_NOT_NOW]) expect(prevented).not.toContain(String(code));
    expect(valuesOf('StartLimitIntervalSec')).toEqual(['0']);
    // A second daemon on the folder starts for ever: it must not fill the journal, nor take the first one's processor.
    expect(Number(valuesOf('RestartSec')[0])).toBeGreaterThanOrEqual(10);
  });
});
