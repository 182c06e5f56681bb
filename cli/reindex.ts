import type { Command } from 'commander';
import { chooseEmbedder } from '#gpu-worker/embed/choose-embedder.ts';
import { createSearchEngine } from '#platform/search/create-search-engine.ts';
import { reindexAll } from '#platform/search/reindex.ts';
import { withInstance } from './open-instance.ts';
import { warn } from './warn.ts';

/** Between progress lines. */
const LINE_EVERY_MS = 2000;

/** Adds `reindex`: make the search index anew from Postgres. */
export function registerReindex(program: Command, print: (line: string) => void): void {
  program
    .command('reindex')
    .description('rebuild the search index (embedded, or Meilisearch with MEILI_URL) from the database; searches go on meanwhile')
    .action(() => reindex(print));
}

/** Rebuilds the index that the environment asks for and prints what went in. */
export async function reindex(print: (line: string) => void): Promise<void> {
  await withInstance(async ({ environment, database: { pool } }) => {
    const embedder = await chooseEmbedder(environment, warn);
    const engine = createSearchEngine({ ...environment, pool, dimensions: () => Promise.resolve(embedder.dimensions), vectorScan: null });
    let printedAt = performance.now();
    try {
      const { indexed, withoutVector, seconds } = await reindexAll({
        pool,
        engine,
        embedder: embedder.id,
        onProgress: (done, total) => {
          if (performance.now() - printedAt < LINE_EVERY_MS) return;
          printedAt = performance.now();
          print(`${done.toLocaleString('en')} of ${total.toLocaleString('en')} explanations`);
        },
      });
      const lacking = withoutVector === 0 ? '' : `; ${withoutVector.toLocaleString('en')} of them have no vector yet and are found by their words alone`;
      print(`Indexed ${indexed.toLocaleString('en')} explanations in ${seconds.toFixed(1)} s (${engine.name})${lacking}.`);
    } finally {
      await engine.close();
      await embedder.close();
    }
  });
}
