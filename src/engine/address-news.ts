/** Tells the log of a submission server or an MX that answers at an address at which it never did since the agent started. */
import { type AddressesSeen, createAddressesSeen } from '../domain/addresses-seen.ts';
import type { Log } from '../ports.ts';
import type { RecorderListener } from './recorder.ts';

export function addressNews(log: Log): RecorderListener {
  const servers = new Map<string, AddressesSeen>();
  return (entries, changed) => {
    for (const { event } of entries) {
      if (event.type !== 'probe.handed-over' || event.handover.peer === null) continue;
      const record = changed.find(({ id }) => id === event.probe);
      if (record === undefined) continue;
      const { provider, path } = record;
      const endpoint = path === 'receive' ? 'mx' : 'submission';
      const key = `${endpoint} ${provider}`;
      const see = servers.get(key) ?? createAddressesSeen();
      servers.set(key, see);
      const now = event.handover.peer.replace(/:\d+$/, '');
      const before = see(now);
      if (before !== null) log.info('a server answers at another address', { provider, endpoint, before, now });
    }
  };
}
