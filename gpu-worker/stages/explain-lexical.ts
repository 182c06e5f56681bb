import { readDataSet, splitOf, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { contentKey, LEXICAL_EXPLAINER } from '#gpu-worker/activations/keys.ts';
import { buildBackground, type Background } from '#gpu-worker/explain/lexical/background.ts';
import { explainLexically } from '#gpu-worker/explain/lexical/explain.ts';
import type { LexicalWindow, TokenTable } from '#gpu-worker/explain/lexical/types.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { Example } from '#lib/example/schema.ts';
import { codeVersion } from '#platform/code-version.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { writeAttempts, type Attempt } from './explanation-attempts.ts';
import { insertExplanations, type NewExplanation } from './explanation-rows.ts';
import { refreshHeadlines } from './headlines.ts';
import { documentsOf, loadExamples, takenDownKey } from './load-examples.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Tokens of left context in the same row that a window's rule may look back on. */
export const CONTEXT_TOKENS = 8;

/** The lexical baseline's sentence and rule for a batch of latents, from train windows alone. */
export function explainLexical(services: WorkerServices): TaskHandler<'explain.lexical'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const { data, tokens, background } = await lexicalResources(services, run);
    const sampleKey = requireFact(run, 'sampleKey');
    const examples = await loadExamples(services.pool, run.coderId, sampleKey, latents);
    const keys = new Map(
      latents.map((latent) => [
        latent,
        contentKey({ explainer: LEXICAL_EXPLAINER, sample: sampleKey, ...takenDownKey(examples.get(latent)?.takenDown.train) }),
      ]),
    );
    const { rows: known } = await services.pool.query<{ latent: number; key: string }>(
      'SELECT latent_index AS latent, input_key AS key FROM explanations WHERE coder_id = $1 AND input_key = ANY($2) AND latent_index = ANY($3)',
      [String(run.coderId), [...new Set(keys.values())], latents],
    );
    const explained = new Set(known.filter(({ latent, key }) => keys.get(latent) === key).map(({ latent }) => latent));
    const explanations: NewExplanation[] = [];
    for (const [done, latent] of latents.entries()) {
      if (explained.has(latent)) continue;
      const shown = (examples.get(latent)?.examples ?? []).filter(({ split, kind }) => split === 'train' && kind === 'activating');
      // Takedowns may have left none: there is nothing to say then.
      if (shown.length === 0) continue;
      const { text, rule } = explainLexically({ windows: shown.map((example) => lexicalWindow(data, example)), background, tokens });
      explanations.push({
        coderId: run.coderId,
        latentIndex: latent,
        runId: run.id,
        method: 'lexical',
        explainer: LEXICAL_EXPLAINER,
        text,
        rule,
        provenance: { sampleKey, split: 'train', windows: shown.map(({ row, start }) => [row, start]), documents: documentsOf(shown), code: codeVersion() },
        inputKey: keys.get(latent) as string,
      });
      context.progress(done + 1);
      await yieldNow(context.signal);
    }
    const written = new Set([...explained, ...explanations.map(({ latentIndex }) => latentIndex)]);
    const attempts = latents.map((latent): Attempt => {
      const outcome: Attempt['outcome'] = written.has(latent)
        ? { inputKey: keys.get(latent) as string }
        : { cause: 'no_windows', message: 'No train window is left to learn from.' };
      return { latent, asked: 'lexical', method: 'lexical', reason: null, outcome };
    });
    await context.commit(async (client) => {
      await insertExplanations(client, explanations);
      await writeAttempts(client, run, attempts);
      await refreshHeadlines(client, run.coderId, latents);
      return { explained: explanations.length };
    });
  };
}

export interface LexicalResources {
  data: DataSet;
  tokens: TokenTable;
  background: Background;
}

/** What the lexical baseline knows of the corpus: counted once over the train rows, shared by every batch of a run. */
export function lexicalResources(services: Pick<WorkerServices, 'cache' | 'artifacts'>, run: RunFacts): Promise<LexicalResources> {
  const dataKey = requireFact(run, 'dataKey');
  return services.cache.get(`lexical:${dataKey}`, async () => {
    const data = await services.cache.get(`data:${dataKey}`, () => readDataSet(services.artifacts, dataKey));
    const tokenizer = await openTokenizer(run.modelLocation);
    const texts = new Map<number, string>();
    const tokens: TokenTable = {
      text(id) {
        const known = texts.get(id) ?? tokenizer.decode([id]);
        texts.set(id, known);
        return known;
      },
    };
    return { data, tokens, background: buildBackground(trainRows(data), tokens) };
  });
}

function* trainRows(data: DataSet): Generator<Int32Array> {
  for (let row = 0; row < data.rows; row++) {
    const from = row * data.rowLength;
    if (splitOf(data, row) === 'train') yield data.tokens.subarray(from + 1, from + (data.length[row] as number));
  }
}

/** A window as the lexical baseline reads it: token ids with up to eight of those before, never BOS. */
export function lexicalWindow(data: DataSet, example: Example): LexicalWindow & { before: Int32Array } {
  const from = example.row * data.rowLength;
  const start = from + example.start;
  return {
    tokens: data.tokens.subarray(start, start + example.tokens.length),
    activations: Float32Array.from(example.activations),
    before: data.tokens.subarray(Math.max(from + 1, start - CONTEXT_TOKENS), start),
  };
}
