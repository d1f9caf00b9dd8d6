/** Exclusions over HTTP: who may enter them, by which rules, and what is shown of them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { Inquiries, RenderedReport } from '../../../src/ports.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { NO_INQUIRIES, type Served, serve } from './served.ts';

let served: Served;
afterEach(() => served.close());

const TOKEN = 'correct-horse-battery-staple';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const ALL = '/api/v1/exclusions';
const PREVIEW = `${ALL}/preview`;
/** By the clocks of the contract's zone, which is China's. */
const SOUND = {
  ...{ provider: 'acme', path: null, kind: 'agreed-maintenance', from: '2026-11-03T02:00', to: '2026-11-03T03:00' },
  ...{ by: 'Li Wei', evidence: 'TICKET-7', note: '' },
};
const { from: _from, to: _to, ...SAID } = SOUND;
const ENTERED = {
  ...SAID,
  fromMs: Date.parse('2026-11-02T18:00:00Z'),
  toMs: Date.parse('2026-11-02T19:00:00Z'),
};

/** As the thread made it: not read on its way. */
const PREVIEWED = '{"month":"2026-11","now":[],"then":[]}';

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  served.get(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const list = async (query = ''): Promise<readonly Exclusion[]> =>
  ((await (await served.get(`${ALL}${query}`)).json()) as { exclusions: Exclusion[] }).exclusions;
const recorded = (type: 'exclusion.added' | 'exclusion.retracted') => served.world.ledger.events(type);

describe('an exclusion', () => {
  it('is entered, shown, and taken back', async () => {
    served = await serve({ contract: CONTRACT });
    const answer = await post(ALL, SOUND);
    expect(answer.status).toBe(201);
    const entered = (await answer.json()) as Exclusion;
    expect(entered).toEqual({ ...ENTERED, id: expect.stringMatching(/^[a-z2-7]{16}$/) });
    expect(recorded('exclusion.added')).toMatchObject([{ exclusion: entered }]);
    expect(await list()).toEqual([entered]);
    expect(served.board.view().providers[0]?.month?.exclusions).toEqual([entered]);
    const taken = await post(`${ALL}/${entered.id}/retract`, { by: 'Li Wei', note: ' a slip ' });
    expect([taken.status, await taken.json()]).toEqual([200, { id: entered.id }]);
    expect(recorded('exclusion.retracted')).toMatchObject([{ id: entered.id, by: 'Li Wei', note: 'a slip' }]);
    expect(await list()).toEqual([]);
    expect(served.board.view().providers[0]?.month?.exclusions).toEqual([]);
  });

  it('may leave out what has a default, and give its times with an offset or in milliseconds', async () => {
    served = await serve({ contract: CONTRACT });
    const { provider, kind, by } = SOUND;
    const times = { from: '2026-11-02T18:00:00Z', to: ENTERED.toMs };
    const answer = await post(ALL, { provider, kind, by, ...times });
    expect(await answer.json()).toMatchObject({ ...ENTERED, path: null, evidence: '', note: '' });
  });

  it('takes texts as long as the rules allow, in any script', async () => {
    served = await serve({ contract: CONTRACT });
    const long = '维'.repeat(500);
    expect((await post(ALL, { ...SOUND, by: long, evidence: long, note: long })).status).toBe(201);
    const huge = await post(ALL, { ...SOUND, note: 'x'.repeat(20_000) });
    expect(huge.status).toBe(413);
    expect(await huge.json()).toEqual({ error: 'a body must have at most 16384 bytes' });
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', null, /^provider must be one of acme, is missing$/],
    ['another provider', { ...SOUND, provider: 'other' }, /^provider must be one of acme, is "other"$/],
    ['no kind', { ...SOUND, kind: undefined }, /^kind must be text, is missing$/],
    ['an unknown kind', { ...SOUND, kind: 'holiday' }, /^kind must be one of agreed-maintenance, .* is "holiday"$/],
    ['a path that is a number', { ...SOUND, path: 7 }, /^path must be text, is 7$/],
    ['an unknown path', { ...SOUND, path: 'up' }, /^path must be one of send, receive, internal or none, is "up"$/],
    ['no end', { ...SOUND, to: undefined }, /^to must be text, is missing$/],
    ['a time beyond all', { ...SOUND, to: 1e300 }, /^to must be text, is 1e\+300$/],
    ['a time that is none', { ...SOUND, from: 'noon' }, /^from must be a time such as 2026-11-03T08:00 .* is "noon"$/],
    ['an end before its start', { ...SOUND, to: '2026-11-03T01:00' }, /^to must be after from, is /],
    [
      'nobody, and a note of two lines',
      { ...SOUND, by: ' ', note: 'a\nb' },
      /^by must not be empty; note must be one line without control characters, is "a\\nb"$/,
    ],
  ])('with %s is refused by the rule it breaks, and neither entered nor tried', async (_what, body, error) => {
    served = await serve({
      contract: CONTRACT,
      inquiries: { ...NO_INQUIRIES, preview: () => Promise.reject(new Error('asked')) },
    });
    for (const path of [ALL, PREVIEW]) {
      const answer = await post(path, body);
      expect(answer.status).toBe(400);
      expect(((await answer.json()) as { error: string }).error).toMatch(error);
    }
    expect(recorded('exclusion.added')).toEqual([]);
  });

  it('is not entered while the ledger takes nothing', async () => {
    served = await serve({ contract: CONTRACT });
    served.world.ledger.failure = new Error('disk full');
    const answer = await post(ALL, SOUND);
    served.world.ledger.failure = null;
    expect([answer.status, await answer.json()]).toEqual([503, { error: 'the ledger takes nothing now' }]);
    expect(await list()).toEqual([]);
  });

  it('cannot be entered where nothing is judged', async () => {
    served = await serve();
    expect((await post(ALL, SOUND)).status).toBe(400);
  });
});

describe('taking one back', () => {
  it('needs one in force, who and why', async () => {
    served = await serve({ contract: CONTRACT });
    const { id } = (await (await post(ALL, SOUND)).json()) as Exclusion;
    const retract = async (of: string, body: unknown): Promise<[number, unknown]> => {
      const answer = await post(`${ALL}/${of}/retract`, body);
      return [answer.status, ((await answer.json()) as { error?: unknown }).error];
    };
    const said = { by: 'Li Wei', note: 'a slip' };
    expect(await retract('b'.repeat(16), said)).toEqual([404, 'no such exclusion is in force']);
    expect(await retract(id, { by: '', note: '' })).toEqual([400, 'by must not be empty; note must say why, is empty']);
    expect(await retract(id, { by: 'Li Wei' })).toEqual([400, 'note must be text, is missing']);
    expect(recorded('exclusion.retracted')).toEqual([]);
    expect((await retract(id, said))[0]).toBe(200);
    expect((await retract(id, said))[0]).toBe(404);
    expect(recorded('exclusion.retracted')).toHaveLength(1);
  });

  it('works on one that was entered beside the agent', async () => {
    served = await serve({ contract: CONTRACT });
    const exclusion = { ...ENTERED, id: 'c'.repeat(16) } as unknown as Exclusion;
    await served.world.ledger.append([{ type: 'exclusion.added', at: served.world.clock.now(), exclusion }]);
    expect(await list()).toMatchObject([{ id: exclusion.id }]);
    expect((await post(`${ALL}/${exclusion.id}/retract`, { by: 'Li Wei', note: 'a slip' })).status).toBe(200);
    expect(await list()).toEqual([]);
  });
});

describe('the list', () => {
  it('is of all in force in their order, or of those that touch a month in the contract’s zone', async () => {
    served = await serve({ contract: CONTRACT });
    // November begins at 16:00 UTC the day before.
    await post(ALL, { ...SOUND, from: '2026-11-30T15:59:00Z', to: '2026-11-30T16:00:00Z', note: 'last' });
    await post(ALL, { ...SOUND, from: '2026-10-31T15:00:00Z', to: '2026-10-31T16:00:00Z', note: 'before' });
    await post(ALL, { ...SOUND, from: '2026-10-31T15:00:00Z', to: '2026-10-31T16:00:01Z', note: 'across' });
    const notes = async (query: string) => (await list(query)).map(({ note }) => note);
    expect(await notes('')).toEqual(['before', 'across', 'last']);
    expect(await notes('?month=2026-10')).toEqual(['before', 'across']);
    expect(await notes('?month=2026-11')).toEqual(['across', 'last']);
    expect(await notes('?month=2026-12')).toEqual([]);
    expect((await served.get(`${ALL}?month=november`)).status).toBe(400);
  });
});

describe('a preview', () => {
  it('is what was made of it, as it was made, and enters nothing', async () => {
    const asked: unknown[] = [];
    const rendered: RenderedReport = {
      ...{ contentType: 'application/json; charset=utf-8', policy: null },
      body: new TextEncoder().encode(PREVIEWED),
    };
    const inquiries: Inquiries = {
      ...NO_INQUIRIES,
      preview: async (entered) => {
        asked.push(entered);
        return rendered;
      },
    };
    served = await serve({ contract: CONTRACT, inquiries });
    const answer = await post(PREVIEW, SOUND);
    expect([answer.status, await answer.text()]).toEqual([200, PREVIEWED]);
    expect(asked).toEqual([{ kind: 'added', exclusion: ENTERED }]);
    expect(recorded('exclusion.added')).toEqual([]);
  });

  it('is also made of taking one back, which stays in force, and of none that is not', async () => {
    const asked: unknown[] = [];
    const body = new TextEncoder().encode(PREVIEWED);
    const preview: Inquiries['preview'] = async (change) => {
      asked.push(change);
      return { contentType: 'application/json; charset=utf-8', policy: null, body };
    };
    served = await serve({ contract: CONTRACT, inquiries: { ...NO_INQUIRIES, preview } });
    const entered = (await (await post(ALL, SOUND)).json()) as Exclusion;
    const answer = await post(`${ALL}/${entered.id}/retract/preview`, {});
    expect([answer.status, await answer.text()]).toEqual([200, PREVIEWED]);
    expect(asked).toEqual([{ kind: 'retracted', exclusion: entered }]);
    expect(await list()).toEqual([entered]);
    expect(recorded('exclusion.retracted')).toEqual([]);
    const none = await post(`${ALL}/${'b'.repeat(16)}/retract/preview`, {});
    expect([none.status, await none.json()]).toEqual([404, { error: 'no such exclusion is in force' }]);
  });

  it('is none where nothing is judged of the provider', async () => {
    served = await serve({ contract: CONTRACT });
    const answer = await post(PREVIEW, SOUND);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: 'nothing is judged of the provider, or its month is archived' },
    ]);
  });
});

