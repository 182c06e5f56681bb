import { usageOf } from '#gpu-worker/llm/usage.ts';
import { examFigures, type Judgement } from '#gpu-worker/score/figures.ts';
import type { LatentExam, ScoreResult } from '#gpu-worker/score/scorer.ts';
import type { Judgements } from './ask-verdicts.ts';
import { repliesProvenance } from './replies-provenance.ts';

/** The score of an exam on which a model gave verdicts. `marked`: tokens of each window that were shown as highlighted. */
export function judgedResult(
  latentExam: LatentExam,
  name: string,
  { predictions, probabilities, failures, askedAlone, replies }: Judgements,
  marked?: readonly (readonly number[])[],
): ScoreResult {
  const judgements = predictions.map((yes, i): Judgement | null =>
    yes === null ? null : { score: probabilities[i] ?? Number(yes), yes, ...(marked?.[i] && { marked: [...marked[i]] }) },
  );
  const answered = probabilities.filter((_, i) => predictions[i] !== null);
  // Sure of some and plain of others, they do not rank: then the AUROC is left out and a verdict's score is its yes or no.
  const complete = answered.length > 0 && answered.every((probability) => probability !== null);
  const used = complete ? judgements : judgements.map((judgement) => judgement && { ...judgement, score: Number(judgement.yes) });
  return {
    ...examFigures(latentExam, used, 'balanced_accuracy', name),
    failures,
    usage: usageOf(replies),
    provenance: { askedAlone, probabilities: complete, ...repliesProvenance(replies) },
  };
}
