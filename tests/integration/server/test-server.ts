import { Writable } from 'node:stream';
import { afterAll } from 'vitest';
import type { Database } from '#platform/database/database.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import type { Actor, Role } from '#server/access/actor.ts';
import { createServer, type Server } from '#server/context.ts';

export const SITE = 'http://localhost:3000';

/** The site's server over a test's own database, with the real queue and the embedded search; its log is kept, not printed. */
export async function testServer(
  database: Database & { url: string },
  options: { embedder?: EmbedderClient; siteUrl?: string; workerUrl?: string } = {},
): Promise<Server & { lines: string[] }> {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const environment = {
    ...loadEnvironment({}),
    siteUrl: options.siteUrl ?? SITE,
    // Port 9, discard: nothing listens there.
    workerUrl: options.workerUrl ?? 'http://127.0.0.1:9',
    databaseUrl: database.url,
    workerSecret: 'w'.repeat(32),
    authSecret: 'a'.repeat(32),
  };
  const log = createLog({ name: 'test', level: 'debug', destination });
  const queue = createTaskQueue({ pool: database.pool, log });
  await queue.start();
  const search = createEmbeddedEngine({ pool: database.pool, vectorScan: null });
  await search.prepare();
  const server = createServer({ environment, log, database, search, embedder: options.embedder ?? null, queue });
  afterAll(async () => {
    await server.close();
    await queue.stop();
  });
  return { ...server, lines };
}

export const sessionOf = (role: Role): Actor => ({ kind: 'session', user: { id: `${role}-id`, name: role, email: `${role}@example.org`, role } });
