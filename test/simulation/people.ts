/** People who enter and take back exclusions, by a command beside the agent. */
import type { LedgerEvent } from '../../src/domain/event.ts';
import { EXCLUSION_KINDS, type Exclusion, type ExclusionKind } from '../../src/domain/exclusion.ts';
import { PATHS, type Path } from '../../src/domain/probe.ts';
import type { VirtualClock } from '../fakes/virtual-clock.ts';
import type { Disk } from './disk.ts';
import type { Draw } from './draw.ts';
import type { Host } from './host.ts';

/** Milliseconds: a login may be ten minutes old when the agent stops, and the first check comes within a cell of its start. */
const EXCLUDED_BEFORE = 660_000;
const EXCLUDED_AFTER = 180_000;
/** Milliseconds after which somebody whose command failed tries again. */
const AGAIN_AFTER = 60_000;

export class People {
  readonly #clock: VirtualClock;
  readonly #host: Host;
  readonly #disk: Disk;
  readonly #providers: readonly string[];
  #exclusions = 0;

  constructor(clock: VirtualClock, host: Host, disk: Disk, providers: readonly string[]) {
    this.#clock = clock;
    this.#host = host;
    this.#disk = disk;
    this.#providers = providers;
  }

  /** The agent was away for so long, and comes back now: agreed beforehand with every provider. */
  async excludeAbsence(ms: number): Promise<void> {
    const { wallMs } = this.#host;
    const fromMs = Math.round(wallMs - ms - EXCLUDED_BEFORE);
    for (const provider of this.#providers)
      await this.#exclude(provider, 'agreed-maintenance', null, fromMs, wallMs + EXCLUDED_AFTER);
  }

  /** Some time around now, of some kind; now and then it is taken back. */
  async excludeSome(lengthMs: number, draw: Draw): Promise<void> {
    const provider = this.#providers[draw.whole(0, this.#providers.length - 1)] ?? 'acme';
    const fromMs = Math.round(this.#host.wallMs - draw.between(0, 2) * lengthMs);
    const path = draw.chance(0.5) ? null : draw.pick(PATHS);
    const kind = draw.pick(EXCLUSION_KINDS);
    const id = await this.#exclude(provider, kind, path, fromMs, Math.round(fromMs + lengthMs));
    if (draw.chance(0.7)) return;
    await this.#clock.sleep(draw.wide(120_000, 3_600_000));
    await this.#enter({ type: 'exclusion.retracted', at: this.#host.now(), id, by: 'Li Wei', note: '' });
  }

  async #exclude(
    provider: string,
    kind: ExclusionKind,
    path: Path | null,
    fromMs: number,
    toMs: number,
  ): Promise<string> {
    this.#exclusions += 1;
    const count = this.#exclusions.toString(32).replaceAll(/[0189]/g, 'x');
    const id = `exclusion${count.padStart(7, 'a')}`;
    const exclusion: Exclusion = { id, kind, provider, path, fromMs, toMs, by: 'Li Wei', evidence: '', note: '' };
    await this.#enter({ type: 'exclusion.added', at: this.#host.now(), exclusion });
    return id;
  }

  async #enter(event: LedgerEvent): Promise<void> {
    while (this.#disk.full) await this.#clock.sleep(AGAIN_AFTER);
    this.#disk.append([event]);
  }
}