describe('who may enter, try and take back', () => {
  const targets = [ALL, PREVIEW, `${ALL}/${'a'.repeat(16)}/retract`, `${ALL}/${'a'.repeat(16)}/retract/preview`];

  it('is who holds the token, wherever they ask from; anybody may read', async () => {
    served = await serve({ token: TOKEN, contract: CONTRACT });
    for (const path of targets) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        const answer = await post(path, SOUND, headers);
        expect([answer.status, answer.headers.get('www-authenticate')], path).toEqual([401, 'Bearer']);
      }
      // Whatever a browser says of the page: no page has the token but by whoever typed it in.
      expect([404, 201, 400], path).toContain(
        (await post(path, SOUND, { ...BEARER, 'sec-fetch-site': 'cross-site' })).status,
      );
    }
    expect(recorded('exclusion.added')).toHaveLength(1);
    expect((await served.get(ALL)).status).toBe(200);
  });

  it('is, without a token, who asks on loopback, and no page of another site', async () => {
    served = await serve({ contract: CONTRACT });
    for (const path of targets)
      for (const site of ['cross-site', 'same-site'])
        expect((await post(path, SOUND, { 'sec-fetch-site': site })).status, path).toBe(403);
    expect(recorded('exclusion.added')).toEqual([]);
    expect((await post(ALL, SOUND, { 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json+x'])(
    'gets nothing with a body of %s, which a page of another site can send unasked',
    async (type) => {
      served = await serve({ contract: CONTRACT });
      for (const path of targets) {
        const answer = await post(path, JSON.stringify(SOUND), { 'content-type': type });
        expect([answer.status, await answer.json()], path).toEqual([415, { error: 'a body must be application/json' }]);
      }
      expect(recorded('exclusion.added')).toEqual([]);
    },
  );

  it('cannot be asked for by a page of another site: it is told nothing that would let it', async () => {
    served = await serve({ token: TOKEN, contract: CONTRACT });
    for (const path of targets) {
      const answer = await served.get(path, {
        method: 'OPTIONS',
        headers: {
          ...{ origin: 'https://evil.example', 'access-control-request-method': 'POST' },
          'access-control-request-headers': 'authorization, content-type',
        },
      });
      expect(answer.status).toBe(404);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});
