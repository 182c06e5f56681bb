import type { Command } from 'commander';
import { plural } from '#lib/format/number.ts';
import { takeDown } from '#gpu-worker/catalogue/take-down.ts';
import { takeDownPrompts } from '#gpu-worker/catalogue/take-down-prompts.ts';
import { chooseEmbedder } from '#gpu-worker/embed/choose-embedder.ts';
import { openArtifacts } from '#platform/artifacts/open-artifacts.ts';
import { createSearchEngine } from '#platform/search/create-search-engine.ts';
import { withInstance } from './open-instance.ts';
import { warn } from './warn.ts';

/** Adds `takedown`: make documents disappear from pages, API and search. */
export function registerTakedown(program: Command, print: (line: string) => void): void {
  program
    .command('takedown')
    .description(
      'make documents, and every explanation made from them, disappear from pages, API and search, and delete for good the prompts to language models that hold their text',
    )
    .argument('<documents...>', 'their keys, as examples name them')
    .requiredOption('--text <slug>', 'the text that they are part of, as the run’s configuration names it')
    .option('--reason <words>', 'why, for the record', 'takedown')
    .action((documents: string[], options: { text: string; reason: string }) => takedown(documents, options, print));
}

/** Takes documents down in the instance that the environment names, and prints what that changed. */
export async function takedown(documents: readonly string[], { text, reason }: { text: string; reason: string }, print: (line: string) => void): Promise<void> {
  await withInstance(async ({ environment, database: { pool } }) => {
    const embedder = await chooseEmbedder(environment, warn);
    const search = createSearchEngine({ ...environment, pool, dimensions: () => Promise.resolve(embedder.dimensions), vectorScan: null });
    try {
      await search.prepare();
      const { added, blocks, latents, withheld, removed, replaced } = await takeDown({ pool, search, embedder: embedder.id }, { text, documents, reason });
      print(
        `Taken down: ${plural(added, 'document')} of ${documents.length}${blocks > 0 ? ` with ${plural(blocks, 'block')}` : ''}${added < documents.length ? '; the others were before' : ''}.`,
      );
      print(
        latents === 0
          ? 'No example holds a window of them. Their keys are kept: should a later run read them, they stay hidden. Is each spelt as examples name it?'
          : `Their windows are shown no more among the examples of ${plural(latents, 'latent')}.`,
      );
      print(
        `Of this text ${plural(withheld, 'explanation')} made from documents taken down are withheld: ${plural(removed, 'latent')} left the search index, ${plural(replaced, 'latent')} are found by another explanation. Runs of the coder explain them anew.`,
      );
      const { read, deleted, gone } = await takeDownPrompts({ pool, artifacts: openArtifacts(environment.artifactsDir, environment.s3) }, { text, documents });
      print(
        `Of ${plural(read, 'kept prompt')} of runs on this text ${deleted} held theirs and ${deleted === 1 ? 'is' : 'are'} deleted for good, with the answers.`,
      );
      if (gone > 0)
        print(
          `${plural(gone, 'data set')} of earlier runs ${gone === 1 ? 'is' : 'are'} not there any more: of those, prompts were looked for by the windows in examples alone.`,
        );
    } finally {
      await search.close();
      await embedder.close();
    }
  });
}
