/** The log: one JSON line an entry on standard error, an error with its whole chain of causes, no secret in any of it. */
import { destination, pino, stdTimeFunctions } from 'pino';
import type { Log } from '../../ports.ts';
import { fitLine } from './line.ts';

/** Bytes kept while standard error takes none, such as on a full disk; what comes after them is dropped. */
const BACKLOG_BYTES_MAX = 1_048_576;
/** A chain of causes is a few errors long; one that is longer is a circle. */
const CAUSES_MAX = 8;

type Fields = Readonly<Record<string, unknown>>;

/**
 * `name` marks every line, and whichever of `secrets` would stand in one is left out. Never throws, whatever the fields hold. Writes at
 * once, so that a crash loses none: whoever reads standard error through a pipe and stops reading holds everything up.
 */
export function createLog(
  level: 'debug' | 'info' | 'warn' | 'error',
  name: string,
  secrets: readonly string[] = [],
): Log {
  const stream = destination({ fd: 2, sync: true, maxLength: BACKLOG_BYTES_MAX });
  // A log that cannot be written has nowhere to say so, and measuring goes on.
  stream.on('error', () => {});
  const formatters = { level: (label: string) => ({ level: label }) };
  const options = { level, base: { name }, timestamp: stdTimeFunctions.isoTime, formatters };
  const logger = pino(options, { write: (line: string) => void stream.write(fitLine(line, secrets)) });
  return {
    debug: (message, fields) => logger.debug(describeFields(fields), message),
    info: (message, fields) => logger.info(describeFields(fields), message),
    warn: (message, fields) => logger.warn(describeFields(fields), message),
    error: (message, fields) => logger.error(describeFields(fields), message),
  };
}

function describeFields(fields: Fields = {}): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, describe(value, CAUSES_MAX)]));
}

/** What JSON would make `{}` of. */
function describe(value: unknown, depth: number): unknown {
  if (!(value instanceof Error)) return value;
  if (depth === 0) return value.message;
  const { name, message, stack, cause } = value;
  return {
    name,
    message,
    ...('code' in value ? { code: value.code } : {}),
    stack,
    ...(cause === undefined ? {} : { cause: describe(cause, depth - 1) }),
    ...(value instanceof AggregateError ? { errors: value.errors.map((each) => describe(each, depth - 1)) } : {}),
  };
}
