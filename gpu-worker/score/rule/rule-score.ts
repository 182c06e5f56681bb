import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import type { Rng } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { scoreTokens, windowDecision } from '#gpu-worker/explain/lexical/score-tokens.ts';
import type { TokenTable } from '#gpu-worker/explain/lexical/types.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';
import { binnedAuroc } from './binned-auroc.ts';

/** An exam's windows as token ids with the tokens before each, parallel to its windows. */
export interface ExamTokens {
  tokens: Int32Array;
  before: Int32Array;
}

export interface RuleScores {
  /** Does the rule rank firing tokens above silent ones? AUROC over all tokens of the exam. */
  tokens: { value: number; interval: Interval | null } | null;
  /** Does it tell firing windows from silent ones at the threshold it learnt on train windows? Balanced accuracy. */
  windows: { value: number; interval: Interval | null } | null;
  verdicts: Verdict[];
}

/**
 * The rule score: the lexical baseline's executable rule run over unseen test windows. It judges the rule and not the
 * sentence, so it stands apart from explanation scores.
 */
export function ruleScore(exam: Exam, texts: readonly ExamTokens[], rule: LexicalRule, table: TokenTable, rng: Rng): RuleScores {
  const [labels, scores, documents]: [boolean[], number[], number[]] = [[], [], []];
  const fires: number[] = [];
  const verdicts = exam.windows.map((window, i): Verdict => {
    const { tokens, before } = texts[i] as ExamTokens;
    const tokenScores = scoreTokens(rule, tokens, table, before);
    tokenScores.forEach((score, j) => {
      labels.push((window.activations[j] as number) > 0);
      scores.push(score);
      documents.push(exam.documents[i] as number);
    });
    const decision = windowDecision(rule, tokenScores);
    fires.push(decision.fires ? 1 : 0);
    const positive = exam.positive[i] as boolean;
    return { row: window.row, start: window.start, positive, score: decision.score, right: decision.fires === positive };
  });
  // Decisions given as 0 and 1 make the AUROC the balanced accuracy (see ClusteredExam.scores).
  const accuracy = clusterBootstrap({ labels: exam.positive, scores: fires, documents: exam.documents }, rng);
  return {
    tokens: binnedAuroc(labels, scores, documents, rng),
    windows: accuracy && { value: accuracy.estimate, interval: accuracy.interval },
    verdicts,
  };
}
