import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '#platform/environment/environment.ts';

/**
 * Writes one JSON line per thing that happened: `log.info({ event: 'stage_finished', runId, ms })`. Ids, counts and
 * durations are fields; no sentence with values inside.
 */
export type Log = Logger;

/**
 * A log of the process called `name`, to standard output unless told otherwise. Every line has `time` (ISO 8601,
 * UTC), `process`, `level` (a word) and `event`; an error goes in the field `error` and is written with its cause.
 */
export function createLog({ name, level, destination }: { name: string; level: LogLevel; destination?: DestinationStream }): Log {
  const options = {
    level,
    base: { process: name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
