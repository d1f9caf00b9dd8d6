/** What the page gets of a whole agent: nothing of it is wired to a fake. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/app.ts';
import { startDemo } from '../../src/demo/demo.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import type { ProbeLife } from '../../src/domain/probe-life.ts';
import type { ExclusionPreview } from '../../src/domain/report/exclusion-preview.ts';
import type { DelaySeries, StatusView } from '../../src/domain/status-view.ts';

test('the status comes live, with delays, lives and exclusions', async () => {
  const demo = await startDemo({
    delays: { send: 0, receive: 0, internal: 0 },
    every: 0.5,
    listen: { host: '127.0.0.1', port: 0 },
    log: createLog('error', 'test'),
  });
  onTestFinished(() => demo.close());
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${demo.agent.url}${path}`)).json()) as T;
  const post = async <T>(path: string, body: object): Promise<T> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${demo.agent.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.ok, path).toBe(true);
    return (await answer.json()) as T;
  };
  const until = async (isSo: (view: StatusView) => boolean): Promise<StatusView> => {
    for (;;) {
      const view = await get<StatusView>('/api/v1/status');
      if (isSo(view)) return view;
      await pause(100);
    }
  };

  const view = await until(
    ({ providers: [provider], recent }) =>
      provider?.endpoints.every(({ up }) => up === true) === true &&
      typeof provider.month?.judgedAt === 'string' &&
      recent.some(({ outcome, path }) => outcome === 'delivered' && path === 'internal'),
  );
  expect(view).toMatchObject({ acting: 'free', providers: [{ name: 'demo', paths: ['send', 'receive', 'internal'] }] });
  expect(view.providers[0]?.month?.clauses.map(({ terms }) => terms.id)).toContain('2a');

  const { id } = view.recent.find(({ outcome, path }) => outcome === 'delivered' && path === 'internal')!;
  const life = await get<ProbeLife>(`/api/v1/probes/${id}/life`);
  expect(life.events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['planned', 'accepted', 'seen']));

  const [from, to] = [Date.parse(view.at) - 60_000, Date.parse(view.at) + 60_000];
  const { buckets } = await get<DelaySeries>(`/api/v1/delays?path=internal&from=${from}&to=${to}`);
  expect(buckets.map(({ probe }) => probe)).toContain(id);

  const entered = { provider: 'demo', kind: 'agreed-maintenance', from, to, by: 'Li Wei' };
  const preview = await post<ExclusionPreview>('/api/v1/exclusions/preview', entered);
  expect(preview.now.map(({ id: clause }) => clause)).toEqual(preview.then.map(({ id: clause }) => clause));
  const exclusion = await post<Exclusion>('/api/v1/exclusions', entered);
  expect((await get<StatusView>('/api/v1/status')).providers[0]?.month?.exclusions).toEqual([exclusion]);

  const { body } = await fetch(`${demo.agent.url}/api/v1/events`);
  let text = '';
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (/event: probe\n[^]*event: status\n/.test(text)) break;
  }
  expect(text).toMatch(/^retry: \d+\n\nid: 1\nevent: status\n/);
});
