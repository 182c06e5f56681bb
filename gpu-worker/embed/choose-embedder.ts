import { fileURLToPath } from 'node:url';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import type { Endpoint } from '#platform/environment/environment.ts';
import { openEmbedder, type Embedder } from './embedder.ts';

/** The bundled sentence embedder. */
const EMBEDDER_DIR = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

/** The sentence embedder that the environment asks for: an OpenAI-compatible endpoint's, or the bundled one in this process. */
export async function chooseEmbedder(endpoint: Endpoint | null, options: { threads?: number } = {}): Promise<Embedder> {
  if (endpoint === null) return openEmbedder(EMBEDDER_DIR, options);
  const { id, dimensions, embed } = await openOpenAiEmbedder(endpoint);
  return {
    id,
    dimensions,
    embed: async (texts) => {
      const flat = new Float32Array(texts.length * dimensions);
      for (const [i, vector] of (await embed([...texts])).entries()) flat.set(vector, i * dimensions);
      return flat;
    },
    close: () => Promise.resolve(),
  };
}
