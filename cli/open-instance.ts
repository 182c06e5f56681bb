import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { openDatabase, type Database } from '#platform/database/database.ts';
import { resolveInstance, type InstanceEnvironment } from '#platform/instance/instance.ts';
import { createLog, type Log } from '#platform/log/log.ts';

/** What a command works on: the instance in the data folder, or the one the environment names. */
export interface OpenInstance {
  environment: InstanceEnvironment;
  database: Database;
  log: Log;
}

/** Runs `work` on the instance and closes it again. Throws AppError `invalid_config` or `database_unavailable`. */
export async function withInstance<Result>(work: (instance: OpenInstance) => Promise<Result>, environment: Environment = loadEnvironment(process.env)): Promise<Result> {
  const resolved = resolveInstance(environment);
  const database = await openDatabase(resolved.databaseUrl);
  try {
    return await work({ environment: resolved, database, log: createLog({ name: 'atlas', level: resolved.logLevel }) });
  } finally {
    await database.close();
  }
}
