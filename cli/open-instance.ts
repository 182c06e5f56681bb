import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { openDatabase, type Database } from '#platform/database/database.ts';
import type { InstanceEnvironment } from '#platform/instance/instance.ts';
import { startInstance } from '#platform/instance/start-instance.ts';
import { createLog, type Log } from '#platform/log/log.ts';

/** What a command works on: the instance in the data folder, or the one the environment names. */
export interface OpenInstance {
  environment: InstanceEnvironment;
  database: Database;
  log: Log;
}

/**
 * Runs `work` on the instance and closes it again. A stopped instance, or a folder that never had one, gets its database
 * for as long as that takes. Throws AppError `invalid_config` or `database_unavailable`.
 */
export async function withInstance<Result>(
  work: (instance: OpenInstance) => Promise<Result>,
  surroundings: Environment = loadEnvironment(process.env),
): Promise<Result> {
  const log = createLog({ name: 'atlas', level: surroundings.logLevel });
  const { environment, postgres } = await startInstance(surroundings, log.child({}, { level: 'warn' }));
  try {
    const database = await openDatabase(environment.databaseUrl);
    try {
      return await work({ environment, database, log });
    } finally {
      await database.close();
    }
  } finally {
    if (postgres?.started) await postgres.stop();
  }
}
