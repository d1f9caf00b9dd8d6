/** Places of `src` broken on purpose, to see that the oracle notices: a simulation that finds nothing wrong with these is worth nothing. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

export interface Mutant {
  readonly name: string;
  /** More than one where one place makes good for the other. */
  readonly places: readonly Place[];
  /** What it does to the agent. */
  readonly why: string;
}

export interface Place {
  /** From the project's folder. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'late-twice',
    places: [
      {
        file: 'src/domain/delay/delay-average.ts',
        from: 'const certain = lossesCount ? [...delivered, ...lost] : delivered;',
        to: 'const late = delivered.filter(({ lo }) => lo > 60);\n  const certain = [...delivered, ...late, ...(lossesCount ? lost : [])];',
      },
    ],
    why: 'late mail is counted twice in the average',
  },
  {
    name: 'sink-outage-charged',
    places: [
      {
        file: 'src/domain/timeline.ts',
        from: "if (record.path === 'send') return unseenFrom(state, record, since);",
        to: "if (record.path === 'send') return record;",
      },
    ],
    why: 'while our sink is away the provider is charged with what it could not transfer',
  },
  {
    name: 'poll-response-as-proof',
    places: [
      {
        file: 'src/engine/mailbox-watcher.ts',
        from: 'if (proves) this.#lastLook = look.sentAt;',
        to: 'if (proves) this.#lastLook = clock.now();',
      },
    ],
    why: 'absence is proven by when the answer came, not by when it was asked',
  },
  {
    name: 'failed-look-as-proof',
    places: [
      {
        file: 'src/engine/mailbox-watcher.ts',
        from: 'const look = await mailbox.look();',
        to: 'const look = await mailbox.look().catch(() => ({ sentAt: clock.now(), folders: [] }));',
      },
    ],
    why: 'a look that failed proves absence all the same',
  },
  {
    name: 'one-breach-is-enough',
    places: [
      {
        file: 'src/domain/delay/delay-verdict.ts',
        from: 'const counted = verdictOf(breaches, terms.breachesFrom - 1);',
        to: 'const counted = verdictOf(breaches, terms.breachesFrom - 2);',
      },
    ],
    why: 'the maximum counts as missed one breach too early',
  },
  {
    name: 'planned-after-send',
    places: [
      {
        file: 'src/engine/prober.ts',
        from: "await recorder.record([{ type: 'probe.planned', at, probe: id, provider, path, kind, sender: from, recipient }]);",
        to: "void clock.sleep(50).then(() => recorder.note({ type: 'probe.planned', at, probe: id, provider, path, kind, sender: from, recipient }));",
      },
    ],
    why: 'a message leaves before its plan is durable',
  },
  {
    name: 'doubt-forgotten',
    places: [
      {
        file: 'src/domain/timeline.ts',
        from: "const doubted = path === 'send' && state.doubts.has(provider);",
        to: "const doubted = path === 'send' && state.doubts.size < 0;",
      },
    ],
    why: 'a provider that remembers our sink as down is charged with its memory',
  },
  {
    name: 'last-copy-counts',
    places: [
      {
        file: 'src/domain/timeline.ts',
        from: 'capture: record.capture ?? { earliest, latest, found: null, hops },',
        to: 'capture: { earliest, latest, found: null, hops },',
      },
      {
        file: 'src/engine/sink-collector.ts',
        from: 'if (record.capture !== null) {',
        to: 'if (record.capture === undefined) {',
      },
    ],
    why: 'a message that comes twice has the delay of its second copy',
  },
  {
    name: 'unproven-downtime-proven',
    places: [
      {
        file: 'src/domain/availability/run.ts',
        from: "return kind === 'down' && checks >= CHECKS_TO_PROVE;",
        to: "return kind !== 'up' && checks >= CHECKS_TO_PROVE;",
      },
    ],
    why: 'failed checks prove downtime though our own line was down',
  },
  {
    name: 'throttling-as-failure',
    places: [
      {
        file: 'src/domain/probe.ts',
        from: 'if (TOO_MUCH.test(text)) return true;',
        to: 'if (refusal.code >= 0) return false;',
      },
    ],
    why: 'what was refused since we sent too fast is a failure of the provider',
  },
  {
    name: 'suspend-not-widened',
    places: [
      {
        file: 'src/domain/time/instant.ts',
        from: 'const suspended = Math.abs(asleepMs) > SUSPEND_RESOLUTION_MS;',
        to: 'const suspended = Math.abs(asleepMs) < 0;',
      },
    ],
    why: 'time that the host slept is not in any interval',
  },
  {
    name: 'stopped-time-trusted',
    places: [
      {
        file: 'src/domain/timeline.ts',
        from: 'const unwatched = unwatchedSince === null ? [] : foldSinkGap(state, event, unwatchedSince);',
        to: 'const unwatched: readonly ProbeRecord[] = unwatchedSince === null ? [] : [];',
      },
    ],
    why: 'nothing is widened by the time in which the agent did not run',
  },
  {
    name: 'silence-as-proof',
    places: [
      {
        file: 'src/engine/sink-collector.ts',
        from: 'if (!silenced) return;',
        to: 'return;',
      },
    ],
    why: 'a sink that nobody could reach proves absence',
  },
  {
    name: 'line-not-watched',
    places: [
      {
        file: 'src/engine/engine.ts',
        from: 'createLineWatch(options.connectivity.control,',
        to: 'createLineWatch(null,',
      },
    ],
    why: 'what a provider tried while our own line was down is taken for its delay',
  },
  {
    name: 'greeting-forgotten',
    places: [
      {
        file: 'src/domain/availability/run-fold.ts',
        from: "return run.kind === 'up' ? { ...stretch, run: { ...run, toMs: deepMs } } : stretch;",
        to: 'return { ...stretch, run: { ...run, toMs: Math.max(run.toMs, deepMs) } };',
      },
    ],
    why: 'kept sessions show a server to be up that lets nobody in any more',
  },
  {
    name: 'unset-clock-trusted',
    places: [
      {
        file: 'src/domain/time/instant.ts',
        from: 'return clockSettlesIn(instant) <= 0;',
        to: 'return clockSettlesIn(instant) < Number.POSITIVE_INFINITY;',
      },
    ],
    why: 'a wall clock counts as right from the first second of a boot',
  },
  {
    name: 'frozen-host-not-widened',
    places: [
      {
        file: 'src/domain/time/instant.ts',
        from: 'if (stepped && Math.abs(wall) > Math.abs(total) && wall * total >= 0) {',
        to: 'if (stepped && Math.abs(wall) < 0) {',
      },
    ],
    why: 'time that a frozen host slept through is in no interval',
  },
  {
    name: 'unknown-networks-ignored',
    places: [
      {
        file: 'src/engine/sink-peers.ts',
        from: 'if (said === null) return !clients.some(({ networks }) => isInNetworks(address, networks));',
        to: 'if (said === null) return false;',
      },
      {
        file: 'src/engine/sink-peers.ts',
        from: 'isInNetworks(address, networks) || met.get(provider)?.has(address) === true;',
        to: 'isInNetworks(address, networks);',
      },
    ],
    why: 'of a provider whose networks are not configured no connection counts that broke off',
  },
  {
    name: 'failed-trips-forgotten',
    places: [
      {
        file: 'src/domain/availability/round-trips.ts',
        from: 'suspect ||= !delivered;',
        to: 'suspect ||= suspect && !delivered;',
      },
    ],
    why: 'failed probes leave no time open in which the service may have been down',
  },
  {
    name: 'other-recipients-count',
    places: [
      {
        file: 'src/domain/record.ts',
        from: 'const [gravest] = statuses.filter(({ recipient }) => recipient === null || isRecipientOf(record, recipient));',
        to: 'const [gravest] = statuses;',
      },
    ],
    why: 'a report on another recipient fails the probe',
  },
  {
    name: 'free-words-fail',
    places: [
      {
        file: 'src/domain/mail/bounce.ts',
        from: "return grade === '2' ? 'delivered' : 'unclear';",
        to: "return grade === '2' ? 'delivered' : 'failed';",
      },
    ],
    why: 'what a mailer says and nobody can read fails the probe',
  },
  {
    name: 'unclear-notice-as-proof',
    places: [
      {
        file: 'src/domain/absence.ts',
        from: "return record.notice?.action === 'unclear' ? record.absentUntil : missingUntil(record, absence);",
        to: 'return missingUntil(record, absence);',
      },
    ],
    why: 'a message counts as under way though a notice that nobody can read may have been its bounce',
  },
  {
    name: 'later-fate-counts',
    places: [
      {
        file: 'src/domain/availability/round-trip.ts',
        from: 'endedMs(record) < finalMs ? record : awaitedAt(record, finalMs);',
        to: 'endedMs(record) < finalMs ? record : record;',
      },
    ],
    why: 'what becomes of a probe once a month is final counts for that month',
  },
];

export function mutantNamed(name: string): Mutant | null {
  return MUTANTS.find((mutant) => mutant.name === name) ?? null;
}

/** The file's text with the mutant in it. Throws if its place is not there exactly once. */
export function mutated(name: string, { file, from, to }: Place, text: string): string {
  const places = text.split(from).length - 1;
  if (places !== 1)
    throw new Error(`the place of mutant ${name} must stand in ${file} exactly once, stands there ${places} times`);
  return text.replace(from, () => to);
}

/**
 * Modules that are loaded from now on in this process have the mutant in them; nothing on the disk is changed.
 * Call what is returned once everything is loaded: it throws if a place was not, or was already before.
 */
export function applyMutant({ name, places }: Mutant): () => void {
  const missing = new Map<string, string>();
  for (const place of places) {
    const url = new URL(`../../${place.file}`, import.meta.url);
    missing.set(url.href, mutated(name, place, missing.get(url.href) ?? readFileSync(url, 'utf8')));
  }
  registerHooks({
    load(loading, context, nextLoad) {
      const loaded = nextLoad(loading, context);
      const source = missing.get(loading);
      missing.delete(loading);
      // As written: types are stripped after this.
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
  return () => {
    if (missing.size > 0) throw new Error(`mutant ${name} did not get into ${[...missing.keys()].join(', ')}`);
  };
}
