import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import type { Rng } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
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

/** A figure with the items it was taken on: tokens or windows. */
export interface RuleFigure {
  value: number;
  interval: Interval | null;
  nPositives: number;
  nNegatives: number;
}

export interface RuleScores {
  /** Does the rule rank firing tokens above silent ones? AUROC over all tokens of the exam, which are what is counted. */
  tokens: RuleFigure | null;
  /** Does it tell firing windows from silent ones at the threshold it learnt on train windows? Balanced accuracy. */
  windows: RuleFigure | null;
  verdicts: Verdict[];
}

/**
 * The rule score: the lexical baseline's executable rule run over unseen test windows. It judges the rule and not the
 * sentence, so it stands apart from explanation scores.
 *
 * @param rng null: values without intervals, at a quarter of the cost, which is all a control needs
 */
export function ruleScore(exam: Exam, texts: readonly ExamTokens[], rule: LexicalRule, table: TokenTable, rng: Rng | null): RuleScores {
  const total = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const [labels, documents, scores] = [new Uint8Array(total), new Uint16Array(total), new Float32Array(total)];
  const fires = new Uint8Array(texts.length);
  let at = 0;
  const verdicts = exam.windows.map((window, i): Verdict => {
    const { tokens, before } = texts[i]!;
    const tokenScores = scoreTokens(rule, tokens, table, before);
    scores.set(tokenScores, at);
    for (let j = 0; j < tokens.length; j++, at++) {
      labels[at] = window.activations[j]! > 0 ? 1 : 0;
      documents[at] = exam.documents[i]!;
    }
    const decision = windowDecision(rule, tokenScores);
    fires[i] = decision.fires ? 1 : 0;
    const positive = exam.positive[i]!;
    return { row: window.row, start: window.start, positive, score: decision.score, right: decision.fires === positive };
  });
  const judged = (labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, documents: ArrayLike<number>): RuleFigure | null => {
    const value = rng ? null : rocAuc(labels, scores);
    const figure = rng ? binnedAuroc(labels, scores, documents, rng) : value === null ? null : { value, interval: null };
    if (figure === null) return null;
    let nPositives = 0;
    for (let i = 0; i < labels.length; i++) nPositives += labels[i] ? 1 : 0;
    return { ...figure, nPositives, nNegatives: labels.length - nPositives };
  };
  return {
    tokens: judged(labels, scores, documents),
    // Decisions given as 0 and 1 make the AUROC the balanced accuracy (see ClusteredExam.scores).
    windows: judged(exam.positive, fires, exam.documents),
    verdicts,
  };
}
