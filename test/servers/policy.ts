/** What the provider says to a recipient at RCPT, decided live in the test: Postfix asks over its policy protocol. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** The attributes of SMTPD_POLICY_README that tests look at. */
export interface PolicyRequest {
  readonly sender: string;
  readonly recipient: string;
  readonly client_address: string;
  /** Empty at the MX. */
  readonly sasl_username: string;
  readonly [attribute: string]: string;
}
/** An access(5) action: `DUNNO` to go on, `450 4.7.1 text`, `550 5.1.1 text`, `421 text` … */
export type Policy = (request: PolicyRequest) => string;

/** Which of the provider's doors a policy stands at. */
export type Service = 'mx' | 'submission';

export const letPass: Policy = () => 'DUNNO';

/** Refuses the first `attempts` tries of each client, sender and recipient with 450, as RFC 6647 describes; then lets pass. */
export function greylist(attempts: number): Policy {
  const tries = new Map<string, number>();
  return ({ client_address, sender, recipient }) => {
    const triplet = `${client_address}/${sender}/${recipient}`;
    const before = tries.get(triplet) ?? 0;
    tries.set(triplet, before + 1);
    return before < attempts ? '450 4.7.1 Greylisted, please try again later' : 'DUNNO';
  };
}

export interface PolicyServer {
  readonly port: number;
  /** From the next question on. */
  use(service: Service, policy: Policy): void;
  close(): Promise<void>;
}

export async function startPolicyServer(host: string): Promise<PolicyServer> {
  const policies: Record<Service, Policy> = { mx: letPass, submission: letPass };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    answer(socket, (request) => policies[request.sasl_username === '' ? 'mx' : 'submission'](request));
  });
  server.listen(0, host);
  await once(server, 'listening');
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the policy server has no TCP address');
  return {
    port: address.port,
    use(service, policy) {
      policies[service] = policy;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Requests are `name=value` lines ended by an empty one. */
function answer(socket: Socket, policy: Policy): void {
  let pending = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    pending += chunk;
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const lines = pending.slice(0, end).split('\n');
      pending = pending.slice(end + 2);
      const pairs = lines.map((line): [string, string] => {
        const equals = line.indexOf('=');
        return [line.slice(0, equals), line.slice(equals + 1)];
      });
      socket.write(`action=${policy(Object.fromEntries(pairs) as PolicyRequest)}\n\n`);
    }
  });
}
