/** The provider's certificate swapped under the running agent: what probes, checks and metrics say of it, and the way back. */
import { expect, it } from 'vitest';
import { exportLedger, openAgent } from '../../src/app.ts';
import { ENDPOINTS, type Endpoint } from '../../src/domain/endpoint.ts';
import type { LedgerEvent, ProbeHandedOver } from '../../src/domain/event.ts';
import { quiet } from '../adapters/sqlite/support.ts';
import { settingsFor } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { eventually } from './daemon.ts';
import { metric, order, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

/** What OpenSSL or Node say of each, on every protocol alike. */
const BAD = [
  ['expired', 'CERT_HAS_EXPIRED'],
  ['other-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['unknown-authority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
] as const;
/** A mailbox that failed is opened again after a second, doubled up to a minute. */
const PATIENCE_MS = 60_000;

describeWithServers('a certificate that is swapped under the running agent', () => {
  const suite = daemonSuite();
  const { closers } = suite;

  it.each([
    ['starttls', BAD],
    ['tls', BAD.slice(0, 1)],
  ] as const)(
    'fails at stage tls with its code on every server, and is good again without a restart (%s)',
    async (security, kinds) => {
      const folder = await suite.folder();
      const settings = {
        ...settingsFor(suite.provider, folder, { security }),
        connectivity: { every: 1, control: [suite.provider.imap] },
      };
      const agent = await openAgent(settings, { log: quiet, as: 'daemon' });
      closers.push(() => agent.close());
      const at = { url: agent.url! };
      const series = (name: string, endpoint: Endpoint) =>
        metric(at, `mailflow_${name}{provider="corp",endpoint="${endpoint}"}`);
      const all = async (name: string) => Promise.all(ENDPOINTS.map((endpoint) => series(name, endpoint)));
      const until = (what: string, name: string, holds: (value: number) => boolean) =>
        eventually(what, async () => ((await all(name)).every(holds) ? true : undefined), PATIENCE_MS);

      const probes: (readonly [string, string])[] = [];
      for (const [kind, code] of kinds) {
        await until('servers that are up', 'endpoint_up', (value) => value === 1);
        await until(
          'certificates that last',
          'tls_certificate_expiry_timestamp_seconds',
          (value) => value * 1000 > Date.now(),
        );
        // On its way through the swap: somebody must look for it.
        await suite.provider.holdQueue();
        const early = await order(at, 'internal');
        await eventually('its acceptance', async () =>
          (await view(at, early)).acceptedAt === null ? undefined : true,
        );
        await suite.provider.certificate(kind);
        await eventually(
          `checks that tell of a certificate that is ${kind}`,
          async () => (missingIn(await eventsIn(folder), code).length === 0 ? true : undefined),
          PATIENCE_MS,
        );
        await until('servers that are not up', 'endpoint_up', (value) => value === 0);
        await eventually(
          `a mailbox that cannot be watched for ${code}`,
          () => (agent.control.health().parts['mailbox corp']?.startsWith(`${code}: `) === true ? true : undefined),
          PATIENCE_MS,
        );
        const id = await order(at, 'internal');
        expect(await view(at, id, 20)).toMatchObject({ outcome: 'failed' });
        probes.push([id, code]);
        // What is not accepted is no certificate to rely on until some day.
        const expiry = await all('tls_certificate_expiry_timestamp_seconds');
        const relied = expiry.filter((value) => value * 1000 > Date.now());
        expect(kind === 'expired' ? relied : []).toEqual([]);
        await suite.provider.certificate('valid');
        expect(await view(at, early, 60)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
      }
      await until('servers that are up again', 'endpoint_up', (value) => value === 1);
      await eventually(
        'a mailbox that is watched again',
        () => (agent.control.health().ready ? true : undefined),
        PATIENCE_MS,
      );
      for (const path of ['send', 'receive', 'internal'] as const)
        expect(await view(at, await order(at, path), 20)).toMatchObject({ outcome: 'delivered' });
      await agent.close();

      const events = await eventsIn(folder);
      for (const [id, code] of probes) {
        const handedOver = events.find(
          (event): event is ProbeHandedOver => event.type === 'probe.handed-over' && event.probe === id,
        );
        expect(handedOver?.handover).toMatchObject({ kind: 'unreachable', stage: 'tls', code });
      }
    },
    180_000,
  );

  /** Servers of which no check says that they failed at their certificate in this way. */
  function missingIn(events: readonly LedgerEvent[], code: string): readonly Endpoint[] {
    const told = events.flatMap((event) => {
      if (event.type !== 'endpoint.checked' || event.result.kind !== 'down') return [];
      return event.result.stage === 'tls' && event.result.code === code ? [event.endpoint] : [];
    });
    return ENDPOINTS.filter((endpoint) => !told.includes(endpoint));
  }

  async function eventsIn(folder: string): Promise<readonly LedgerEvent[]> {
    const events: LedgerEvent[] = [];
    await exportLedger(folder, (line) => void events.push((JSON.parse(line) as { event: LedgerEvent }).event));
    return events;
  }
});
