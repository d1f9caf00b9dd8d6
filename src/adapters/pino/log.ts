/** The log: one JSON line an entry on standard error, an error with its whole chain of causes. */
import { destination, pino } from 'pino';
import type { Log } from '../../ports.ts';

/** `name` marks every line. Writes at once, so that a crash loses none. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error', name: string): Log {
  const logger = pino(
    { level, name, serializers: { error: describeError }, base: null },
    destination({ fd: 2, sync: true }),
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

/** For commands that answer on the terminal: nothing below `error` disturbs them. */
export function quietLog(): Log {
  return createLog('error', 'mailflow-probe');
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}
