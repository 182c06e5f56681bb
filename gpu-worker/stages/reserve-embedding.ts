import { AppError } from '#lib/errors/app-error.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { examFrom } from '#gpu-worker/score/exam.ts';
import { embeddingScore, NO_EMBEDDING_PARTS } from './embedding-score.ts';
import type { EnteredExplanation } from './entered-explanation.ts';
import { failedScore, NO_PARTS } from './failed-score.ts';
import type { ReserveOthers } from './reserve-control.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import { fairClasses } from './score-local.ts';
import { scoreProvenance } from './score-provenance.ts';
import type { NewScore } from './score-rows.ts';
import type { Sitting } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';

/**
 * The embedding score of an explanation on its reserve exam, beside the same for another latent's, for none, and over the
 * lexical baseline's. The windows are embedded here: those of the reserve are in no index, which would unseal them.
 */
export async function reserveEmbedding(
  services: Pick<WorkerServices, 'embedder'>,
  run: RunFacts,
  entered: EnteredExplanation,
  { latentExam, shortfall }: Pick<Sitting, 'latentExam' | 'shortfall'>,
  { control, controlMissing, baseline }: ReserveOthers,
): Promise<NewScore> {
  const began = performance.now();
  const embedder = await services.embedder();
  const { seed } = run.config;
  const classes = fairClasses({ run, embedder: embedder.id });
  const exam = examFrom(latentExam.exam.windows.filter(({ kind }) => kind === 'activating' || classes.includes(kind)));
  const sampleKey = requireFact(run, 'sampleKey');
  const row = {
    ...{ coderId: run.coderId, latentIndex: entered.latent, explanationId: BigInt(entered.id), runId: run.id },
    ...({ scorer: 'embedding', metric: 'auroc', exam: 'reserve' } as const),
    inputKey: contentKey({
      version: ALGORITHM_VERSIONS.localScores,
      explanation: entered.inputKey,
      sample: sampleKey,
      embedder: embedder.id,
      exam: 'reserve',
      windows: exam.windows.map(({ row: of, start }) => `${of}:${start}`),
      control: control?.inputKey ?? null,
      baseline: baseline?.inputKey ?? null,
      seed,
    }),
  };
  const provenance = { sampleKey, embedder: embedder.id, controlExplanation: control && String(control.id), controlMissing, seed };
  if (shortfall !== null) {
    return {
      ...row,
      ...failedScore(exam, 'embedding', shortfall),
      parts: { ...NO_PARTS, ...NO_EMBEDDING_PARTS },
      provenance: scoreProvenance(provenance, began, embedder.endpoint),
    };
  }
  const texts = [entered.text, BLANK_EXPLANATION, ...(control ? [control.text] : []), ...(baseline ? [baseline.text] : [])];
  const width = embedder.dimensions;
  const split = (vectors: Float32Array, count: number): Float32Array[] => Array.from({ length: count }, (_, i) => vectors.subarray(i * width, (i + 1) * width));
  const said = new Map(split(await embedder.embed(texts, 'query'), texts.length).map((vector, i) => [texts[i]!, vector]));
  const windows = split(await embedder.embed(exam.windows.map(({ tokens }) => tokens.join(''))), exam.windows.length);
  const vectorOf = new Map(exam.windows.map((window, i) => [window, windows[i]!]));
  const score = embeddingScore({
    latentExam: { ...latentExam, exam },
    vectors: { text: (text) => said.get(text) ?? null, window: (window) => vectorOf.get(window) ?? null },
    explanation: entered,
    ...{ control, baseline, resampledControls: true },
  });
  if (score === null) throw new AppError('internal', `The explanation ${entered.id} was embedded and has no vector.`);
  return { ...row, ...score, provenance: scoreProvenance(provenance, began, embedder.endpoint) };
}
