/** Spot checks asked of a daemon: the client against the real server, and against whatever else may answer in its place. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { remoteSpotChecker } from '../../../src/adapters/http/client.ts';
import { errorOf, type Served, serve } from './served.ts';

const TOKEN = 'correct-horse-battery-staple';
const ID = 'a'.repeat(16);
let closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

async function daemon(token: string | null = null): Promise<Served> {
  const served = await serve({ token });
  closing.push(() => served.close());
  return served;
}

/** Something else at the address. */
async function other(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The error's message; a bug's error class would be taken for a bug by the command line. */
async function failure(asked: Promise<unknown>): Promise<string> {
  const error = await errorOf(asked);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).constructor).toBe(Error);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

describe('the client of a daemon', () => {
  it.each([null, TOKEN])('starts a spot check and follows it, with token %s', async (token) => {
    const { server, world, awaited } = await daemon(token);
    const checker = remoteSpotChecker(server.url, token);
    const id = await checker.start('acme', 'send');
    expect(await checker.view(id, 0)).toMatchObject({ id, outcome: 'pending' });
    const settled = checker.view(id, 30_000);
    await awaited();
    await world.clock.advance(2);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect(await settled).toMatchObject({ id, outcome: 'delivered' });
  });

  it('takes a wait of a fraction of a millisecond', async () => {
    const { server, passing } = await daemon();
    const checker = remoteSpotChecker(server.url, null);
    const id = await checker.start('acme', 'send');
    expect(await passing(checker.view(id, 0.0001))).toMatchObject({ outcome: 'pending' });
  });

  it('passes on what the daemon refuses', async () => {
    const { server } = await daemon(TOKEN);
    const { url } = server;
    expect(await failure(remoteSpotChecker(url, null).start('acme', 'send'))).toBe(
      `the agent at ${url} answered 401: the bearer token is needed`,
    );
    expect(await failure(remoteSpotChecker(url, TOKEN).start('other', 'send'))).toMatch(
      `the agent at ${url} answered 404: no route other/send`,
    );
    expect(await failure(remoteSpotChecker(url, TOKEN).view(ID, 0))).toBe(
      `the agent at ${url} answered 404: no such probe`,
    );
  });

  it('says that the daemon is gone, before and while it waits', async () => {
    const { server, awaited } = await daemon();
    const checker = remoteSpotChecker(server.url, null);
    const id = await checker.start('acme', 'send');
    const waiting = failure(checker.view(id, 30_000));
    await awaited();
    await server.close();
    expect(await waiting).toMatch(`the agent at ${server.url} does not answer: `);
    expect(await failure(checker.view(id, 0))).toMatch(/does not answer: .*ECONNREFUSED/);
  });

  it.each<[string, number, string, string]>([
    ['a page', 200, '<html>welcome</html>', '<html>welcome</html>'],
    ['an error page', 502, '<html>Bad\r\n\tGateway\u001b[31m</html>', '<html>Bad Gateway [31m</html>'],
    ['nothing', 204, '', 'nothing'],
    ['half of it', 200, '{"id":"a', '{"id":"a'],
  ])('says what answered instead: %s', async (_what, status, body, said) => {
    const url = await other((_request, response) => response.writeHead(status).end(body));
    expect(await failure(remoteSpotChecker(url, null).start('acme', 'send'))).toBe(
      `the agent at ${url} answered ${status}: ${said}`,
    );
  });

  it.each(['null', '[]', '7', '{}', '{"id":7}'])('takes %s for no answer of an agent', async (body) => {
    const url = await other((_request, response) => response.writeHead(200).end(body));
    const said = `what answers at ${url} is no agent of this version`;
    expect(await failure(remoteSpotChecker(url, null).view(ID, 0))).toBe(said);
    expect(await failure(remoteSpotChecker(url, null).start('acme', 'send'))).toBe(said);
  });

  it('shows no probe of another version that lacks what is shown', async () => {
    const url = await other((_request, response) => response.writeHead(200).end('{"id":"x","outcome":"delivered"}'));
    expect(await failure(remoteSpotChecker(url, null).view(ID, 0))).toBe(
      `what answers at ${url} is no agent of this version`,
    );
  });

  it('follows no redirection with its token', async () => {
    const url = await other((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(await failure(remoteSpotChecker(url, TOKEN).start('acme', 'send'))).toBe(
      `the agent at ${url} answered 302: nothing`,
    );
  });

  it('takes an answer that is cut off, or has no end, for none', async () => {
    const cut = await other((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"id":');
      setImmediate(() => response.destroy());
    });
    expect(await failure(remoteSpotChecker(cut, null).view(ID, 0))).toMatch('does not answer: ');
    const endless = await other((_request, response) => {
      response.on('error', () => {});
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    expect(await failure(remoteSpotChecker(endless, null).view(ID, 0))).toMatch('more than 1048576 bytes');
  });

  it('does not wait for ever for a daemon that says nothing', async () => {
    const url = await other(() => {});
    expect(await failure(remoteSpotChecker(url, null).view(ID, 100))).toBe(
      `the agent at ${url} does not answer: silent for 5.1 s`,
    );
  });

  it.each(['', 'nonsense', 'ftp://127.0.0.1/'])('fails clearly on the address %s', async (url) => {
    expect(await failure(remoteSpotChecker(url, null).view(ID, 0))).toMatch(`the agent at ${url} does not answer: `);
  });
});
