/** An exclusion as `exclusion` prints it. */
import type { Exclusion } from '../domain/exclusion.ts';
import { isoText } from '../domain/time/instant.ts';
import { localText } from '../domain/time/local-time.ts';
import { plain } from './plain.ts';

/** One line, times by the clocks of the zone. */
export function exclusionLine(exclusion: Exclusion, zone: string): string {
  const { id, kind, provider, path, fromMs, toMs, by, evidence, note } = exclusion;
  const told = [`by ${by}`, ...(evidence === '' ? [] : [`evidence ${evidence}`]), ...(note === '' ? [] : [note])];
  const time = `${localText(fromMs, zone)} to ${localText(toMs, zone)}`;
  return plain(`${id}  ${provider}/${path ?? 'all paths'}  ${kind}  ${time}  ${told.join('; ')}`, LINE_LENGTH_MAX);
}
/** Three texts of 500 characters and what stands before them. */
const LINE_LENGTH_MAX = 2000;

/** For programs: times as RFC 3339 in UTC. */
export function exclusionView({ fromMs, toMs, ...rest }: Exclusion): Readonly<Record<string, string | null>> {
  return { ...rest, from: isoText(fromMs), to: isoText(toMs) };
}
