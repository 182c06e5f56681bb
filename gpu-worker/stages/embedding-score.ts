import type { Example } from '#lib/example/schema.ts';
import { rngFor } from '#lib/random/rng.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { embeddingFigures } from '#gpu-worker/score/embedding/embedding-score.ts';
import { headlineOf, type Exam } from '#gpu-worker/score/exam.ts';
import type { ExamFigures } from '#gpu-worker/score/figures.ts';
import { liftOver } from '#gpu-worker/score/lift.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';
import type { NewScore } from './score-rows.ts';

/** What a scorer that knows nothing scores. */
const CHANCE = 0.5;

/** Vectors, wherever they come from; null for what has none. */
export interface Vectors {
  text(text: string): Float32Array | null;
  window(window: Example): Float32Array | null;
}

export interface EmbeddingExam {
  /** With windows of those classes alone that the embedder did not choose itself. */
  latentExam: LatentExam;
  vectors: Vectors;
  explanation: { text: string; method: string };
  /** Another latent's explanation, and the lexical baseline's of this one, where there are such. */
  control: { text: string } | null;
  baseline: { text: string } | null;
  /** Whether the intervals of the controls are by resampling documents too; else by `clusterDelong`. */
  resampledControls: boolean;
}

/**
 * The embedding score of an explanation with its controls and its lift; null where its text has no vector. Its value is
 * null where no window of one class has one.
 */
export function embeddingScore(of: EmbeddingExam): Pick<NewScore, Exclude<keyof ExamFigures, 'parts'> | 'control' | 'parts'> | null {
  const { latentExam, vectors, explanation, control, baseline, resampledControls } = of;
  const { exam, latent, seed } = latentExam;
  const score = (asked: Exam, text: string, name: string, options: { withParts: boolean; resampled: boolean }): ExamFigures | null => {
    const said = vectors.text(text);
    const windows = asked.windows.map((window) => vectors.window(window));
    return said && embeddingFigures({ ...latentExam, exam: asked }, said, windows, name, options);
  };
  const own = score(exam, explanation.text, 'embedding', { withParts: true, resampled: true });
  if (own === null) return null;
  const headline = headlineOf(exam);
  const beside = (text: string, name: string): ExamFigures | null => score(headline, text, name, { withParts: false, resampled: resampledControls });
  const other = control && beside(control.text, 'embedding-control');
  const blank = beside(BLANK_EXPLANATION, 'embedding-blank');
  const below = baseline && beside(baseline.text, 'embedding-baseline');
  const { parts, ...figures } = own;
  return {
    ...figures,
    control: other && other.value !== null ? { value: other.value, interval: other.interval } : null,
    parts: {
      ...parts,
      ...NO_EMBEDDING_PARTS,
      blank: blank && blank.value !== null ? { value: blank.value, lower: blank.interval?.low ?? null, upper: blank.interval?.high ?? null } : null,
      lift: below ? liftOver(exam, 'auroc', figures.verdicts, below.verdicts, rngFor(seed, 'embedding', 'lift', latent, explanation.method)) : null,
    },
  };
}

/** What is said beside the figures of an embedding score that has no controls. */
export const NO_EMBEDDING_PARTS = { blank: null, lift: null, failures: {}, chance: CHANCE };
