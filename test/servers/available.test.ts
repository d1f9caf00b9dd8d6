/** Proves that a suite without its tool is never taken for one that ran. */
import { describe, expect, test } from 'vitest';
import {
  ALERTMANAGER,
  CHROMIUM,
  MAIL_SERVERS,
  MOUNTS,
  NETWORKS,
  PROMETHEUS,
  PROMTOOL,
  SYSTEMD,
  suiteFate,
} from './available.ts';

const missing = { available: false, reason: 'it is not there' } as const;

describe('a suite that needs a tool', () => {
  test('runs where the tool is, in CI and elsewhere', () => {
    expect(suiteFate('suite', { available: true }, {})).toEqual({ kind: 'run' });
    expect(suiteFate('suite', { available: true }, { CI: '1' })).toEqual({ kind: 'run' });
  });

  test('is skipped with a notice where it is not', () => {
    expect(suiteFate('suite', missing, {})).toEqual({ kind: 'skip', notice: 'SKIPPED: suite: it is not there' });
  });

  test('fails in CI where it is not', () => {
    const error = 'CI must run "suite", and cannot: it is not there';
    expect(suiteFate('suite', missing, { CI: 'true' })).toEqual({ kind: 'fail', error });
  });

  test.each([ALERTMANAGER, CHROMIUM, MAIL_SERVERS, MOUNTS, NETWORKS, PROMETHEUS, PROMTOOL, SYSTEMD])(
    'says in one line what is missing of $name',
    (tool) => {
      const found = tool.check();
      expect(found.available ? 'nothing' : found.reason).toMatch(/^.+$/);
    },
  );
});
