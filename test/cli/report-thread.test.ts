/** Reports off the measuring thread: what they say, how many at once, and what happens when the thread dies or is closed. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { createReportThread, type ReportThread } from '../../src/app/report-thread.ts';
import { VERSION } from '../../src/app.ts';
import { loadContract } from '../../src/cli/contracts.ts';
import { loadSettings } from '../../src/cli/settings.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { ExclusionPreview } from '../../src/domain/report/exclusion-preview.ts';
import type { DelaySeries } from '../../src/domain/status-view.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import {
  DELAYS_MAX,
  REPORT_FORMATS,
  REPORT_LANGUAGES,
  REPORTS_MAX,
  type RenderedReport,
  type ReportRequest,
  TooBusy,
} from '../../src/ports.ts';
import { opened } from '../adapters/sqlite/support.ts';
import { run } from '../servers/command.ts';
import { MONTH, type MonthLedger, monthLedger } from './month-ledger.ts';

/** Several processes a test. */
vi.setConfig({ testTimeout: 120_000 });

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const JSON_OF_IT: ReportRequest = { month: MONTH, format: 'json', language: 'en' };

async function threadOf({ config, folder }: MonthLedger): Promise<ReportThread> {
  const { settings } = await loadSettings(config, 'write-nothing');
  const held = await Promise.all(
    settings.providers.map(async ({ name, contract }) => ({
      provider: name,
      contract: await loadContract(contract, config),
    })),
  );
  const now = () => ({ wallMs: NOW_MS, monoUs: 0 });
  const thread = createReportThread({ folder, held, version: VERSION }, { now } as never);
  onTestFinished(() => thread.close());
  return thread;
}
/** Without the moment it was made at: all that the ledger holds is of 2025. */
const timeless = (text: string): string =>
  text.replaceAll(/20(?!25)\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?/g, 'NOW').replace(/"nowMs":\d+/, '"nowMs":0');

test('each format and language says what the command prints', async () => {
  const ledger = await monthLedger({ everySeconds: 3600 });
  const thread = await threadOf(ledger);
  for (const format of REPORT_FORMATS)
    for (const language of format === 'json' ? (['en'] as const) : REPORT_LANGUAGES) {
      const rendered = await thread.rendered({ month: MONTH, format, language });
      const { stdout } = await run([
        'report',
        '-c',
        ledger.config,
        '--month',
        MONTH,
        '--format',
        format,
        '--lang',
        language,
      ]);
      const printed = format === 'json' ? JSON.stringify(JSON.parse(stdout)) : stdout;
      expect(
        timeless(new TextDecoder('utf-8', { ignoreBOM: true }).decode(rendered?.body)),
        `${format} ${language}`,
      ).toBe(timeless(printed));
      expect(rendered?.policy === null, 'only a page has a policy').toBe(format !== 'html');
    }
});

test('who asks for the same at the same time shares one evaluation; more than eight different ones are refused', async () => {
  const thread = await threadOf(await monthLedger({ everySeconds: 3600 }));
  const [one, other] = await Promise.all([thread.rendered(JSON_OF_IT), thread.rendered(JSON_OF_IT)]);
  expect(one).not.toBeNull();
  expect(other).toBe(one);
  expect(await thread.rendered(JSON_OF_IT)).not.toBe(one);
  const many = Array.from({ length: REPORTS_MAX + 1 }, (_, index) => ({ ...JSON_OF_IT, month: `199${index}-01` }));
  const asking = many.map((request) => thread.rendered(request));
  await expect(asking.at(-1)).rejects.toThrow('at most 8 reports can be made at once');
  expect(await Promise.all(asking.slice(0, -1))).toEqual(Array(REPORTS_MAX).fill(null));
  expect(await thread.rendered({ ...JSON_OF_IT, month: '9000-01' }), 'has not begun').toBeNull();
  expect(await thread.rendered({ ...JSON_OF_IT, month: null }), 'runs, and nothing is known of it').toBeNull();
});

test('a thread that dies fails the request, and the next one starts another', async () => {
  const empty = await monthLedger(null);
  const thread = await threadOf(empty);
  await expect(thread.rendered(JSON_OF_IT)).rejects.toThrow('the report thread must run until it is closed');
  await (await opened(empty.folder)).close();
  expect(await thread.rendered(JSON_OF_IT)).toBeNull();
});

test('to close it ends an evaluation under way, and nothing is started after that', async () => {
  const thread = await threadOf(await monthLedger({ everySeconds: 3600 }));
  const asked = thread.rendered(JSON_OF_IT);
  await thread.close();
  expect(await asked).toBeNull();
  expect(await thread.rendered(JSON_OF_IT)).toBeNull();
});

const series = { provider: 'acme', path: 'send', ...monthRange(MONTH, 'Asia/Shanghai'), points: 100 } as const;
const entered: Omit<Exclusion, 'id'> = {
  ...{ kind: 'agreed-maintenance', provider: 'acme', path: null, by: 'Li Wei', evidence: '', note: '' },
  ...series,
};
const read = (rendered: RenderedReport | null): unknown => JSON.parse(new TextDecoder().decode(rendered?.body));

test('delays over time come as JSON, held against the contract’s maximum, and shared as reports are', async () => {
  const ledger = await monthLedger({ everySeconds: 3600 });
  const thread = await threadOf(ledger);
  const [one, other] = await Promise.all([thread.delays(series), thread.delays({ ...series })]);
  expect(one?.contentType).toBe('application/json; charset=utf-8');
  expect(other).toBe(one);
  const direct = await opened(ledger.folder);
  expect(read(one)).toEqual(
    JSON.parse(JSON.stringify(await direct.delays({ ...series, maximumSeconds: 3600, nowMs: NOW_MS }))),
  );
  expect((read(one) as DelaySeries).buckets.length).toBeGreaterThan(50);
  const many = Array.from({ length: DELAYS_MAX + 1 }, (_, index) => thread.delays({ ...series, points: 10 + index }));
  const report = thread.rendered(JSON_OF_IT);
  await expect(many.at(-1)).rejects.toThrow(
    new TooBusy('at most 4 series of delays can be made at once: try again in a minute'),
  );
  expect(await report, 'has room beside them').not.toBeNull();
  await Promise.all(many.slice(0, -1));
});

test('an exclusion is previewed for the month in which it ends, and for the one that runs if it reaches there', async () => {
  const ledger = await monthLedger({ everySeconds: 3600 });
  const thread = await threadOf(ledger);
  const preview = async (change: Partial<typeof entered>) =>
    read(await thread.preview({ kind: 'added', exclusion: { ...entered, ...change } })) as ExclusionPreview;
  const of = await preview({});
  expect(of.month).toBe(MONTH);
  expect(of.then).not.toEqual(of.now);
  const running = '2026-01';
  expect((await preview({ toMs: entered.toMs + 1 })).month).not.toBe(MONTH);
  expect((await preview({ toMs: NOW_MS })).month).toBe(running);
  expect((await preview({ fromMs: NOW_MS + 1e9, toMs: NOW_MS + 2e9 })).month, 'is to come').toBe(running);
  expect(await thread.preview({ kind: 'added', exclusion: { ...entered, provider: 'other' } })).toBeNull();
});
