/** What the faults do that strike at a moment. The others are read where they matter, as long as they last. */
import { PATHS } from '../../src/domain/probe.ts';
import type { FakeSink } from '../fakes/fake-sink.ts';
import type { VirtualClock } from '../fakes/virtual-clock.ts';
import type { Disk } from './disk.ts';
import type { Draw } from './draw.ts';
import type { FaultKind } from './fault.ts';
import type { Host } from './host.ts';
import type { People } from './people.ts';
import type { Stretch } from './plan.ts';
import type { SimulatedProcess } from './process.ts';
import type { Provider } from './provider.ts';

/** What can be got at. */
export interface Scene {
  readonly clock: VirtualClock;
  readonly host: Host;
  readonly disk: Disk;
  readonly people: People;
  readonly providers: readonly Provider[];
  /** Those of now. */
  process(): SimulatedProcess | null;
  /** Our sink as everybody outside sees it; null where nothing answers. */
  readonly sink: () => FakeSink | null;
  stretch(): Stretch | null;
  /** The process is gone for a while; `afterwards` is what happens to its host meanwhile. */
  away(process: SimulatedProcess, ms: number, afterwards?: () => void): void;
  /** It has been without power for so long. */
  rebootHost(awayMs: number): void;
}
/** One fault that strikes while the agent runs. */
export interface Strike {
  readonly process: SimulatedProcess;
  readonly stretch: Stretch;
  readonly lengthMs: number;
  /** The same, but over before the agent's stretch is. */
  readonly withinMs: number;
  readonly draw: Draw;
}

/** Milliseconds that an orderly stop may take. */
export const STOP_PATIENCE = 10_000;

export const HAPPENINGS: Partial<Record<FaultKind, (scene: Scene, strike: Strike) => Promise<void> | void>> = {
  kill(scene, { process, lengthMs, draw }) {
    if (draw.chance(0.5)) return scene.away(process, lengthMs);
    process.killAtCall(draw.whole(1, 60), draw.chance(0.5), () => scene.away(process, lengthMs));
  },
  async stop(scene, { process, lengthMs }) {
    process.stop().catch(() => process.kill());
    await scene.clock.sleep(STOP_PATIENCE);
    if (scene.process() === process) scene.away(process, lengthMs);
  },
  reboot: (scene, { process, lengthMs }) => scene.away(process, lengthMs, () => scene.rebootHost(lengthMs)),
  'failing sink': (_, { process }) => process.sink.listener?.failed(new Error('sink cannot accept: ENOBUFS')),
  'torn write': ({ disk }, { draw }) => disk.armTear(draw),
  'held process': (_, { process, withinMs }) => process.hold(withinMs),
  suspend: (scene, strike) => asleep(scene, strike, () => scene.host.suspend()),
  'suspend under way': (scene, strike) => asleep(scene, strike, () => scene.host.suspend()),
  'frozen host': (scene, strike) => asleep(scene, strike, () => scene.host.freeze()),
  async 'disk full'({ disk, clock }, { lengthMs }) {
    disk.full = true;
    await clock.sleep(lengthMs);
    disk.full = false;
  },
  'clock steps': ({ host }, { draw }) =>
    host.stepWall(Math.round((draw.chance(0.5) ? 1 : -1) * draw.wide(50, 7_200_000))),
  strangers: visit,
  'mailbox lies'({ providers }) {
    for (const { mailbox } of providers) mailbox.hint();
  },
  // The sessions end with it, though nobody asks while it lasts.
  'mailbox disconnects'({ providers }) {
    for (const { mailbox } of providers) mailbox.disconnect();
  },
  'renumbered folder'({ providers }, { draw }) {
    for (const { mailbox } of providers) mailbox.renumber(draw.pick(['INBOX', 'INBOX', 'Junk', 'Lists']));
  },
  'renamed folder'({ providers, clock }, { draw }) {
    for (const { mailbox } of providers) mailbox.rename(draw.pick(['Junk', 'Lists']), `Old ${clock.passedUs}`);
  },
  exclusions: ({ people }, { lengthMs, draw }) => people.excludeSome(lengthMs, draw),
  async 'spot checks'({ clock, providers }, { process, draw }) {
    const engine = await Promise.race([process.engine.catch(() => null), clock.sleep(1000).then(() => null)]);
    const provider = providers[draw.whole(0, providers.length - 1)]?.name ?? 'acme';
    // Refused while the ledger is; never resolved if the agent is killed meanwhile.
    void engine?.check(provider, draw.pick(PATHS)).catch(() => null);
  },
};

async function asleep(scene: Scene, { stretch, withinMs }: Strike, begin: () => void): Promise<void> {
  begin();
  await scene.clock.sleep(withinMs);
  if (scene.stretch() === stretch) scene.host.resume();
}

/** Somebody who is no provider: looks for an open port, names a recipient, or writes, with a made-up token or without. */
async function visit({ clock, providers, sink }: Scene, { lengthMs, draw }: Strike): Promise<void> {
  // Whoever is outside meets the same closed port: one who got through would prove that a provider could.
  const session = sink()?.connect('198.51.100.7') ?? null;
  if (session === null) return;
  const does = draw.pick(['scan', 'name a recipient', 'forge', 'write']);
  const sender = 'someone@else.example';
  const recipients = [draw.pick(['probe-0@sink.example', 'probe-1@sink.example'])];
  if (does !== 'scan') session.mail({ sender, recipients, envelopeId: null });
  await clock.sleep(lengthMs);
  if (does === 'forge' || does === 'write') {
    const token = does === 'forge' ? 'a'.repeat(32) : '';
    const text = `From: ${sender}\r\nX-Mailflow-Probe: ${token}\r\n\r\n${token}\r\n`;
    for (const { mailbox } of providers) mailbox.deliver({ text });
    await session.data(text);
  }
  session.close();
}
