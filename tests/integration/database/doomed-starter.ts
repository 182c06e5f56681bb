import { startEmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';

// A process for tests to kill: starts a database in the folder given, says so, and stays.
const server = await startEmbeddedPostgres({ folder: process.argv[2]!, password: 'p w/ä', throwaway: true });
process.stdout.write(`${server.port}\n`);
setInterval(() => undefined, 1000);
