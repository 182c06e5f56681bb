import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import { LOCAL_MODEL, type EmbedderSetting, type Environment } from '#platform/environment/environment.ts';
import { locateEmbedder } from '#gpu-worker/hub/locate.ts';
import { openEmbedder, type Embedder } from './embedder.ts';

/** The bundled sentence embedder. */
const EMBEDDER_DIR = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

/**
 * The sentence embedder that the environment asks for: the bundled one, another in this process, or an OpenAI-compatible
 * endpoint's. `say` hears of what is fetched from the hub.
 */
export async function chooseEmbedder(
  { embedder, hub, dataDir, threads }: Pick<Environment, 'embedder' | 'hub' | 'dataDir' | 'threads'>,
  say: (sentence: string) => void,
): Promise<Embedder> {
  const options = threads === null ? {} : { threads };
  if (embedder === null) return openEmbedder(EMBEDDER_DIR, options);
  if (embedder.baseUrl !== LOCAL_MODEL) return embedderBehind(embedder);
  const { query, document } = embedder.prompts;
  const { dir } = await locateEmbedder(embedder.model, { cacheDir: join(dataDir, 'hub'), ...hub, say });
  return openEmbedder(dir, { ...options, prompts: { ...(query === null ? {} : { query }), ...(document === null ? {} : { document }) } });
}

async function embedderBehind(setting: EmbedderSetting): Promise<Embedder> {
  const prompts = { query: setting.prompts.query ?? '', document: setting.prompts.document ?? '' };
  const client = await openOpenAiEmbedder(setting);
  const plain = prompts.query === '' && prompts.document === '';
  const id = plain ? client.id : `${client.id}#${createHash('sha256').update(JSON.stringify(prompts)).digest('hex').slice(0, 8)}`;
  return {
    id,
    endpoint: new URL(setting.baseUrl).host,
    queryId: prompts.query === prompts.document ? id : `${id}?query`,
    dimensions: client.dimensions,
    embed: async (texts, side = 'document') => {
      const flat = new Float32Array(texts.length * client.dimensions);
      for (const [i, vector] of (await client.embed(texts.map((text) => prompts[side] + text))).entries()) flat.set(vector, i * client.dimensions);
      return flat;
    },
    close: () => Promise.resolve(),
  };
}
