import type { EmbeddingSide } from '#gpu-worker/embed/sentence-layout.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { currentExplanations } from './current-explanations.ts';
import { loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { loadEmbeddings, storeEmbeddings, textHash } from './text-embeddings.ts';
import { yieldNow } from './yield-now.ts';

const SLICE = 64;

/** Embeds the explanations of a batch of latents that nobody has embedded before. */
export function scoreTexts(services: WorkerServices): TaskHandler<'score.texts'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const embedder = await services.embedder();
    const explanations = await currentExplanations(services.pool, run, latents);
    const texts = new Map([...explanations.map(({ text }) => text), BLANK_EXPLANATION].map((text) => [textHash(text), text]));
    // An explanation is found by a search, as a document, and in its exam looks for windows, as a query.
    const sides = new Map<string, EmbeddingSide>([
      [embedder.id, 'document'],
      ...(embedder.queryId === embedder.id ? [] : [[embedder.queryId, 'query'] as const]),
    ]);
    const made = new Map<string, Map<string, Float32Array>>();
    let embeddedNow = 0;
    for (const [id, side] of sides) {
      const known = await loadEmbeddings(services.pool, id, [...texts.keys()]);
      const missing = [...texts].filter(([hash]) => !known.has(hash));
      const vectors = new Map<string, Float32Array>();
      for (let i = 0; i < missing.length; i += SLICE) {
        await yieldNow(context.signal);
        const slice = missing.slice(i, i + SLICE);
        const embedded = await embedder.embed(
          slice.map(([, text]) => text),
          side,
        );
        slice.forEach(([hash], j) => vectors.set(hash, embedded.slice(j * embedder.dimensions, (j + 1) * embedder.dimensions)));
        context.progress(Math.min(latents.length, latents.length - missing.length + vectors.size));
      }
      made.set(id, vectors);
      embeddedNow = Math.max(embeddedNow, vectors.size);
    }
    await context.commit(async (client) => {
      await storeEmbeddings(client, made);
      return { embedded: embeddedNow, reused: explanations.length - embeddedNow };
    });
  };
}
